"""Groups of segments: the folders that the index consists of, each with the runs whose paragraphs it holds."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from transforms.runs.manifest import RunKey
from transforms.runs.run import INDEX, run_folder
from transforms.storage import Folder

_FILE = "index.json"  # written last: without it a folder's segments do not exist
_COMPACTION = "compact="


@dataclass(frozen=True)
class SegmentGroup:
    """A folder of segments.

    Attributes:
        folder: relative to the output folder.
        tokens: the size of each segment's sets.
        runs: the runs whose kept paragraphs they hold, in order.
    """

    folder: str
    tokens: tuple[int, ...]
    runs: tuple[RunKey, ...]

    def segment_paths(self) -> list[str]:
        """The folders of the segments, in order."""
        return [segment_path(self.folder, part) for part in range(len(self.tokens))]


def segment_path(folder: str, part: int) -> str:
    """The folder of one segment."""
    return f"{folder}/segment-{part:03d}"


def write_group(output: Folder, group: SegmentGroup) -> None:
    """Makes a folder of segments part of the index."""
    text = json.dumps({"tokens": group.tokens, "runs": group.runs})
    output.write(f"{group.folder}/{_FILE}", text.encode())


def read_group(output: Folder, folder: str) -> SegmentGroup | None:
    """The group in a folder; None where there is none."""
    path = f"{folder}/{_FILE}"
    if not output.exists(path):
        return None
    fields = json.loads(output.read(path).to_pybytes())
    return SegmentGroup(folder, tuple(fields["tokens"]), tuple(RunKey(*each) for each in fields["runs"]))


def compaction_folders(output: Folder) -> list[str]:
    """The folders of compactions, finished or not, the last first."""
    names = output.folders(INDEX)
    return sorted((f"{INDEX}/{name}" for name in names if name.startswith(_COMPACTION)), reverse=True)


def next_compaction(output: Folder) -> str:
    """The folder of a compaction that comes after all that are there."""
    last = next(iter(compaction_folders(output)), "=0").rpartition("=")[2]
    return f"{INDEX}/{_COMPACTION}{int(last) + 1:08d}"


def groups_of(output: Folder, runs: Sequence[RunKey]) -> list[SegmentGroup]:
    """The groups that hold these runs, in their order, each run in one; a run that is not indexed is in none."""
    place = {run: position for position, run in enumerate(runs)}
    found: list[SegmentGroup] = []
    covered: set[RunKey] = set()
    for group in _compactions(output):
        if not covered.issuperset(group.runs):  # a later one took it in
            covered.update(group.runs)
            found.append(group)
    own = (read_group(output, run_folder(INDEX, run.id)) for run in runs if run not in covered)
    found += [group for group in own if group]
    first = {group.folder: min((place[run] for run in group.runs if run in place), default=-1) for group in found}
    return sorted((group for group in found if first[group.folder] >= 0), key=lambda group: first[group.folder])


def _compactions(output: Folder) -> Iterable[SegmentGroup]:
    groups = (read_group(output, folder) for folder in compaction_folders(output))
    return (group for group in groups if group)


def unindexed(groups: Iterable[SegmentGroup], runs: Sequence[RunKey]) -> list[RunKey]:
    """Those of `runs` that no group holds."""
    covered = {run for group in groups for run in group.runs}
    return [run for run in runs if run not in covered]
