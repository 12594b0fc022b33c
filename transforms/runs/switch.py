"""A switch: the runs of a job take the place of others, all in one step.

A run that replaces another is written beside it, and its manifest waits. The record of a switch says which waiting
manifests count from now on, and which runs are no more: whoever reads follows it from the moment it is there. Then the
files are brought to what the record says, and it is removed; after a crash the next writer does that.
"""

import json

from pydantic import ValidationError

from transforms.filesystems import OutputError, StorageError
from transforms.runs.lock import MANIFESTS, create_fenced, is_claim
from transforms.runs.manifest import Record
from transforms.runs.run import Run, manifest_path
from transforms.storage import Folder

SWITCH = f"{MANIFESTS}/.switch"  # no .json: readers that take all of those for manifests are to pass it over
_RECORD_BYTES = 128  # at least, lest a record be taken for a claim


class Switch(Record):
    """The record of a switch.

    Attributes:
        come: the ids of the runs whose manifests wait.
        gone: the names of the runs whose place they take.
    """

    come: tuple[str, ...]
    gone: tuple[str, ...]

    def coming(self, folder: Folder) -> list[Run]:
        """The runs that come."""
        return [Run.of(folder, each) for each in self.come]


def switch_record(folder: Folder) -> bytes:
    """The record of the switch that is not finished, as it lies there; nothing where there is none."""
    try:
        found = folder.read(SWITCH).to_pybytes() if folder.exists(SWITCH) else b""
    except StorageError:
        if folder.exists(SWITCH):
            raise
        return b""  # it was finished in between
    return b"" if is_claim(len(found)) else found


def parse_switch(record: bytes, folder: Folder) -> Switch:
    """The switch that a record tells of; nothing comes or goes where there is none.

    Raises:
        OutputError: it is damaged.
    """
    try:
        return Switch.model_validate_json(record) if record else Switch(come=(), gone=())
    except ValidationError as error:
        raise OutputError(
            f"{folder.at(SWITCH)}: is damaged; it says which runs take the place of others: restore it from a backup"
        ) from error


def begin_switch(folder: Folder, switch: Switch, lease: str = "") -> None:
    """Makes the switch: it has happened when this returns, and `finish_switch` is to follow.

    Args:
        folder: the output.
        switch: what takes the place of what.
        lease: the token of the output's lock.

    Raises:
        LeaseLost: another writer holds the output; nothing has happened.
        StorageError: the record cannot be written; nothing has happened.
    """
    record = json.dumps(switch.model_dump(mode="json")).encode().ljust(_RECORD_BYTES)
    create_fenced(folder, SWITCH, record, lease)
    folder.sync([SWITCH])


def finish_switch(folder: Folder) -> None:
    """Brings the manifests to what the record of a switch says, if there is one. Nobody else may be writing.

    What the runs that are gone leave is removed by the clean-up.
    """
    record = switch_record(folder)
    if not record:
        return
    switch = parse_switch(record, folder)
    coming = switch.coming(folder)
    for run in coming:
        folder.write(manifest_path(run.name), folder.read(run.waiting_manifest()), durable=True)
    for name in switch.gone:
        folder.remove(Run(folder, name).report())
    for name in set(switch.gone).difference(run.name for run in coming):
        folder.remove(manifest_path(name))
    folder.sync_names([SWITCH])
    folder.remove(SWITCH)
    folder.sync_names([SWITCH])  # before anything of the runs that are gone is removed
