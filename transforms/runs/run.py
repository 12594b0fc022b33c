"""A run: its name, its files in an output folder, and what happens to it from its opening to its end."""

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import ValidationError

from transforms.bundles.errors import BundleFailed
from transforms.errors import RunError, command_line
from transforms.filesystems import FileTaken, OutputError
from transforms.runs.lease import token_of
from transforms.runs.lock import MANIFESTS, create_fenced, is_claim
from transforms.runs.manifest import Manifest, Opening
from transforms.runs.names import LEDGER_FOLDERS, check_name, generation_of, parse_id, run_id, shard_path
from transforms.sealed import Damaged, seal_text, unseal_text
from transforms.storage import Folder

WAITING = f"{MANIFESTS}/.waiting"  # manifests of runs that take the place of others with the last run of their job
INDEX = "index"
REPORTS = "reports"
CORPUS_PAGE = f"{REPORTS}/index.html"
REPORT_DUE = ".due"
CARD = "README.md"  # the dataset card of the corpus


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

    A run that takes the place of another of its name is of the next generation, and lies beside it.

    Attributes:
        folder: the output.
        name: the run's name in it.
        generation: how often a run of this name was replaced.
    """

    folder: Folder
    name: str
    generation: int = 0

    def __post_init__(self) -> None:
        check_name(self.name)

    @classmethod
    def of(cls, folder: Folder, run: str) -> "Run":
        """The run with that id."""
        return cls(folder, *parse_id(run))

    @property
    def id(self) -> str:
        """The text that stages hand on: the name, and the generation where it is not the first."""
        return run_id(self.name, self.generation)

    def shard(self, ledger: str, split: str) -> str:
        """The path of a split's file of one of `LEDGER_FOLDERS`."""
        return shard_path(ledger, self.name, self.generation, split)

    def index_folder(self) -> str:
        """The folder of the run's own part of the index."""
        return run_folder(INDEX, self.id)

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

    def source_type(self) -> str:
        """The path of the type of the columns that the run's tables carry."""
        return f"{self.scratch_folder()}/source.json"

    def report(self) -> str:
        """The path of the run's report."""
        return f"{REPORTS}/{self.name}.html"

    def report_note(self) -> str:
        """The path of the note that the run's report is still to be written."""
        return f"{REPORTS}/.{self.id}{REPORT_DUE}"

    def waiting_manifest(self) -> str:
        """The path of the run's manifest while it waits."""
        return f"{WAITING}/{self.id}.json"

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
        """True where the run, of this generation, has a manifest that counts."""
        path = manifest_path(self.name)
        return self._has_manifest(path) and self._read(path).generation == self.generation

    def is_done(self) -> bool:
        """True where the run has a manifest, be it one that waits."""
        return self._has_manifest(self.waiting_manifest()) or self.is_committed()

    def _has_manifest(self, path: str) -> bool:
        size = self.folder.size(path)
        return size > 0 and not is_claim(size)

    def manifest(self) -> Manifest:
        """The manifest of the run that is done, as it waits or is committed.

        Raises:
            RafidError: it is not done, or its manifest is damaged.
        """
        if self._has_manifest(self.waiting_manifest()):
            return self._read(self.waiting_manifest())
        return self.manifest_of_name()

    def manifest_of_name(self) -> Manifest:
        """The manifest of the run of this name that was committed, of whichever generation it is.

        Raises:
            RafidError: there is none, or it is damaged.
        """
        return self._read(manifest_path(self.name))

    def _read(self, path: str) -> Manifest:
        remedy = f"restore it from a backup, or remove the run: {self.how_to_remove()}"
        try:
            text = unseal_text(self.folder.read(path).to_pybytes())
        except Damaged as error:
            raise OutputError(f"{self.folder.at(path)}: is damaged: {error}; {remedy}") from error
        found = parse_manifest(text, self.folder.at(path), remedy)
        if found.run != self.name:
            raise OutputError(f"{self.folder.at(path)}: is the manifest of run {found.run}; {remedy}")
        return found

    def how_to_remove(self) -> str:
        """The command that removes the run, whatever is left of it."""
        return f"{command_line('runs')} {self.folder.url} remove {self.name} --yes"

    def commit(self, manifest: Manifest, lease: str = "", *, waiting: bool = False) -> None:
        """Commits the run: its manifest appears whole or not at all; of two writers of one run, one commits it.

        After a power cut all that it names is there, and so is what the index is built from.

        Args:
            manifest: what is committed.
            lease: the token of the lock that the run was opened under.
            waiting: let it wait for the other runs of its job.

        Raises:
            LeaseLost: another writer holds the output.
            RunTaken: another has committed it.
        """
        path = self.waiting_manifest() if waiting else manifest_path(self.name)
        self.folder.sync([*(file.path for file in manifest.files), *self._sources()])
        try:
            create_fenced(self.folder, path, seal_text(manifest.to_json()), lease)
        except FileTaken as error:
            if not self._has_manifest(path) or self._read(path).key != manifest.key:  # else this is a second attempt
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
        """Removes the run, its manifest first: from then on it does not exist.

        Runs of its name and of other generations stay, and so does what a link leads to that stands for a ledger.
        """
        if self.is_committed():
            manifest = manifest_path(self.name)
            self.folder.remove(self.report())
            self.folder.remove(manifest)
            self.folder.sync_names([manifest])
        for ledger in LEDGER_FOLDERS:
            if not self.folder.is_link(ledger):
                self._remove_shards(run_folder(ledger, self.name))
        for path in (self.report_note(), self.index_folder(), self.waiting_manifest()):  # as long as one is there,
            self.folder.remove(path)  # somebody knows that there is more to remove

    def _remove_shards(self, folder: str) -> None:
        if self.folder.is_link(folder):
            self.folder.remove(folder)
            return
        names = self.folder.names(folder)
        own = [name for name in names if generation_of(name) == self.generation]
        if len(own) == len(names):
            self.folder.remove(folder)
        else:
            self.folder.remove_files(f"{folder}/{name}" for name in own)


def parse_manifest(text: bytes, origin: str, remedy: str = "restore it from a backup") -> Manifest:
    """The manifest in a file.

    Args:
        text: the file's bytes.
        origin: names the file in an error.
        remedy: what can be done about a damaged one.

    Raises:
        OutputError: it is none, or of a format that this version does not know.
    """
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        what = ": ".join(filter(None, (".".join(map(str, first["loc"])), first["msg"])))
        raise OutputError(f"{origin}: is not a manifest ({what}); {remedy}") from error


# Called when a bundle of a run fails.
OnFailure = Callable[[Run, BundleFailed], None]


def abort(_: Run, error: BundleFailed) -> None:
    """Ends the run with the error."""
    raise error


def abandon(run: Run, error: BundleFailed) -> None:
    """Gives up the run, a window of a stream, whose bundles are taken by a later one."""
    run.give_up(str(error))
