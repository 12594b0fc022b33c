# A release: source distribution and wheel, built, checked, installed elsewhere and run.
DIST := .tools/dist

.PHONY: dist

dist: $(DIST)/.ready ## a release in dist/: built, checked, installed in a new environment and run on the seeds
	rm -rf dist build $(DIST)/installed
	$(DIST)/bin/python -m build --quiet .
	$(DIST)/bin/python -m twine check --strict dist/*
	$(PYTHON) -m venv $(DIST)/installed
	$(DIST)/installed/bin/python -m pip install --quiet --disable-pip-version-check dist/*.whl
	$(DIST)/installed/bin/python -I tests/release/installed.py $(abspath .)

$(DIST)/.ready: tests/release/release.mk
	rm -rf $(DIST)
	$(PYTHON) -m venv $(DIST)
	$(DIST)/bin/python -m pip install --quiet --disable-pip-version-check build==1.6.1 twine==7.0.0
	touch $@
