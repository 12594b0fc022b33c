# The documentation as a site, with its builder in an environment of its own.
DOCS := .docs

.PHONY: docs

docs: setup $(DOCS)/.ready ## the documentation, into site/
	$(PY) -m docs.reference
	$(DOCS)/bin/python -m mkdocs build --quiet --strict

$(DOCS)/.ready: docs/docs.mk
	rm -rf $(DOCS)
	$(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check \
		mkdocs-material==9.8.1 mkdocs-static-i18n==1.3.1 'mkdocstrings[python]==1.0.8' ruff==0.17.6
	touch $@
