"""An Airflow of its own for each test session: a home in a temporary folder, a database, the pool, the DAG's folder.

These tests run in an environment that has Airflow, see airflow.mk; in Rafid's own they are not collected.
"""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from shutil import rmtree

import pytest

PROJECT = Path(__file__).parents[2]
TEXT = "قال الراوي إن النهر كان يفيض كل عام في الربيع ويسقي الحقول\nنشر الخبر اليوم\n"
RAFID_PYTHON = PROJECT / ".venv" / "bin" / "python"

if find_spec("airflow") is None:
    collect_ignore_glob = ["test_*.py"]
else:
    # Airflow reads its settings when it is first imported.
    HOME = Path(tempfile.mkdtemp(prefix="rafid-airflow-"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        URL = f"http://127.0.0.1:{free.getsockname()[1]}"
    os.environ |= {
        "AIRFLOW_HOME": str(HOME),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(HOME / "dags"),
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__API__PORT": URL.rpartition(":")[2],
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__BASE_URL": URL,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{URL}/execution/",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }

Set = Callable[..., None]


def airflow(*arguments: str) -> str:
    """What an Airflow command prints."""
    done = subprocess.run(["airflow", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """Airflow's home: a database, the pool, and a folder of DAGs: Rafid's, and the same twice with short retries."""
    (HOME / "dags").mkdir()
    dag = (PROJECT / "pipelines" / "dags" / "rafid_ingest.py").read_text(encoding="utf-8")
    (HOME / "dags" / "rafid_ingest.py").write_text(dag, encoding="utf-8")
    lines = [line for line in dag.splitlines() if not line.startswith("rafid_ingest = ")]
    for name in ("quick", "nightly"):
        build = f'{name} = build("{name}", "0 0 * * *", timedelta(seconds=1))'
        (HOME / "dags" / f"{name}.py").write_text("\n".join([*lines, build, ""]), encoding="utf-8")
    airflow("db", "migrate")
    airflow("pools", "set", "rafid", "1", "one output")
    yield HOME
    rmtree(HOME, ignore_errors=True)


@pytest.fixture
def variables(home: Path) -> Set:
    """Sets the DAG's variables."""

    def put(**values: object) -> None:
        from airflow.models.variable import Variable  # noqa: PLC0415 - conftest is read before the home is there

        for name, value in (
            {"python": RAFID_PYTHON, "options": "--quiet --set segmentation.engine=none"} | values
        ).items():
            Variable.set(f"rafid_{name}", str(value))

    return put


def days(folder: Path, *numbers: int) -> Path:
    """A pattern of folders, one with a bundle for each of these days of November 2026."""
    for number in numbers:
        day = folder / f"2026-11-{number:02d}"
        day.mkdir(parents=True, exist_ok=True)
        (day / "bundle.txt").write_text(f"{TEXT}اليوم {number}\n", encoding="utf-8")
    return folder / "%Y-%m-%d"


# The first run is killed when all is written and nothing is committed.
_KILLED = """
import os, runpy, signal, sys
from transforms.runs.run import Run

Run.commit = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
sys.argv = sys.argv[2:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def killed_once(folder: Path) -> Path:
    """A Python whose first run is killed before it commits."""
    script, killed = folder / "python", folder / "killed.py"
    killed.write_text(_KILLED)
    script.write_text(
        f"""#!/bin/bash
if mkdir '{folder}/begun' 2>/dev/null; then
  exec '{RAFID_PYTHON}' '{killed}' "$@"
fi
exec '{RAFID_PYTHON}' "$@"
"""
    )
    script.chmod(0o755)
    return script
