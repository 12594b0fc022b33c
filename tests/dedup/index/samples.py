"""Sets of shingles to index and to look up, and the definition of what is found."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from tests.dedup.twins import apart
from transforms.dedup.index.building import open_segments
from transforms.dedup.index.groups import read_group, write_group
from transforms.dedup.index.matching import sorted_sets
from transforms.dedup.index.segment import EarlierDigests, Segment, sets_table, write_segment
from transforms.dedup.numbers.sets import NumberSets
from transforms.dedup.shingles import ShingleSets
from transforms.storage import Folder

Shingles = list[int]
Found = tuple[int, int, float] | None  # segment, row, similarity

# Few different shingles, spread over all 64 bits, so that sets overlap; two differ where neither bucket nor key shows.
UNIVERSE = [(number * 0x9E3779B97F4A7C15) % 2**64 for number in range(1, 40)]
UNIVERSE.append(UNIVERSE[0] ^ (1 << 33))

paragraphs = st.lists(st.sampled_from(UNIVERSE), max_size=14)
splits = st.lists(paragraphs, max_size=12)


@st.composite
def related(draw: st.DrawFn, others: Sequence[Sequence[Shingles]]) -> list[Shingles]:
    """Paragraphs of which many are those of other splits with a shingle exchanged."""
    known = [each for split in others for each in split if each]
    found = draw(splits)
    for _ in range(draw(st.integers(0, 8)) if known else 0):
        near = list(draw(st.sampled_from(known)))
        near[draw(st.integers(0, len(near) - 1))] = draw(st.sampled_from(UNIVERSE))
        found.append(near)
    return found


def numbers_of(paragraph: Shingles) -> list[int]:
    """The numbers of a paragraph, made up from six shingles of the universe."""
    return sorted({each % 7 for each in paragraph if each in UNIVERSE[:6]})


def sets_of(split: Sequence[Shingles], *, numbered: bool = False) -> ShingleSets:
    """The split's shingles as columns; with numbers, if wanted."""
    flat = [each for paragraph in split for each in paragraph]
    offsets = np.cumsum([0, *map(len, split)]).astype(np.int64)
    numbers = [numbers_of(each) if numbered else [] for each in split]
    number_offsets = np.cumsum([0, *map(len, numbers)]).astype(np.int64)
    every = NumberSets(np.array([each for one in numbers for each in one], np.uint64), number_offsets)
    return ShingleSets(np.array(flat, np.uint64), offsets, every, np.zeros(len(split), np.uint8))


def places(run: str, count: int) -> pa.Table:
    """Made-up places of a run's paragraphs."""
    rows = range(count)
    columns = {
        "run": pa.array([run] * count, pa.string()),
        "doc_id": pa.array([f"{run}-{row}" for row in rows], pa.string()),
        "bundle": pa.array(["أخبار.txt"] * count, pa.string()),
        "offset": pa.array([100 * row for row in rows], pa.int64()),
        "paragraph_index": pa.array(list(rows), pa.int32()),
        "length": pa.array([10 + row for row in rows], pa.int64()),
    }
    return pa.table(columns)


def table_of(run: str, split: Sequence[Shingles], *, numbered: bool = False) -> pa.Table:
    """The rows of a segment: all paragraphs of a split; with numbers, if wanted."""
    sets = sets_of(split, numbered=numbered)
    tokens, bounds = sorted_sets(sets, np.ones(len(split), np.uint8))
    return sets_table(places(run, len(split)), tokens, bounds, sets.numbers)


def build_segment(root: Path, name: str, tables: Sequence[pa.Table], runs: frozenset[str]) -> Segment:
    """A segment, written and opened."""
    folder = Folder(str(root / name))
    return Segment(folder, runs, write_segment(folder, tables))


def similarity(left: Sequence[int], right: Sequence[int]) -> float:
    """Jaccard of two sets; 0 where one is empty."""
    mine, other = set(left), set(right)
    return len(mine & other) / len(mine | other) if mine and other else 0.0


def best(
    paragraph: Shingles, segments: Sequence[Sequence[Shingles | None]], threshold: float, *, numbered: bool
) -> Found:
    """The definition: the most similar of all rows, then the first; None in the place of a row that does not count."""
    rows = [
        (similarity(paragraph, row), -number, -at)
        for number, segment in enumerate(segments)
        for at, row in enumerate(segment)
        if row is not None and not (numbered and apart(set(numbers_of(paragraph)), set(numbers_of(row))))
    ]
    found, number, at = max(rows, default=(0.0, 0, 0))
    return (-number, -at, found) if found >= threshold and found > 0 else None


def write_earlier(output: Folder, name: str, without: Sequence[str] = ()) -> None:
    """Puts a folder of the index, of one segment, into the format before: sets beside postings, which nobody reads.

    Args:
        output: the output folder.
        name: of the folder.
        without: columns that were not there yet.
    """
    group = read_group(output, f"index/{name}")
    assert group is not None
    (segment,) = open_segments(output, group, group.runs)
    table, folder = segment.rows.drop_columns(list(without)), segment.folder
    for column in ("doc_id", "bundle"):
        at = table.schema.get_field_index(column)
        table = table.set_column(
            at, pa.field(column, pa.string(), nullable=False), table.column(column).cast(pa.string())
        )
    digests = EarlierDigests(folder.write_arrow("sets.arrow", table), "", "", "")
    for file in ("rows.arrow", "postings.arrow"):
        folder.remove(file)
    write_group(output, group.model_copy(update={"digests": (digests,)}))
