"""The rules of the house that a program can check."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from pipelines.config import load_settings
from tests.conftest import PROJECT, require_tool

CORES = sorted((PROJECT / "transforms").rglob("*.py"))
SHELLS = sorted((PROJECT / "pipelines").rglob("*.py"))
TESTS = sorted((PROJECT / "tests").rglob("*.py"))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(path: Path) -> Iterator[str]:
    """The top package of every module that a file imports, wherever in the file it does."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield str(node.module).split(".")[0]


def those_that_import(package: str, files: list[Path]) -> list[str]:
    return [str(path.relative_to(PROJECT)) for path in files if package in imported(path)]


def test_the_sources_are_found() -> None:
    assert len(CORES) > 30
    assert len(SHELLS) > 4


def test_only_beam_files_and_pipelines_import_beam() -> None:
    assert those_that_import("apache_beam", [path for path in CORES if path.name != "beam.py"]) == []


def test_every_beam_file_is_there_for_beam() -> None:
    files = [path for path in CORES if path.name == "beam.py"]
    assert those_that_import("apache_beam", files) == [str(path.relative_to(PROJECT)) for path in files]


def beside_imports(path: Path) -> Iterator[int]:
    """The lines of what stands in blocks of `imports_at_rest` and is no import: work would meet stand-ins there."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.With) and "imports_at_rest" in ast.unparse(node.items[0]):
            for each in node.body:
                by_name = isinstance(each, ast.Assign) and re.fullmatch(
                    r"import_module\([^()]*\)", ast.unparse(each.value)
                )
                if not (isinstance(each, ast.Import | ast.ImportFrom) or by_name):
                    yield each.lineno


def test_nothing_but_imports_is_done_at_rest() -> None:
    assert [(path.name, line) for path in SHELLS for line in beside_imports(path)] == []
    assert sum("with imports_at_rest()" in path.read_text() for path in SHELLS) > 3


@pytest.mark.parametrize("work", ["require_places(settings)", "a = import_module('a').parser()", "x = y"])
def test_what_is_done_at_rest_is_found(work: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(f"with imports_at_rest():\n    import a\n    {work}\n")
    assert [*beside_imports(tmp_path / "a.py")] == [3]


def test_transforms_know_nothing_of_pipelines() -> None:
    assert those_that_import("pipelines", CORES) == []


def test_one_file_needs_the_compiler_of_kernels_and_a_run_does_not_load_it() -> None:
    assert those_that_import("numba", CORES + SHELLS) == ["transforms/kernel_compiler.py"]


def test_settings_know_no_beam() -> None:
    assert those_that_import("apache_beam", [PROJECT / "pipelines" / "config.py"]) == []


def test_sources_never_import_tests() -> None:
    assert those_that_import("tests", CORES + SHELLS) == []


@pytest.mark.parametrize("path", CORES + SHELLS + TESTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_a_file_says_first_what_it_is(path: Path) -> None:
    docstring = ast.get_docstring(tree(path))
    assert docstring
    assert path.read_text(encoding="utf-8").startswith('"""')


def test_files_are_short() -> None:
    lengths = {str(path.relative_to(PROJECT)): len(path.read_bytes().splitlines()) for path in CORES + SHELLS}
    assert {path: length for path, length in lengths.items() if length > 300} == {}


def test_nothing_uses_the_builtin_hash() -> None:
    """It differs from process to process."""
    calls = [
        f"{path.relative_to(PROJECT)}:{node.lineno}"
        for path in CORES + SHELLS
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "hash"
    ]
    assert calls == []


PRINTING = {  # what prints, or finds the streams to print to, by the names that stand in the source
    *(
        "print",
        "sys.stdout",
        "sys.stderr",
        "sys.__stdout__",
        "sys.__stderr__",
        "Console",
        "rich.print",
        "pprint.pprint",
    ),
    *("logging.StreamHandler", "logging.lastResort", "traceback.print_exc", "traceback.print_exception", "os.write"),
}
MAY_PRINT = {"transforms/console.py"}


def names_in(path: Path) -> Iterator[tuple[int, str]]:
    """Every name in a file, with those of attributes of modules as `module.name`, and its line."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Name):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield node.lineno, f"{node.value.id}.{node.attr}"
        elif isinstance(node, ast.ImportFrom):
            yield from (
                (node.lineno, name) for each in node.names for name in (each.name, f"{node.module}.{each.name}")
            )


def test_one_place_prints() -> None:
    """There, control characters are made visible, and a closed or full stream stops no work."""
    found = {
        str(path.relative_to(PROJECT)): [f"{line}: {name}" for line, name in names_in(path) if name in PRINTING]
        for path in CORES + SHELLS
    }
    assert {path: lines for path, lines in found.items() if lines and path not in MAY_PRINT} == {}
    assert {path for path in MAY_PRINT if found[path]} == MAY_PRINT


@pytest.mark.parametrize(
    "source",
    [
        "print('x')",
        "def f():\n    sys.stderr.write('x')",
        "from sys import stdout as o",
        "from rich.console import Console",
    ],
)
def test_what_prints_is_found(source: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(source)
    assert {name for _, name in names_in(tmp_path / "a.py")} & PRINTING


def test_configurations_are_yaml_and_valid() -> None:
    files = sorted(path for path in (PROJECT / "configs").rglob("*") if path.is_file())
    assert [path.name for path in files if path.suffix != ".yaml"] == []
    for path in files:
        assert list(yaml.safe_load_all(path.read_text(encoding="utf-8"))), path
        if path.parent.name == "configs":  # folders below hold what deploys Rafid, not its settings
            assert load_settings(str(path), [], {}).dedup.threshold > 0


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_a_missing_tool_fails_where_it_must_be_there(
    ci: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    assert Path(require_tool("sh")).name == "sh"
    with pytest.raises(outcome, match="no-such-tool: not installed"):
        require_tool("no-such-tool")
