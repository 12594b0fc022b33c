"""References: other corpora whose kept paragraphs count as kept earlier. They are read, and nothing else."""

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from transforms.dedup.definition import check_definition
from transforms.dedup.index.building import Remake, build_segments, open_index, open_segments, sound_groups
from transforms.dedup.index.groups import SegmentGroup, groups_of, read_group, unindexed
from transforms.dedup.index.matching import IndexView
from transforms.dedup.index.segment import Segment
from transforms.errors import RunError, UsageError, command_line
from transforms.filesystems import MARKER, DamagedFileError
from transforms.runs.catalog import is_output, read_catalog
from transforms.runs.manifest import Manifest, Reference, RunKey
from transforms.runs.run import Run
from transforms.settings import DedupSettings
from transforms.storage import Folder

_log = logging.getLogger("rafid.index")


class BadReferenceError(UsageError):
    """A corpus that `dedup.against` names, and that a run cannot be compared with."""


def references_of(settings: DedupSettings, output: Folder, begun: Iterable[Manifest] = ()) -> tuple[Reference, ...]:
    """The corpora that `dedup.against` names, in order, each with its committed runs as they are now.

    Args:
        settings: the definition of a duplicate.
        output: the run's own, which is none of them.
        begun: runs of the same job that are done: what they were compared with, the others are too.

    Raises:
        BadReferenceError: one is no corpus, holds nothing, is named twice, or has lost a run that `begun` had seen.
        DefinitionError: one was made with another definition of a duplicate.
        OutputError: a manifest of one cannot be read.
    """
    places = [_place(output.url)]
    found = []
    for url in settings.against:
        if _place(url) in places:
            what = "is the output itself" if _place(url) == places[0] else "is named twice"
            raise BadReferenceError(f"dedup.against: {url} {what}; name other corpora, each once")
        places.append(_place(url))
        found.append(_seen_before(_seen(url, settings), begun))
    return tuple(found)


def _place(url: str) -> str:
    """A text that is the same for two ways to name one folder."""
    folder = Folder(url)
    return os.path.realpath(folder.local_path()) if folder.is_local else url.rstrip("/")


def _seen(url: str, settings: DedupSettings) -> Reference:
    """A corpus as it is now."""
    folder = Folder(url)
    if not is_output(folder):
        raise BadReferenceError(f"dedup.against: {url} is not a folder that Rafid wrote; it would hold {MARKER}")
    runs = read_catalog(folder).whole()
    if not runs:
        raise BadReferenceError(f"dedup.against: {url} holds no committed run; write one with {command_line('ingest')}")
    advice = f"use the same settings, or ingest {url} again with these"
    check_definition(f"{url}, which dedup.against names", runs, settings, advice)
    return Reference(url=url, runs=tuple(each.key for each in runs))


def _seen_before(now: Reference, begun: Iterable[Manifest]) -> Reference:
    """A corpus as the runs of the same job saw it, of which it may have more by now."""
    for manifest in begun:
        for before in manifest.against:
            if before.url == now.url:
                _check_there(before, now.runs, f"run {manifest.run} was compared with it")
                return before
    return now


def _check_there(reference: Reference, runs: Sequence[RunKey], since: str) -> None:
    for key in reference.runs:
        if key not in runs:
            raise BadReferenceError(
                f"dedup.against: {reference.url} has changed since {since}: its run {key.run} of {key.started} is no "
                "more; restore it from a backup, or begin the job again under another name"
            )


def index_references(run: Run, references: Sequence[Reference], remake: Remake) -> None:
    """Indexes, among the run's own working files, what of its references is not indexed or is damaged there.

    Args:
        run: the run that is about to be opened.
        references: what it is compared with.
        remake: makes the rows of a run's segments from its documents.

    Raises:
        IndexMissingError: the documents of a run of a reference, of which no index can be read, are damaged or gone.
        BadReferenceError: a run of a reference is no more.
    """
    for number, reference in enumerate(references):
        folder = Folder(reference.url)
        sound = sound_groups(folder, reference.runs, _note_damage)
        waiting = unindexed((each for each in sound if not each.is_earlier()), reference.runs)
        there = {each.key: each for each in read_catalog(folder).runs} if waiting else {}
        _check_there(reference, list(there) if waiting else reference.runs, f"run {run.name} began")
        for key in waiting:
            source = Run(folder, key.run, key.generation)
            build_segments(run.folder, _own_folder(run, number, key), source, there[key], remake)


def _note_damage(_: str, error: DamagedFileError) -> None:
    _log.warning("%s; what it holds is indexed anew for this run alone", error)


def _own_folder(run: Run, number: int, key: RunKey) -> str:
    """The folder, in the run's own output, of what is indexed of a run of the reference of that number."""
    return f"{run.scratch_folder()}/against-{number:03d}/run={key.id}"


def open_earlier(
    run: Run, earlier: Sequence[RunKey], references: Sequence[Reference], settings: DedupSettings
) -> IndexView | None:
    """The index of all that comes before the run's own paragraphs; None where that is nothing.

    Args:
        run: the run, which is open.
        earlier: the committed runs of its output that count, in order.
        references: come before all of these, in order; `index_references` has made what they lack.
        settings: the definition of a duplicate.

    Raises:
        IndexMissingError: a run of the output is not indexed.
        RunError: a reference has changed since the run was opened.
    """
    segments = [segment for number, each in enumerate(references) for segment in _segments(run, number, each)]
    own = open_index(run.folder, earlier, settings)
    segments += own.segments if own else ()
    return IndexView(segments) if segments else None


def _segments(run: Run, number: int, reference: Reference) -> Iterator[Segment]:
    """The segments of a reference, in the order of its runs."""
    folder = Folder(reference.url)
    made = {key: read_group(run.folder, _own_folder(run, number, key)) for key in reference.runs}
    rest = [key for key in reference.runs if made[key] is None]
    groups = groups_of(folder, rest, lambda *_: None)  # a damaged one holds nothing that was not made anew
    for key in unindexed(groups, rest):
        raise RunError(
            f"dedup.against: {reference.url} has changed since run {run.name} began: its run {key.run} is not indexed "
            "any more; run again"
        )
    found = [(group, folder) for group in groups] + [(group, run.folder) for group in made.values() if group]
    for group, place in sorted(found, key=partial(_first, reference.runs)):
        for segment in open_segments(place, group, reference.runs):
            yield Segment(segment.folder, segment.runs, segment.digests, reference.url)


def _first(runs: Sequence[RunKey], found: tuple[SegmentGroup, Folder]) -> int:
    """The place of the first run in a group."""
    return min(runs.index(key) for key in found[0].runs if key in runs)
