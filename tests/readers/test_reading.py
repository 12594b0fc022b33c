"""Every program of docs/reading.md gives what it says, in whichever environment has its package."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import pytest

from docs.notebook import executed
from pipelines.export import main as export
from pipelines.ingest import main
from pipelines.streaming.windows import window_name
from tests.conftest import PROJECT, UNSEGMENTED, lacking
from transforms.runs.names import check_new_name
from transforms.runs.naming import free_name
from transforms.shards.corpus import Corpus

READERS = PROJECT / ".readers" / "bin" / "python"  # made by `make test-readers`
_PARTS = (PROJECT / "docs" / "reading.md").read_text(encoding="utf-8").split("\n## ")[1:]
_SECTIONS = [(part.splitlines()[0], *re.findall(r"```python\n(.*?)```", part, re.S)) for part in _PARTS]


def interpreter(program: str) -> str:
    """A Python that has the packages which the program imports."""
    packages = re.findall(r"^(?:import|from) (\w+)", program, re.M)
    if all(find_spec(package) for package in packages):
        return sys.executable
    if not READERS.exists():
        lacking(f"{', '.join(packages)}: not all installed; make test-readers")
    return str(READERS)


@pytest.fixture(scope="module")
def folder(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the corpus `out` in it, of two runs."""
    folder = tmp_path_factory.mktemp("readers")
    for run, pattern in (("first", "bundle_00[01]*.txt"), ("second", "bundle_002*.txt")):
        arguments = ["--input", f"{seeds}/{pattern}", "--output", str(folder / "out"), "--run", run, "--quiet"]
        assert main([*arguments, *UNSEGMENTED]) == 0
    assert export([str(folder / "out"), "--to", "delta", "--file", str(folder / "out" / "documents")]) == 0
    return folder


def test_there_is_a_program_for_each_reader() -> None:
    names = [name for name, _ in _SECTIONS]
    assert names[:5] == ["DuckDB", "Polars", "pandas", "Hugging Face datasets", "Spark"]


@pytest.mark.parametrize(("name", "program"), _SECTIONS, ids=[name for name, _ in _SECTIONS])
def test_the_program_reads_all_documents(name: str, program: str, folder: Path) -> None:
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "PYTHONPATH": str(PROJECT)}
    command = [interpreter(program), "-c", program]
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    manifests = [json.loads(path.read_text()) for path in (folder / "out" / "manifests").iterdir()]
    expected = sum(manifest["counts"]["documents"]["kept"] for manifest in manifests)
    assert ended.stdout.split()[-1] == str(expected)


_CONFIGURATIONS = """
from datasets import load_dataset
print({name: len(load_dataset("out", name, split="train")) for name in ("documents", "duplicates", "rejects")})
"""


def test_every_configuration_of_the_card_is_read(folder: Path) -> None:
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder)}
    command = [interpreter(_CONFIGURATIONS), "-c", _CONFIGURATIONS]
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    corpus = Corpus(str(folder / "out"))
    rows = {name: corpus.dataset(name).count_rows() for name in ("documents", "duplicates", "rejects")}
    assert min(rows.values()) > 0
    assert ended.stdout.splitlines()[-1] == str(rows)


def test_the_notebook_runs_where_the_newest_pandas_is(tmp_path: Path) -> None:
    """Beam would take pandas for its interactive environment, which does not know this one."""
    if not READERS.exists():
        lacking("pandas: not installed; make test-readers")
    (packages,) = READERS.parents[1].glob("lib/python3.*/site-packages")
    first = f"sys.path.append({str(packages)!r})\nimport pandas\nassert pandas.__version__ >= '3'"
    cells = executed(tmp_path, first)["cells"]
    assert "progress" in str(cells[1]["outputs"])
    assert "javascript" not in str([cell.get("outputs") for cell in cells])


# What gives the column `run` of a folder, with types inferred from paths as each reader does by default.
BY_PATH = {
    "duckdb": """
import duckdb
runs = [row[0] for row in duckdb.sql("SELECT run FROM read_parquet('duplicates/*/*')").fetchall()]
""",
    "polars": """
import polars
runs = polars.scan_parquet("duplicates").select("run").collect()["run"].to_list()
""",
    "pyarrow": """
import pyarrow.dataset
runs = pyarrow.dataset.dataset("duplicates", partitioning="hive").to_table(["run"])["run"].to_pylist()
""",
    "spark": """
from pyspark.sql import SparkSession
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
runs = [row.run for row in spark.read.parquet("duplicates").select("run").collect()]
""",
}


@pytest.fixture(scope="module")
def named(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """An output, and the names of its runs: one by the time, a window's, an interval's of Airflow, and odd ones."""
    output = tmp_path_factory.mktemp("named")
    moment = datetime(2026, 11, 27, 12, tzinfo=UTC)
    window = window_name(int(moment.timestamp() * 1000), 60_000)
    names = [free_name([]), window, "run-20261120T0000", "1a", "x-1.10", "2026-11-27-news"]
    for name in names:
        check_new_name(name)
        asked = ["--input", f"{seeds}/bundle_000*.txt", "--output", str(output), "--run", name, "--quiet"]
        assert main([*asked, *UNSEGMENTED, "--set", "dedup.scope=document"]) == 0
    return output, names


@pytest.mark.parametrize("reader", BY_PATH)
def test_readers_take_the_names_of_runs_for_text(reader: str, named: tuple[Path, list[str]]) -> None:
    output, names = named
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(output), "PYTHONPATH": str(PROJECT)}
    program = f"{BY_PATH[reader]}import json\nprint(json.dumps(sorted(set(runs))))"
    command = [interpreter(program), "-c", program]
    ended = subprocess.run(command, cwd=output, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout.splitlines()[-1]) == sorted(names)
