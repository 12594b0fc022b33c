# Rafid for clusters: the same image is the driver and the workers. Kernels are compiled in it, no run compiles.
#   docker build --tag rafid:0.1.0 .
# With --build-arg FARASA=yes Farasa's data are fetched into it: such an image is for yourselves, its licence does not
# let you pass them on.
FROM python:3.11-slim

RUN useradd --uid 9999 --create-home rafid && install --directory --owner rafid /opt/rafid /logs
USER rafid
WORKDIR /opt/rafid
RUN python -m venv venv
ENV PATH=/opt/rafid/venv/bin:$PATH PYTHONUNBUFFERED=1

# What is needed changes less often than what uses it: its layer stays.
COPY --chown=rafid setup.py rafid.py pyproject.toml README.md CHANGELOG.md ./
RUN pip install --no-cache-dir '.[flink,s3]' && pip uninstall --yes rafid

COPY --chown=rafid configs configs
COPY --chown=rafid pipelines pipelines
COPY --chown=rafid transforms transforms
RUN pip install --no-cache-dir --no-deps . && python -m pipelines.kernels

ARG FARASA=no
RUN if [ "$FARASA" = yes ]; then python -m pipelines.farasa fetch; fi

# Workers log to the folder they are started in.
WORKDIR /logs
CMD ["python", "-m", "pipelines.ingest", "--help"]
