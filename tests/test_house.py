"""The map of the source: rooms in order, no circles, short files and functions, and words that mean something."""

import ast
import builtins
import re
from collections.abc import Iterator

import pytest

from tests.benchmarks.house import Module, circles, modules, riddles, upward
from tests.conftest import PROJECT

HOUSE = modules(PROJECT)
_QUOTED = re.compile(r"`([A-Za-z_]\w*(?:\.\w+)*)(?:\(\))?`")


def test_no_module_imports_upward() -> None:
    assert upward(HOUSE) == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circles(HOUSE) == []


def test_a_module_that_imports_upward_or_in_a_circle_is_found() -> None:
    sources = {
        "transforms.bundles.a": "def f():\n    from transforms.dedup.b import x",
        "transforms.dedup.b": "import transforms.bundles.a",
    }
    small = [Module(name, PROJECT, ast.parse(source)) for name, source in sources.items()]
    assert upward(small) == [("transforms.bundles.a", "transforms.dedup.b")]
    assert circles(small) == [["transforms.bundles.a", "transforms.dedup.b"]]


@pytest.mark.parametrize("module", HOUSE, ids=lambda module: module.name)
def test_functions_fit_on_a_screen(module: Module) -> None:
    functions = [node for node in ast.walk(module.tree) if isinstance(node, ast.FunctionDef)]
    sizes = {node.name: (node.end_lineno or 0) - node.lineno + 1 for node in functions}
    assert module.is_kernel() or {name: size for name, size in sizes.items() if size > 60} == {}


def test_no_docstring_is_a_riddle() -> None:
    """It says what comes back or what is done, instead of asking what, whether, where, how or why."""
    assert riddles(HOUSE) == []


def _docstrings(tree: ast.Module) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                yield first.value


def _identifiers(tree: ast.Module) -> Iterator[str]:
    """The words that a program's own nodes hold, those of its texts among them, those of docstrings not."""
    told = set(map(id, _docstrings(tree)))
    for node in ast.walk(tree):
        for field in ("id", "attr", "arg", "name", "asname", "module"):
            yield from re.findall(r"\w+", str(getattr(node, field, None) or ""))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield from re.findall(r"\w+", node.value)


def test_names_that_docstrings_quote_exist() -> None:
    known = {*dir(builtins), *dir(str)}
    known |= {word for module in HOUSE for word in (*_identifiers(module.tree), *module.name.split("."))}
    quoted = [
        f"{module.name}: `{name}`"
        for module in HOUSE
        for text in _docstrings(module.tree)
        for name in _QUOTED.findall(str(text.value))
        if not set(name.split(".")) <= known
    ]
    assert quoted == []
