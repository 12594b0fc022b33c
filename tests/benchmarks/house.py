"""Prints how the source is built: files, functions, imports, words; of this tree, or of any other beside it.

An import is upward where its room stands above the importing one in `ROOMS`; imports inside functions count, those for
type checkers alone do not.
"""

import argparse
import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

PROJECT = Path(__file__).parents[2]
# From the ground up. A module of `transforms` that is in no room is on the ground floor.
ROOMS = (
    "ground",
    "characters",
    "bundles",
    "language",
    "segmentation",
    "runs",
    "filters",
    "dedup",
    "shards",
    "streaming",
    "pipelines",
)
_RIDDLE = re.compile(r"(what|whether|where|how|why|which|who)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Module:
    """A source file."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def room(self) -> str:
        """The room that it is in."""
        first, *rest = self.name.split(".")
        return first if first != "transforms" else rest[0] if rest and rest[0] in ROOMS else "ground"

    def is_kernel(self) -> bool:
        """True for a module of kernels, which are typed by their signatures."""
        return "kernels" in self.name.split(".")[2:]

    def imports(self, known: set[str]) -> Iterator[str]:
        """The modules of the project that it imports, wherever in the file it does."""
        for node in _run_time(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names if alias.name in known)
            elif isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    below = f"{node.module}.{alias.name}"
                    if (found := below if below in known else node.module) in known:
                        yield found


def _run_time(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a tree but those under `if TYPE_CHECKING`."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield from _run_time(child)


def modules(root: Path) -> list[Module]:
    """The modules of `transforms` and `pipelines` below `root`."""
    files = sorted(path for package in ("transforms", "pipelines") for path in (root / package).rglob("*.py"))
    names = [".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__") for path in files]
    return [Module(name, path, ast.parse(path.read_text())) for name, path in zip(names, files, strict=True)]


def upward(house: list[Module]) -> list[tuple[str, str]]:
    """The imports of a module in a higher room, as pairs of names."""
    room = {each.name: each.room for each in house}
    return [
        (each.name, other)
        for each in house
        for other in each.imports(set(room))
        if ROOMS.index(room[other]) > ROOMS.index(each.room)
    ]


def circles(house: list[Module]) -> list[list[str]]:
    """The groups of modules that import each other in a circle (Tarjan, SIAM J. Comput. 1972), by name."""
    known = {each.name for each in house}
    edges = {each.name: sorted(set(each.imports(known)) - {each.name}) for each in house}
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        number[name] = low[name] = len(number)
        stack.append(name)
        for other in edges[name]:
            if other not in number:
                visit(other)
            if other in stack:
                low[name] = min(low[name], low[other])
        if low[name] == number[name]:
            at = stack.index(name)
            group = sorted(stack[at:])
            del stack[at:]
            found.extend([group] if len(group) > 1 else [])

    for name in edges:
        if name not in number:
            visit(name)
    return found


def _functions(house: list[Module]) -> list[tuple[Module, ast.FunctionDef]]:
    return [(each, node) for each in house for node in ast.walk(each.tree) if isinstance(node, ast.FunctionDef)]


def _is_annotated(function: ast.FunctionDef) -> bool:
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    own = [each for each in arguments if each.arg not in ("self", "cls")]
    return function.returns is not None and all(each.annotation for each in own)


def lonely_names(house: list[Module]) -> list[str]:
    """The public functions, classes and constants that no other module of the source names."""
    words = {each.name: set(re.findall(r"\w+", each.path.read_text())) for each in house}
    found = []
    for each in house:
        elsewhere = set().union(*(words[other] for other in words if other != each.name))
        defined = (node.name for node in each.tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef))
        found += [f"{each.name}.{name}" for name in defined if not name.startswith("_") and name not in elsewhere]
    return [name for name in found if not name.endswith((".main", ".parser"))]


def riddles(house: list[Module]) -> list[str]:
    """The docstrings that begin with a question word."""
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef
    nodes = ((each, node) for each in house for node in ast.walk(each.tree) if isinstance(node, kinds))
    told = ((each, node, ast.get_docstring(node) or "") for each, node in nodes)
    return [f"{each.name}:{getattr(node, 'lineno', 1)} {text[:60]}" for each, node, text in told if _RIDDLE.match(text)]


def figures(root: Path) -> dict[str, str]:
    """The figures of a tree, by name."""
    house = modules(root)
    lines = [len(each.path.read_text().splitlines()) for each in house]
    functions = [(each, node) for each, node in _functions(house) if not each.is_kernel()]
    sizes = sorted((node.end_lineno or 0) - node.lineno + 1 for _, node in functions)
    names = Counter(each.name.rpartition(".")[0] for each in house)
    return {
        "modules": f"{len(house)}",
        "in pipelines/ itself": f"{names['pipelines']}",
        "lines a file: median, most": f"{median(lines):.0f}, {max(lines)}",
        "lines a function: median, 90th percentile, most": f"{median(sizes):.0f}, {quantiles(sizes, n=10)[8]:.0f}, "
        f"{sizes[-1]}",
        "annotated functions outside kernels": f"{100 * sum(_is_annotated(n) for _, n in functions) / len(sizes):.0f}%",
        "circles": f"{len(circles(house))}",
        "upward imports": f"{len(upward(house))}",
        "public names used in their module only": f"{len(lonely_names(house))}",
        "docstrings that begin with a question word": f"{len(riddles(house))}",
    }


def main() -> None:
    """Prints the table."""
    command = argparse.ArgumentParser(description=__doc__)
    command.add_argument("trees", nargs="*", type=Path, default=[PROJECT], help="roots of trees (default: this one)")
    command.add_argument("--list", action="store_true", help="list what is counted, of the last tree")
    arguments = command.parse_args()
    columns = [figures(tree) for tree in arguments.trees]
    for name in columns[0]:
        print(f"{name:<50}" + "".join(f"{column[name]:>14}" for column in columns))
    if arguments.list:
        house = modules(arguments.trees[-1])
        for title, found in (("circles", circles(house)), ("upward", upward(house)), ("lonely", lonely_names(house))):
            print(title, *found, sep="\n  ")
        print("question words", *riddles(house), sep="\n  ")


if __name__ == "__main__":
    main()
