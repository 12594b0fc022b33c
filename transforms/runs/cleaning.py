"""Finding and removing the files that unfinished and removed runs have left in an output folder."""

import os
from collections.abc import Collection, Iterable
from pathlib import Path

from transforms.filesystems import MARKER, TEMPORARY
from transforms.runs.catalog import read_catalog, runs_of, waiting
from transforms.runs.lock import MANIFESTS
from transforms.runs.names import LEDGER_FOLDERS, generation_of
from transforms.runs.run import CARD, INDEX, REPORTS, Run, manifest_path, run_folder
from transforms.runs.switch import finish_switch
from transforms.storage import Folder


def unfinished_runs(folder: Folder) -> list[Run]:
    """The runs that left files and no manifest, by id; those that wait for the last run of their job among them."""
    catalog = read_catalog(folder)
    committed = {Run(folder, each.run, each.generation) for each in catalog.runs}
    waits = set(waiting(folder))
    names = {run.name for run in committed} | catalog.damaged.keys()
    # A run that is there in another generation is known by its part of the index, or by a manifest that waits, or
    # waited for a switch: there are too many folders to look into all of them.
    replaced = {run.name for run in committed & waits}
    found = waits.union(runs_of(folder, _folders(folder, INDEX)))
    for ledger in LEDGER_FOLDERS:
        lost = {run.name for run in runs_of(folder, _folders(folder, ledger))} - names
        for name in lost | replaced:
            generations = {generation_of(file) for file in folder.names(run_folder(ledger, name))}
            found |= {Run(folder, name, each) for each in generations or ({0} if name in lost else set())}
    left = (run for run in found - committed if run.name not in catalog.damaged)
    return sorted(left, key=lambda run: (run.name, run.generation))


def _folders(folder: Folder, kind: str) -> Iterable[str]:
    """The names after `run=` of the folders in one of the output's; a link to elsewhere is not followed."""
    names = [] if folder.is_link(kind) else folder.folders(kind)
    return (name.removeprefix("run=") for name in names if name.startswith("run="))


def clean_up(folder: Folder, keep: Collection[Run] = ()) -> list[str]:
    """Finishes a switch, and removes what crashed runs left. Nobody else may be writing to the output.

    Args:
        folder: the output.
        keep: runs that wait for the last run of their job, and go on waiting.

    Returns:
        The ids of the runs of which something was removed.
    """
    finish_switch(folder)
    crashed = [run for run in unfinished_runs(folder) if run not in keep]
    for run in crashed:
        run.remove()
    runs = {Run(folder, each.run, each.generation): each for each in read_catalog(folder).runs}
    for run in runs.keys() & set(waiting(folder)):  # its switch is finished, and nothing is left of those before it
        folder.tidy(run.waiting_manifest())
    for run in runs.keys() & set(runs_of(folder, _folders(folder, INDEX))):
        if not runs[run].is_for_later_runs():  # a crash came between its commit and the end of its scratch files
            folder.tidy(run.index_folder())
    for run in list(runs)[-1:]:  # those before it are indexed, and their scratch files are gone
        folder.tidy(run.scratch_folder())
    _remove_temporaries(folder)
    return [run.id for run in crashed]


def remove_run(folder: Folder, name: str) -> None:
    """Removes the run of that name, its manifest first, and whatever else is left under that name.

    Nobody else may be writing to the output.
    """
    folder.remove(Run(folder, name).report())
    folder.remove(manifest_path(name))
    for run in unfinished_runs(folder):
        if run.name == name:
            run.remove()


def _remove_temporaries(folder: Folder) -> None:
    """Removes files that crashed runs have not written whole, by the names that Rafid gives them."""
    if not folder.is_local:
        return
    for kind in (MANIFESTS, *LEDGER_FOLDERS, INDEX, REPORTS):
        for place, _, files in () if folder.is_link(kind) else os.walk(folder.local_path(kind)):
            for name in filter(TEMPORARY.fullmatch, files):
                Path(place, name).unlink(missing_ok=True)
    for name in folder.names():
        if (found := TEMPORARY.fullmatch(name)) and found[1] in (MARKER, CARD):
            folder.remove(name)
