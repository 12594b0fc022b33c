# Fuzzing: what continuous integration does for seconds, for as long as you like; what is found becomes a test.
FUZZ_SECONDS ?= 300
FUZZ_VENV := .venv-fuzz
FUZZ_TARGETS := reader decompression encodings configuration

.PHONY: fuzz

fuzz: setup $(FUZZ_VENV)/.ready ## fuzzes what reads bundles and settings; FUZZ_SECONDS=300 for each target
	$(PY) -m pytest --quiet --timeout=0 --hypothesis-profile=long tests/fuzz
	for target in $(FUZZ_TARGETS); do $(FUZZ_VENV)/bin/python -m tests.fuzz.search $$target $(FUZZ_SECONDS) || exit 1; done

# atheris is built for few Pythons, and is no part of the project's environment.
$(FUZZ_VENV)/.ready: setup.py
	$(PYTHON) -m venv $(FUZZ_VENV)
	$(FUZZ_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]' atheris==3.0.0
	touch $@
