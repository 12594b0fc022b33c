"""Groups of segments: the folders that the index consists of, each with the runs whose paragraphs it holds."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import pyarrow as pa
from pydantic import ValidationError

from transforms.dedup.index.segment import (
    Digests,
    EarlierDigests,
    Segment,
    count_tokens_of,
    merge_segments,
    parts,
    write_segment,
)
from transforms.filesystems import DamagedFileError
from transforms.runs.manifest import Record, RunKey
from transforms.runs.run import INDEX, run_folder
from transforms.storage import Folder

_FILE = "index.json"  # written last: without it a folder's segments do not exist
_COMPACTION = "compact="
_TOKENS_A_SEGMENT = 1 << 24  # 128 MiB of sets: what building holds at a time
T = TypeVar("T")
# Told of a folder of the index that is damaged, and how.
OnDamage = Callable[[str, DamagedFileError], None]


class SegmentGroup(Record):
    """A folder of segments, as its file tells it.

    Attributes:
        folder: relative to the output folder.
        tokens: the size of each segment's sets.
        digests: of each segment's files.
        runs: the runs whose kept paragraphs they hold, in order.
    """

    folder: str
    tokens: tuple[int, ...]
    digests: tuple[Digests | EarlierDigests, ...]
    runs: tuple[RunKey, ...]

    def is_earlier(self) -> bool:
        """True for segments of the format before, which are to be written anew."""
        return any(isinstance(each, EarlierDigests) for each in self.digests)

    def segment_paths(self) -> list[str]:
        """The folders of the segments, in order."""
        return [segment_path(self.folder, part) for part in range(len(self.tokens))]


def segment_path(folder: str, part: int) -> str:
    """The folder of one segment."""
    return f"{folder}/segment-{part:03d}"


def write_segments(output: Folder, folder: str, tables: Iterable[pa.Table], runs: tuple[RunKey, ...]) -> SegmentGroup:
    """Writes a group of segments that hold the rows of `tables`, with the columns of `SETS`."""
    return _write_group(output, folder, runs, tables, count_tokens_of, write_segment)


def write_merged(output: Folder, folder: str, segments: Iterable[Segment], runs: tuple[RunKey, ...]) -> SegmentGroup:
    """Writes a group of segments that hold the rows that count of others."""
    return _write_group(output, folder, runs, segments, Segment.count_tokens, merge_segments)


def _write_group(
    output: Folder,
    folder: str,
    runs: tuple[RunKey, ...],
    items: Iterable[T],
    size: Callable[[T], int],
    write: Callable[[Folder, Sequence[T]], Digests],
) -> SegmentGroup:
    """Writes a group of segments, each of as many items as it has room for: first these, and last what makes it one."""
    tokens: list[int] = []
    digests: list[Digests] = []
    for part in parts(items, size, _TOKENS_A_SEGMENT):
        digests.append(write(output.below(segment_path(folder, len(tokens))), part))
        tokens.append(sum(map(size, part)))
    group = SegmentGroup(folder=folder, tokens=tuple(tokens), digests=tuple(digests), runs=runs)
    if output.is_local:  # a power cut leaves the whole group, or what it is built from
        output.sync(f"{path}/{name}" for path in group.segment_paths() for name in output.files(path))
    write_group(output, group)
    return group


def write_group(output: Folder, group: SegmentGroup) -> None:
    """Makes a folder of segments, which survive a power cut, part of the index."""
    path = f"{group.folder}/{_FILE}"
    output.write_json(path, group.model_dump(mode="json"), durable=True)
    output.sync([path])


def read_group(output: Folder, folder: str) -> SegmentGroup | None:
    """The group in a folder; None where there is none.

    Raises:
        DamagedFileError: its file is not as it was written.
    """
    path = f"{folder}/{_FILE}"
    if not output.exists(path):
        return None
    try:
        group = SegmentGroup.model_validate(output.read_json(path))
    except ValidationError as error:
        raise DamagedFileError(f"{output.at(path)}: is damaged: it is no description of segments") from error
    if group.folder != folder or len(group.tokens) != len(group.digests):
        raise DamagedFileError(f"{output.at(path)}: is damaged: it describes another folder")
    return group


def drop_group(output: Folder, folder: str) -> None:
    """Takes a folder of segments out of the index; a run's own folder may hold what it is indexed from, and stays."""
    output.remove(folder if folder.startswith(f"{INDEX}/{_COMPACTION}") else f"{folder}/{_FILE}")


def compaction_folders(output: Folder) -> list[str]:
    """The folders of compactions, finished or not, the last first."""
    names = output.folders(INDEX)
    return sorted((f"{INDEX}/{name}" for name in names if name.startswith(_COMPACTION)), reverse=True)


def next_compaction(output: Folder) -> str:
    """The folder of a compaction that comes after all that are there."""
    last = next(iter(compaction_folders(output)), "=0").rpartition("=")[2]
    return f"{INDEX}/{_COMPACTION}{int(last) + 1:08d}"


def fail(_: str, error: DamagedFileError) -> None:
    """Raises the error."""
    raise error


def groups_of(output: Folder, runs: Sequence[RunKey], on_damage: OnDamage = fail) -> list[SegmentGroup]:
    """The groups that hold these runs, in their order, each run in one; a run that is not indexed is in none.

    Args:
        output: the output folder.
        runs: committed runs, in order.
        on_damage: told of a folder whose description is damaged; it is passed over then.
    """
    place = {run: position for position, run in enumerate(runs)}
    found: list[SegmentGroup] = []
    covered: set[RunKey] = set()
    for group in _read(output, compaction_folders(output), on_damage):
        if not covered.issuperset(group.runs):  # a later one took it in
            covered.update(group.runs)
            found.append(group)
    own = (run_folder(INDEX, run.id) for run in runs if run not in covered)
    found += _read(output, own, on_damage)
    first = {group.folder: min((place[run] for run in group.runs if run in place), default=-1) for group in found}
    return sorted((group for group in found if first[group.folder] >= 0), key=lambda group: first[group.folder])


def _read(output: Folder, folders: Iterable[str], on_damage: OnDamage) -> Iterator[SegmentGroup]:
    for folder in folders:
        try:
            group = read_group(output, folder)
        except DamagedFileError as error:
            on_damage(folder, error)
        else:
            if group is not None:
                yield group


def unindexed(groups: Iterable[SegmentGroup], runs: Sequence[RunKey]) -> list[RunKey]:
    """Those of `runs` that no group holds."""
    covered = {run for group in groups for run in group.runs}
    return [run for run in runs if run not in covered]
