"""What the index consists of: folders of segments, each with a note that says whose paragraphs they hold."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from transforms import storage
from transforms.runs.catalog import CommittedRun
from transforms.runs.run import INDEX, run_folder

NOTE = "index.json"  # written last: without it a folder's segments do not exist
_COMPACTION = "compact="


@dataclass(frozen=True)
class IndexNote:
    """What a folder of segments holds.

    Attributes:
        folder: relative to the output folder.
        tokens: the size of each segment's sets.
        runs: the runs whose kept paragraphs they hold, in order.
    """

    folder: str
    tokens: tuple[int, ...]
    runs: tuple[CommittedRun, ...]

    def segment_paths(self) -> list[str]:
        """The folders of the segments, in order."""
        return [segment_path(self.folder, part) for part in range(len(self.tokens))]


def segment_path(folder: str, part: int) -> str:
    """The folder of one segment."""
    return f"{folder}/segment-{part:03d}"


def write_note(output: str, note: IndexNote) -> None:
    """Makes a folder of segments part of the index."""
    text = json.dumps({"tokens": note.tokens, "runs": note.runs})
    storage.write_whole(output, f"{note.folder}/{NOTE}", text.encode())


def read_note(output: str, folder: str) -> IndexNote | None:
    """The note of a folder; None where its segments do not exist."""
    url = storage.join(output, folder, NOTE)
    if not storage.exists(url):
        return None
    fields = json.loads(storage.read_whole(url).to_pybytes())
    return IndexNote(folder, tuple(fields["tokens"]), tuple(CommittedRun(*each) for each in fields["runs"]))


def compaction_folders(output: str) -> list[str]:
    """The folders of compactions, finished or not, the last first."""
    names = storage.list_folders(storage.join(output, INDEX))
    return sorted((f"{INDEX}/{name}" for name in names if name.startswith(_COMPACTION)), reverse=True)


def next_compaction(output: str) -> str:
    """The folder of a compaction that comes after all that are there."""
    last = next(iter(compaction_folders(output)), "=0").rpartition("=")[2]
    return f"{INDEX}/{_COMPACTION}{int(last) + 1:08d}"


def notes_of(output: str, runs: Sequence[CommittedRun]) -> list[IndexNote]:
    """The notes that hold these runs, in their order, each run in one; a run that is not indexed is in none."""
    place = {run: position for position, run in enumerate(runs)}
    found: list[IndexNote] = []
    covered: set[CommittedRun] = set()
    for note in _compactions(output):
        if not covered.issuperset(note.runs):  # a later one took it in
            covered.update(note.runs)
            found.append(note)
    own = (read_note(output, run_folder(INDEX, run.run)) for run in runs if run not in covered)
    found += [note for note in own if note]
    first = {note.folder: min((place[run] for run in note.runs if run in place), default=-1) for note in found}
    return sorted((note for note in found if first[note.folder] >= 0), key=lambda note: first[note.folder])


def _compactions(output: str) -> Iterable[IndexNote]:
    notes = (read_note(output, folder) for folder in compaction_folders(output))
    return (note for note in notes if note)


def unindexed(notes: Iterable[IndexNote], runs: Sequence[CommittedRun]) -> list[CommittedRun]:
    """Those of `runs` that no note holds."""
    covered = {run for note in notes for run in note.runs}
    return [run for run in runs if run not in covered]
