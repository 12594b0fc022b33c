# The report, looked at in a browser: headless Chromium and its driver, which root gets from Debian.
BROWSER_PACKAGES := chromium chromium-driver fonts-noto-core

.PHONY: browser test-report

browser: ## what the tests of the report need; root installs it from Debian
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null || \
		if [ "$$(id -u)" = 0 ]; then apt-get -qq update && apt-get -qq install --yes $(BROWSER_PACKAGES) >/dev/null; \
		else echo 'chromium: not installed; as root: apt-get install $(BROWSER_PACKAGES)'; fi

test-report: setup browser ## the report in a real browser, which root installs from Debian
	$(PYTEST) tests/report

# `make unit` installs nothing of Debian's: there these tests are skipped where there is no browser. `make test` runs all.
ifneq ($(shell command -v apt-get 2>/dev/null),)
test: browser
endif
