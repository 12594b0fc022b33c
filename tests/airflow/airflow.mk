# The Airflow DAG, run for real in an environment of its own.
AIRFLOW := .tools/airflow

.PHONY: test-airflow

$(AIRFLOW)/.ready: pipelines/dags/constraints.txt
	rm -rf $(AIRFLOW)
	$(PYTHON) -m venv $(AIRFLOW)
	$(AIRFLOW)/bin/python -m pip install --quiet --disable-pip-version-check -c $< apache-airflow pytest pytest-timeout
	touch $@

test-airflow: setup $(AIRFLOW)/.ready ## the DAG under Airflow: new, nothing new, failing, killed, backfilled
	$(AIRFLOW)/bin/python -m pytest -c tests/airflow/pytest.ini --rootdir tests/airflow tests/airflow --quiet
