# The documentation as a site, with its builder in an environment of its own.
DOCS := .docs

.PHONY: docs

docs: setup $(DOCS)/.ready ## the documentation, into site/
	$(PY) -m docs.reference
	$(DOCS)/bin/python -m mkdocs build --quiet --strict

$(DOCS)/.ready:
	$(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check mkdocs-material==9.8.1
	touch $@
