# Object stores: an S3 server on this machine, and the tests against it.
VERSITYGW_VERSION := v1.8.0
VERSITYGW := .tools/versitygw

.PHONY: s3-tools test-s3

s3-tools: $(VERSITYGW) ## the S3 server that tests run against

test-s3: setup $(VERSITYGW) ## runs against a real S3 server on loopback, which the tests start and stop
	$(PYTEST) tests/s3

$(VERSITYGW):
	GOBIN=$(abspath .tools) go install github.com/versity/versitygw/cmd/versitygw@$(VERSITYGW_VERSION)

# Where there is a Go compiler, all tests are run.
ifneq ($(shell command -v go 2>/dev/null),)
unit: $(VERSITYGW)
endif
