"""The overlap of sets, drawn for a terminal: a matrix that fits its width."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size

from transforms import console
from transforms.shards.overlap import Overlap, SetName

if TYPE_CHECKING:
    from rich.table import Table

WIDTH = 80
_NAME, _HEAD = 36, 8  # cells of a set's number and name, and of what stays of it before an ellipsis
_OTHERS = "others"


def drawn(found: Overlap, top: int) -> "Table":
    """A row a set, with the paragraphs of it that were removed, and the sets that keep what they repeat, by number.

    Args:
        found: the overlap.
        top: how many sets are shown: those that have most to do with others. What belongs to the rest is one row, and
            what belongs to columns for which there is no room is one column; the rows add up.
    """
    weight = {one: found.of(one) + found.because_of(one) for one in found.sets}
    most = set(sorted(found.sets, key=lambda one: -weight[one])[:top])
    shown = [one for one in found.sets if one in most]
    rest = [one for one in found.sets if one not in most]
    numbers = {one: f"{number}" for number, one in enumerate(shown, 1)}
    names = [_cut(f"{numbers[one]} {_short(one)}") for one in shown]
    rows: list[list[str | int]] = [
        [name, *_figures(found, [one], shown)] for name, one in zip(names, shown, strict=True)
    ]
    if rest:
        rows.append([f"{len(rest):,} {_OTHERS}", *_figures(found, rest, shown)])
    heads = ["set", "removed", *(f"for {numbers[one]}" for one in shown)]
    return console.table(*_fitting(heads, rows), left=["set"])


def _figures(found: Overlap, sets: Sequence[SetName], shown: Sequence[SetName]) -> list[int]:
    """The paragraphs removed of some sets together, and how many of them for each of those shown."""
    pairs = [[found.removed.get((one, other), 0) for one in sets] for other in shown]
    return [sum(map(found.of, sets)), *map(sum, pairs)]


def _fitting(heads: list[str], rows: list[list[str | int]]) -> tuple[list[str], list[list[str]]]:
    """The table with as many of its columns, of those with most, as there is room for; the others in one."""
    sums = {at: sum(int(row[at]) for row in rows) for at in range(2, len(heads))}
    order = sorted((at for at in sums if sums[at]), key=lambda at: -sums[at])
    for count in range(len(order), -1, -1):
        kept = [0, 1, *sorted(order[:count])]
        texts = [[_text(row[at]) for at in kept] for row in rows]
        others = [f"{int(row[1]) - sum(int(row[at]) for at in kept[2:]):,}" for row in rows]
        names = [heads[at] for at in kept]
        if any(each != "0" for each in others):
            names, texts = [*names, f"for {_OTHERS}"], [[*row, other] for row, other in zip(texts, others, strict=True)]
        columns = zip(names, *texts, strict=True)
        if 1 + sum(3 + max(map(cell_len, column)) for column in columns) <= WIDTH:
            break
    return names, texts


def _text(cell: str | int) -> str:
    return cell if isinstance(cell, str) else f"{cell:,}"


def _short(one: SetName) -> str:
    """A set's name, with that of the folder of its corpus where it is of another."""
    return one.name if one.corpus is None else f"{one.corpus.rstrip('/').rpartition('/')[2]}: {one.name}"


def _cut(name: str) -> str:
    """A name that takes no more than its room: its beginning, and as much of its end as fits."""
    name = console.visible(name)
    if cell_len(name) <= _NAME:
        return name
    head, tail = set_cell_size(name, _HEAD).rstrip(), name
    while cell_len(f"{head}…{tail}") > _NAME:
        tail = tail[1:]
    return f"{head}…{tail}"
