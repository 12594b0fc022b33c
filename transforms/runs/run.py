"""A run: its name, its files in an output folder, and what happens to it from its opening to its end."""

from collections.abc import Callable
from dataclasses import dataclass

from transforms.bundles.errors import BundleFailed
from transforms.errors import RunError
from transforms.filesystems import FileTaken, OutputError
from transforms.runs.lease import token_of
from transforms.runs.lock import MANIFESTS, create_fenced, is_claim
from transforms.runs.manifest import Manifest, Opening, parse_manifest
from transforms.storage import Folder

LEDGER_FOLDERS = ("documents", "duplicates", "filtered", "rejects")
INDEX = "index"
REPORTS = "reports"


class RunTaken(RunError):  # noqa: N818 - says what is
    """A run that another writer has committed."""


def manifest_path(run: str) -> str:
    """The path of a run's manifest."""
    return f"{MANIFESTS}/{run}.json"


def run_folder(kind: str, run: str) -> str:
    """The folder of a run's files of one kind, named so that readers see `run` as a partition."""
    return f"{kind}/run={run}"


@dataclass(frozen=True)
class Run:
    """One run of an output folder.

    Attributes:
        folder: the output.
        name: the run's name in it.
    """

    folder: Folder
    name: str

    def shard(self, ledger: str, split: str) -> str:
        """The path of a split's file of one of `LEDGER_FOLDERS`."""
        return f"{run_folder(ledger, self.name)}/{split}.parquet"

    def index_folder(self) -> str:
        """The folder of the run's own part of the index."""
        return run_folder(INDEX, self.name)

    def fingerprint_folder(self) -> str:
        """The folder of fingerprint files; it goes when the run is indexed."""
        return f"{self.index_folder()}/fingerprints"

    def fingerprint(self, split: str) -> str:
        """The path of a split's fingerprint file."""
        return f"{self.fingerprint_folder()}/{split}.arrow"

    def verdict_folder(self) -> str:
        """The folder of verdict files; it goes when the run is indexed."""
        return f"{self.index_folder()}/verdicts"

    def verdicts(self, split: str) -> str:
        """The path of a split's verdict file."""
        return f"{self.verdict_folder()}/{split}.arrow"

    def scratch_folder(self) -> str:
        """The folder of what else stages hand to each other; it goes when the run is committed."""
        return f"{self.index_folder()}/scratch"

    def join_figures(self) -> str:
        """The path of the figures of the run's join; the manifest says the same."""
        return f"{self.scratch_folder()}/join.json"

    def report(self) -> str:
        """The path of the run's report."""
        return f"{REPORTS}/{self.name}.html"

    @property
    def _opening(self) -> str:
        return f"{self.scratch_folder()}/opening.json"

    @property
    def _note(self) -> str:
        return f"{self.scratch_folder()}/given_up.txt"

    def open(self, opening: Opening) -> None:
        """Opens the run for the holder of the output: its stages may begin."""
        opening = opening.model_copy(update={"lease": token_of(self.folder)})
        self.folder.write_json(self._opening, opening.model_dump(mode="json"))

    def is_open(self) -> bool:
        """True from its opening until it is committed or removed."""
        return self.folder.exists(self._opening)

    def opening(self) -> Opening:
        """The file that the run was opened with.

        Raises:
            StorageError: it is not open.
        """
        return Opening.model_validate(self.folder.read_json(self._opening))

    def give_up(self, reason: str) -> None:
        """Gives up the run, a window of a stream: its stages, which look for the note, do no more for it."""
        self.folder.write(self._note, reason.encode())

    def is_given_up(self) -> bool:
        """True where the run was given up."""
        return self.folder.exists(self._note)

    def why_given_up(self) -> str:
        """The reason why the run was given up, in one line."""
        return str(self.folder.read(self._note).to_pybytes(), "utf-8")

    def is_committed(self) -> bool:
        """True where the run has a manifest."""
        size = self.folder.size(manifest_path(self.name))
        return size > 0 and not is_claim(size)

    def manifest(self) -> Manifest:
        """The manifest of the committed run.

        Raises:
            OutputError: it is not committed, or its manifest is damaged.
        """
        path = manifest_path(self.name)
        if not self.is_committed():
            there = sorted(name.removesuffix(".json") for name in self.folder.names(MANIFESTS))
            raise OutputError(
                f"{self.folder.url}: has no committed run {self.name}; its runs: {', '.join(there) or 'none'}"
            )
        return parse_manifest(self.folder.read(path).to_pybytes(), self.folder.at(path))

    def commit(self, manifest: Manifest, lease: str = "") -> None:
        """Commits the run: its manifest appears whole or not at all; of two writers of one run, one commits it.

        After a power cut all that it names is there, and so is what the index is built from.

        Args:
            manifest: what is committed.
            lease: the token of the lock that the run was opened under.

        Raises:
            LeaseLost: another writer holds the output.
            RunTaken: another has committed it.
        """
        path = manifest_path(self.name)
        self.folder.sync([*(file.path for file in manifest.files), *self._sources()])
        try:
            create_fenced(self.folder, path, manifest.to_json().encode(), lease)
        except FileTaken as error:
            if not self.is_committed() or self.manifest().key != manifest.key:  # else this is a second attempt
                raise RunTaken(
                    f"{self.folder.at(path)}: another writer has committed run {self.name} in the meantime; "
                    "give this one another name with --run"
                ) from error
        self.folder.sync([path])

    def _sources(self) -> list[str]:
        """The files that the index is built from, where they are to survive a power cut."""
        folders = (self.fingerprint_folder(), self.verdict_folder()) if self.folder.is_local else ()
        return [f"{folder}/{name}" for folder in folders for name in self.folder.files(folder)]

    def remove(self) -> None:
        """Removes the run, its manifest first: from then on it does not exist."""
        manifest = manifest_path(self.name)
        self.folder.remove(manifest)
        self.folder.sync_names([manifest])
        for kind in (*LEDGER_FOLDERS, INDEX):
            self.folder.remove(run_folder(kind, self.name))
        self.folder.remove(self.report())


# Called when a bundle of a run fails.
OnFailure = Callable[[Run, BundleFailed], None]


def abort(_: Run, error: BundleFailed) -> None:
    """Ends the run with the error."""
    raise error


def abandon(run: Run, error: BundleFailed) -> None:
    """Gives up the run, a window of a stream, whose bundles are taken by a later one."""
    run.give_up(str(error))
