"""The DAG, run for real by dag.test(): what is new is taken, nothing new is skipped, a failing input fails."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from airflow.models.asset import AssetEvent
from airflow.utils.session import create_session
from conftest import PROJECT, airflow, days, killed_once
from sqlalchemy import select

DAY = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture(scope="session")
def dag(home: Path) -> Any:
    """The DAG with short retries."""
    spec = spec_from_file_location("quick", home / "dags" / "quick.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["quick"] = module
    spec.loader.exec_module(module)
    return module.quick


def run(dag: Any, day: datetime) -> dict[str, str]:
    """The state of each task, and of the run, after the interval that begins with `day`."""
    done = dag.test(logical_date=day)
    return {each.task_id: str(each.state) for each in done.get_task_instances()} | {"run": str(done.state)}


def events() -> list[dict[str, Any]]:
    with create_session() as session:
        return [each.extra for each in session.scalars(select(AssetEvent).order_by(AssetEvent.id))]


def test_new_bundles_are_taken_and_counted_and_old_ones_skipped(
    dag: Any, variables: Callable[..., None], tmp_path: Path
) -> None:
    variables(input=days(tmp_path / "in", 20, 21), output=tmp_path / "out o'clock")
    taken = {"ingest": "success", "announce": "success", "run": "success"}
    assert run(dag, DAY) == taken
    assert run(dag, DAY + timedelta(days=1)) == taken
    kept = [{"runs": ["run-20261120T0000"], "documents": 1, "in": 3, "kept": 3, "duplicate": 0, "filtered": 0}]
    kept += [{"runs": ["run-20261121T0000"], "documents": 1, "in": 3, "kept": 1, "duplicate": 2, "filtered": 0}]
    assert events()[-2:] == kept
    variables(input=tmp_path / "in" / "2026-11-21", output=tmp_path / "out o'clock")
    assert run(dag, DAY + timedelta(days=2)) == {"ingest": "skipped", "announce": "skipped", "run": "success"}
    assert events()[-2:] == kept


def test_what_comes_late_for_an_interval_becomes_its_slice(
    dag: Any, variables: Callable[..., None], tmp_path: Path
) -> None:
    variables(input=days(tmp_path / "in", 20), output=tmp_path / "out")
    run(dag, DAY)
    (tmp_path / "in" / "2026-11-20" / "late.txt").write_text("سطر جديد تماما\n", encoding="utf-8")
    assert run(dag, DAY)["ingest"] == "success"
    assert events()[-1]["runs"] == ["run-20261120T0000", "run-20261120T0000-slice-0000"]
    assert events()[-1]["kept"] == 4


def test_a_failing_input_fails_the_run(dag: Any, variables: Callable[..., None], tmp_path: Path) -> None:
    variables(input=tmp_path / "nowhere", output=tmp_path / "out")
    states = run(dag, DAY)
    assert (states["ingest"], states["announce"], states["run"]) == ("failed", "upstream_failed", "failed")
    assert not (tmp_path / "out").exists()


def test_a_killed_task_is_taken_up_by_its_retry(dag: Any, variables: Callable[..., None], tmp_path: Path) -> None:
    variables(input=days(tmp_path / "in", 20), output=tmp_path / "out", python=killed_once(tmp_path))
    assert run(dag, DAY) == {"ingest": "success", "announce": "success", "run": "success"}
    manifest = json.loads((tmp_path / "out" / "manifests" / "run-20261120T0000.json").read_text())
    assert manifest["counts"]["paragraphs"]["kept"] == 3


def test_the_recipe_sets_it_up(home: Path) -> None:
    """The block of docs/recipes.md, run as it stands: what it sets is set, and the DAG is where Airflow looks."""
    page = (PROJECT / "docs" / "recipes.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"(?ms)^```sh\n(airflow .*?)^```", page)
    (home / "dags" / "rafid_ingest.py").unlink()
    ended = subprocess.run(["bash", "-euc", block], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"{PROJECT}/newspaper/%Y-%m-%d" in airflow("variables", "get", "rafid_input")
    assert (home / "dags" / "rafid_ingest.py").is_file()
