"""A run: its name, its files in an output folder, and what happens to it from its opening to its end."""

from collections.abc import Callable
from dataclasses import dataclass

from transforms.bundles.errors import BundleFailed
from transforms.errors import RunError
from transforms.runs.manifest import Manifest, parse_manifest
from transforms.runs.opening import Opening
from transforms.storage import FileTaken, Folder, OutputError

MANIFESTS = "manifests"
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
        """Opens the run: its stages may begin."""
        self.folder.write(self._opening, opening.model_dump_json().encode())

    def is_open(self) -> bool:
        """True from its opening until it is committed or removed."""
        return self.folder.exists(self._opening)

    def opening(self) -> Opening:
        """The file that the run was opened with.

        Raises:
            StorageError: it is not open.
        """
        return Opening.model_validate_json(self.folder.read(self._opening).to_pybytes())

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
        return self.folder.exists(manifest_path(self.name))

    def manifest(self) -> Manifest:
        """The manifest of the committed run.

        Raises:
            OutputError: it is not committed, or its manifest is damaged.
        """
        path = manifest_path(self.name)
        if not self.folder.exists(path):
            there = sorted(name.removesuffix(".json") for name in self.folder.names(MANIFESTS))
            raise OutputError(
                f"{self.folder.url}: has no committed run {self.name}; its runs: {', '.join(there) or 'none'}"
            )
        return parse_manifest(self.folder.read(path).to_pybytes(), self.folder.at(path))

    def commit(self, manifest: Manifest) -> None:
        """Commits the run: its manifest appears whole or not at all; of two writers of one run, one commits it.

        Raises:
            RunTaken: another has.
        """
        for file in manifest.files:
            self.folder.sync(file.path)
        path = manifest_path(self.name)
        try:
            self.folder.create(path, manifest.to_json().encode())
        except FileTaken as error:
            if self.manifest().key != manifest.key:  # else this is a second attempt
                raise RunTaken(
                    f"{self.folder.at(path)}: another writer has committed run {self.name} in the meantime; "
                    "give this one another name with --run"
                ) from error
        self.folder.sync(path)

    def remove(self) -> None:
        """Removes the run, its manifest first: from then on it does not exist."""
        self.folder.remove(manifest_path(self.name))
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
