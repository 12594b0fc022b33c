# Flink: a cluster on this machine, Beam workers for it, a second portable runner, and the tests of all of these.
FLINK_VERSION := 1.20.5
FLINK := .cluster/flink-$(FLINK_VERSION)
PRISM := .tools/prism
TRANSLATION := .tools/translation/flink.jar
FLINK_PORT ?= 8081
WORKERS_PORT ?= 50000

.PHONY: flink flink-stop worker-pool prism flink-tools test-clusters test-flink

flink: setup $(FLINK)/.ready ## a Flink cluster on this machine, on loopback, until `make flink-stop`
	$(PY) -m tests.flink.cluster start --home $(FLINK) --port $(FLINK_PORT)

flink-stop: ## ends the cluster that `make flink` started, and nothing else
	$(PY) -m tests.flink.cluster stop --home $(FLINK)

worker-pool: setup ## Beam workers for the cluster, on loopback, until interrupted
	mkdir -p .cluster/workers
	cd .cluster/workers && $(abspath $(PY)) -m pipelines.worker_pool --port $(WORKERS_PORT)

prism: $(PRISM) ## Prism, the portable runner that tests use beside the in-process one

test-clusters: setup flink-tools ## workers in other processes, Prism, streams, and the launcher on a real Flink
	$(PYTEST) --dist loadfile tests/flink tests/prism

flink-tools: ## what the tests of clusters need, as far as there are a Go compiler, Java and Maven
ifneq ($(shell command -v go 2>/dev/null),)
flink-tools: $(PRISM)
endif
ifneq ($(shell command -v java 2>/dev/null),)
flink-tools: $(FLINK)/.ready
ifneq ($(shell command -v mvn 2>/dev/null),)
flink-tools: $(TRANSLATION)
endif
endif

test-flink: setup $(FLINK)/.ready ## the proof on real Flink: make test-flink JAR=path of Beam's job-server jar
	$(PY) -m tests.flink.proof --home $(FLINK) --jar '$(JAR)'

# Of the two packages, 126 of 600 MB are the cluster itself.
$(FLINK)/.ready: | setup
	rm -rf $(FLINK) $(FLINK).new
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --target $(FLINK).new \
		apache-flink-libraries==$(FLINK_VERSION) apache-flink==$(FLINK_VERSION)
	mkdir -p $(FLINK)/lib
	mv $(FLINK).new/pyflink/bin $(FLINK).new/pyflink/conf $(FLINK)
	mv $(FLINK).new/pyflink/lib/flink-dist-*.jar $(FLINK).new/pyflink/lib/log4j-*.jar $(FLINK)/lib
	rm -rf $(FLINK).new
	touch $@

$(PRISM):
	GOBIN=$(abspath .tools) go install github.com/apache/beam/sdks/v2/go/cmd/prism@v2.77.0

# Runs Beam graphs inside Flink, for tests; what it is made of comes from Maven Central, and has the digests listed there.
$(TRANSLATION): tests/flink/jars.py $(wildcard tests/flink/translation/*) | $(FLINK)/.ready
	rm -rf $(@D)
	mvn --quiet --batch-mode --file tests/flink/translation/pom.xml \
		dependency:copy-dependencies -DoutputDirectory=$(abspath $(@D))/libraries
	$(PY) -m tests.flink.jars --flink $(FLINK) --libraries $(@D)/libraries --jar $@
