# What reads a corpus: the programs of docs/reading.md, with their packages in an environment of their own.
READERS := .readers

.PHONY: test-readers

test-readers: setup $(READERS)/.ready ## the examples for DuckDB, Polars, pandas, datasets and Spark (0.9 GB of packages)
	$(PYTEST) tests/readers

$(READERS)/.ready:
	$(PYTHON) -m venv $(READERS)
	$(READERS)/bin/python -m pip install --quiet --disable-pip-version-check \
		deltalake==1.6.6 duckdb==2.0.0 polars==2.1.0 pandas==3.1.1 datasets==5.2.0 pyspark==4.3.0
	touch $@
