"""An Airflow 3 DAG: every interval, take the bundles that no earlier run has taken.

It needs nothing of Rafid in Airflow's own environment. Airflow Variables say where things are; paths may hold strftime
codes, which stand for the logical date, the beginning of the interval:

    rafid_python    the Python that Rafid is installed in, for example /opt/rafid/bin/python
    rafid_input     what to read, for example /data/arriving/%Y-%m-%d
    rafid_output    the folder of the corpus
    rafid_options   more of the command line, for example --config /etc/rafid.yaml (may be empty)

The pool `rafid` must exist. It caps how many runs are at work: give it one slot for each output. Backfills take their
days side by side, whatever the DAG says of active runs; with the pool, and --wait besides, they take their turns.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, Asset, Metadata, ObjectStoragePath, TriggerRule, task
from airflow.sdk.exceptions import AirflowSkipException
from airflow.timetables.interval import CronDataIntervalTimetable

CORPUS = Asset("rafid_corpus")
NOTHING_NEW = 99  # the exit code of --new-only where there is nothing: the task is skipped

# Values come by environment: a path with a quote in it is a path still. exec hands signals on to the run, which cancels
# its job on a cluster.
COMMAND = (
    'exec "$RAFID_PYTHON" -m pipelines.ingest --input "$RAFID_INPUT" --output "$RAFID_OUTPUT" --run "$RAFID_RUN" '
    "--new-only --wait $RAFID_OPTIONS"
)
_DATE = "(dag_run.logical_date or dag_run.run_after)"  # a run that is triggered by hand may have no logical date
ENVIRONMENT = {
    "RAFID_PYTHON": "{{ var.value.rafid_python }}",
    "RAFID_INPUT": f"{{{{ {_DATE}.strftime(var.value.rafid_input) }}}}",
    "RAFID_OUTPUT": f"{{{{ {_DATE}.strftime(var.value.rafid_output) }}}}",
    "RAFID_OPTIONS": "{{ var.value.get('rafid_options', '') }}",
    "RAFID_RUN": f"{{{{ {_DATE}.strftime('run-%Y%m%dT%H%M') }}}}",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "SHLVL": "1",  # else bash takes Airflow's socket for that of a remote shell, and reads .bashrc
}


@task(outlets=[CORPUS], trigger_rule=TriggerRule.NONE_FAILED)
def announce(output: str, run: str) -> Iterator[Metadata]:
    """Updates the asset, with what the manifests of the interval's runs count; skipped where there are none.

    It does not ask whether `ingest` was skipped: one that was killed after its commit finds nothing new when it is
    tried again.
    """
    manifests = _manifests(output, run)
    if not manifests:
        raise AirflowSkipException("no run of this interval")
    paragraphs = [manifest["counts"]["paragraphs"] for manifest in manifests]
    yield Metadata(
        CORPUS,
        {
            "runs": [manifest["run"] for manifest in manifests],
            "documents": sum(manifest["counts"]["documents"]["in"] for manifest in manifests),
            **{place: sum(tally[place] for tally in paragraphs) for place in ("in", "kept", "duplicate", "filtered")},
        },
    )


def _manifests(output: str, run: str) -> list[dict[str, Any]]:
    """The manifests of a run, or of its slices."""
    folder = ObjectStoragePath(output if "://" in output else f"file://{output}") / "manifests"
    if not folder.exists():
        return []
    names = sorted(path.name.removesuffix(".json") for path in folder.iterdir())
    mine = [name for name in names if name == run or name.startswith(f"{run}-slice-")]
    return [json.loads((folder / f"{name}.json").read_text()) for name in mine]


def build(dag_id: str, schedule: str, retry_delay: timedelta) -> DAG:
    """The DAG; `schedule` is a cron expression in UTC."""
    with DAG(
        dag_id,
        description="Takes new bundles of Arabic text into a clean, deduplicated corpus",
        # A bare @daily would give intervals without length.
        schedule=CronDataIntervalTimetable(schedule, "UTC"),
        start_date=datetime(2026, 1, 1),
        catchup=False,
        max_active_runs=1,
        doc_md=__doc__,
        tags=["rafid"],
    ) as dag:
        ingest = BashOperator(
            task_id="ingest",
            bash_command=COMMAND,
            env=ENVIRONMENT,
            skip_on_exit_code=NOTHING_NEW,
            pool="rafid",
            retries=2,
            retry_delay=retry_delay,
            execution_timeout=timedelta(hours=12),
            do_xcom_push=False,
        )
        ingest >> announce(ENVIRONMENT["RAFID_OUTPUT"], ENVIRONMENT["RAFID_RUN"])
    return dag


rafid_ingest = build("rafid_ingest", "0 0 * * *", timedelta(minutes=5))
