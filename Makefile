# Commands for a person. Each sets up what it needs; `make help` lists them.
PYTHON ?= python3.11
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
# As many at a time as there are cores; more than four would want more memory than a laptop has.
PYTEST := $(PY) -m pytest --quiet --numprocesses auto --maxprocesses 4

.PHONY: help setup run test lint unit words clean

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/  \1\t\2/' | expand -t 18

setup: $(READY) ## the environment in .venv, the kernels compiled, Farasa's data fetched

$(READY): setup.py
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	$(PY) -m pipelines.kernels
	$(PY) -m pipelines.farasa fetch
	touch $@

run: setup ## the main job on the bundles in seeds/, into out/
	$(PY) -m pipelines.ingest --input 'seeds/*.txt' --output out --run seeds

lint: setup ## style and types
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

# The others need tools of some size, and have targets of their own.
unit: setup ## the tests that take minutes: all but those of clusters, streams, readers and Airflow
	$(PYTEST) --ignore tests/flink --ignore tests/prism --ignore tests/readers --ignore tests/airflow

words: setup ## the marked sentences into the catalogs of translations, which it compiles
	$(PY) -m docs.words

clean: ## removes what was built, not what was written
	rm -rf build dist site *.egg-info .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)*/*' -prune -exec rm -rf {} +

include $(wildcard tests/*/*.mk docs/*.mk)

test: lint unit test-clusters test-airflow test-readers docs ## everything that continuous integration runs
