"""The DAG under Airflow's own scheduler: the interval that is due, and a backfill of three days."""

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.models.serialized_dag import SerializedDagModel
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from conftest import TEXT, URL, airflow, days, killed_once
from sqlalchemy import select

YESTERDAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)


@contextmanager
def standalone(home: Path) -> Iterator[None]:
    """Airflow, all of it, inside the block."""
    with (home / "standalone.log").open("w") as log:
        process = subprocess.Popen(["airflow", "standalone"], stdout=log, stderr=log, start_new_session=True)
    try:
        wait_for(is_healthy, "Airflow is not healthy", home)
        wait_for(lambda: is_parsed("nightly"), "the DAG is not parsed", home)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        finally:
            with_rest(process.pid)


def with_rest(group: int) -> None:
    """Ends what is left of a process group."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def is_healthy() -> bool:
    """Whether the API answers, by which tasks are run, and the scheduler is at work."""
    try:
        with urllib.request.urlopen(f"{URL}/api/v2/monitor/health", timeout=5) as answer:
            health = json.load(answer)
    except OSError:
        return False
    return bool(health["scheduler"]["status"] == "healthy")


def is_parsed(dag_id: str) -> bool:
    with create_session() as session:
        return session.scalar(select(SerializedDagModel).where(SerializedDagModel.dag_id == dag_id)) is not None


def wait_for(true: Callable[[], bool], otherwise: str, home: Path, patience: float = 240) -> None:
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, f"{otherwise}\n{(home / 'standalone.log').read_text()[-4000:]}"
        time.sleep(1)


def states() -> dict[str, dict[str, Any]]:
    """The state of each run of the DAG and of its tasks, and the tries of `ingest`, by the day of the interval."""
    found: dict[str, dict[str, Any]] = {}
    with create_session() as session:
        for run in session.scalars(select(DagRun).where(DagRun.dag_id == "nightly", DagRun.run_type != "manual")):
            tasks = session.scalars(select(TaskInstance).where(TaskInstance.run_id == run.run_id)).all()
            day = found.setdefault(run.logical_date.strftime("%Y-%m-%d"), {"run": str(run.state)})
            day |= {task.task_id: str(task.state) for task in tasks}
            day["tries"] = next((task.try_number for task in tasks if task.task_id == "ingest"), 0)
    return found


def is_done(day: str) -> bool:
    return states().get(day, {}).get("run") in ("success", "failed")


def unpause() -> None:
    with create_session() as session:
        session.scalar(select(DagModel).where(DagModel.dag_id == "nightly")).is_paused = False


def test_the_scheduler_and_a_backfill(home: Path, variables: Callable[..., None], tmp_path: Path) -> None:
    """A task that is killed and tried again; then three days: one new, one that repeats it, one that is not there.

    The backfill is created while nothing else writes to the database: SQLite tells one of two writers to go away.
    """
    pattern = days(tmp_path / "in", 10)
    shutil.copytree(tmp_path / "in" / "2026-11-10", tmp_path / "in" / "2026-11-11")
    (tmp_path / "in" / f"{YESTERDAY:%Y-%m-%d}").mkdir()
    (tmp_path / "in" / f"{YESTERDAY:%Y-%m-%d}" / "bundle.txt").write_text(f"{TEXT}أمس\n", encoding="utf-8")
    variables(input=pattern, output=tmp_path / "out", python=killed_once(tmp_path))
    due = f"{YESTERDAY:%Y-%m-%d}"
    with standalone(home):
        unpause()
        wait_for(lambda: is_done(due), "the interval is not done", home)
    assert states()[due] == {"run": "success", "ingest": "success", "announce": "success", "tries": 2}
    airflow("backfill", "create", "--dag-id", "nightly", "--from-date", "2026-11-10", "--to-date", "2026-11-12")
    backfilled = ["2026-11-10", "2026-11-11", "2026-11-12"]
    with standalone(home):
        wait_for(lambda: all(map(is_done, backfilled)), "the backfill is not done", home)
    found = {day: (states()[day]["run"], states()[day]["ingest"]) for day in backfilled}
    assert found["2026-11-12"] == ("failed", "failed")
    # Whichever comes first has what is new; the other finds the same bytes taken.
    assert sorted([found["2026-11-10"], found["2026-11-11"]]) == [("success", "skipped"), ("success", "success")]
    manifests = [json.loads(path.read_text()) for path in (tmp_path / "out" / "manifests").iterdir()]
    kept = {each["run"].removeprefix("run-")[:8]: each["counts"]["paragraphs"]["kept"] for each in manifests}
    assert (len(kept), kept[f"{YESTERDAY:%Y%m%d}"], sum(kept.values())) == (2, 3, 4)
