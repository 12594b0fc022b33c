"""The wheel, installed in a new environment, in a project that has modules under our names."""

import os
import shutil
import subprocess
import sys
import sysconfig
from importlib.metadata import version
from pathlib import Path

import pytest

from pipelines.__main__ import COMMANDS
from tests.conftest import PROJECT

_SOURCES = ("pipelines", "transforms", "configs", "rafid.py", *("setup.py", "pyproject.toml", "README.md"))
_TEXT = "<<<FILE>>> الميناء\nوصلت السفينة إلى الميناء قبل شروق الشمس\n<<<FILE>>> ثانية\nكلام آخر لا يشبهه\n"


def _run(*command: str | Path, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", **environment}
    words = list(map(str, command))
    return subprocess.run(words, cwd=folder, env=known, capture_output=True, text=True, check=False, timeout=300)


def _ended_well(ended: subprocess.CompletedProcess[str]) -> str:
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the sources without what is compiled of them."""
    folder = tmp_path_factory.mktemp("sources")
    for name in (*_SOURCES, "CHANGELOG.md", "LICENSE", "MANIFEST.in"):
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
        options = {"ignore": shutil.ignore_patterns("__pycache__")} if (PROJECT / name).is_dir() else {}
        copy(PROJECT / name, folder / name, **options)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    _ended_well(_run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", ".", folder=folder))
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a new environment: the wheel is installed there, what it needs is linked."""
    folder = tmp_path_factory.mktemp("installed")
    _ended_well(_run(sys.executable, "-m", "venv", "--without-pip", "env", folder=folder))
    python = folder / "env" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python]
    _ended_well(_run(*pip, "install", "--no-deps", "--no-index", "--ignore-installed", wheel, folder=folder))
    (packages,) = folder.glob("env/lib/python3.*/site-packages")
    (packages / "needed.pth").write_text(sysconfig.get_path("purelib"))
    for compiled in PROJECT.glob("transforms/**/*.nbc"):  # compiling them anew takes a minute
        target = packages / compiled.relative_to(PROJECT)
        target.parent.mkdir(exist_ok=True)
        shutil.copy(compiled, target)
    return python.parent


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Somebody's project, with modules of its own under our names and those of what we need."""
    for name in ("pipelines", "transforms", "yaml"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('theirs')\n")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "filters.py").write_text(
        "import pyarrow.compute as pc\n\n"
        "def second(batch):\n"
        "    return pc.if_else(pc.equal(batch['name'], 'ثانية'), 'theirs', None)\n"
    )
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text(_TEXT, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("path", [{}, {"PYTHONPATH": "."}], ids=["plain", "PYTHONPATH"])
def test_it_runs_apart_from_the_modules_of_the_folder(path: dict[str, str], programs: Path, project: Path) -> None:
    command = ["ingest", "--input", "in", "--output", "out", "--run", "x", "--set", "segmentation.engine=none"]
    said = _ended_well(_run(programs / "rafid", *command, folder=project, **path))
    assert "out/manifests/x.json" in said
    assert _ended_well(_run(programs / "rafid", "runs", "out", "verify", folder=project)) == "x: as its manifest says\n"


def test_what_only_the_folder_has_is_found(programs: Path, project: Path) -> None:
    command = ["ingest", "--input", "in", "--output", "out", "--set", "segmentation.engine=none"]
    own = ["--set", "filters=[mine.filters:second]"]
    said = _ended_well(_run(programs / "rafid", *command, *own, folder=project, PYTHONPATH="."))
    assert "documents  │  2 │    1 │         0 │        1 │" in said


def test_it_names_itself_as_it_was_called(programs: Path, project: Path) -> None:
    rafid = programs / "rafid"
    assert _ended_well(_run(rafid, "--version", folder=project)) == f"rafid {version('rafid')}\n"
    ended = _run(rafid, "explain", "nowhere", "--sample", "1", folder=project, PYTHONPATH=".")
    line = "rafid: output nowhere: holds no committed run; write one with rafid ingest\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", line)
    for name in COMMANDS:
        said = _ended_well(_run(rafid, name, "--help", folder=project))
        assert said.startswith(f"usage: rafid {name} ")
        assert "python -m" not in said


def test_the_release_is_whole(programs: Path, tmp_path: Path) -> None:
    """What `make dist` looks at, with the packages at hand."""
    check = [programs / "python", "-I", PROJECT / "tests" / "release" / "installed.py", PROJECT]
    assert "runs on the seeds as its sources do" in _ended_well(_run(*check, folder=tmp_path))


@pytest.fixture(scope="module")
def completion(programs: Path) -> Path:
    """The script for bash."""
    script = programs / "completion.bash"
    script.write_text(_ended_well(_run(programs / "rafid", "completion", "bash", folder=programs)))
    return script


# What completion offers for the last of the words, by its own function.
_BASH = """
source "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(( $# - 1 )) COMPREPLY=()
_shtab_rafid
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("in", {"index", "ingest"}),
        ("--v", {"--version"}),
        ("ingest --ou", {"--output"}),
        ("runs out ver", {"verify"}),
        ("farasa seg", {"segment"}),
        ("export out --to h", {"huggingface"}),
    ],
)
def test_bash_completes_commands_and_options(words: str, offered: set[str], completion: Path, tmp_path: Path) -> None:
    command = ["bash", "-c", _BASH, "bash", completion, "rafid", *words.split()]
    assert set(_ended_well(_run(*command, folder=tmp_path)).split()) == offered


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_are_told_every_command_and_option(shell: str, programs: Path, project: Path) -> None:
    script = _ended_well(_run(programs / "rafid", "completion", shell, folder=project))
    assert [name for name in COMMANDS if name not in script] == []
    assert [name for name in ("new-only", "what-if", "metrics-port", "huggingface") if name not in script] == []
    if tool := shutil.which(shell):
        (project / "script").write_text(script)
        _ended_well(_run(tool, "-n", "script", folder=project))
