"""Where everything lies in an output folder."""

from collections.abc import Callable
from dataclasses import dataclass

from transforms import storage
from transforms.bundles.errors import BundleFailed

MARKER = "rafid.json"  # an output folder has it; a folder without it is somebody else's
MANIFESTS = "manifests"
LEDGER_FOLDERS = ("documents", "duplicates", "filtered", "rejects")
DRAIN = ".drain"  # a file of this name tells a stream to end
INDEX = "index"
REPORTS = "reports"


def manifest_path(run: str) -> str:
    """The manifest of a run: there, the run is committed."""
    return f"{MANIFESTS}/{run}.json"


def run_folder(kind: str, run: str) -> str:
    """The folder of a run's files of one kind, named so that readers see `run` as a partition."""
    return f"{kind}/run={run}"


@dataclass(frozen=True)
class RunPaths:
    """The paths of one run's files, relative to the output folder."""

    output: str
    run: str

    def shard(self, ledger: str, split: str) -> str:
        """A split's file of one of `LEDGER_FOLDERS`."""
        return f"{run_folder(ledger, self.run)}/{split}.parquet"

    def fingerprint_folder(self) -> str:
        """The folder of fingerprint files; it goes when the run is indexed."""
        return f"{run_folder(INDEX, self.run)}/fingerprints"

    def fingerprint(self, split: str) -> str:
        """A split's fingerprint file."""
        return f"{self.fingerprint_folder()}/{split}.arrow"

    def verdict_folder(self) -> str:
        """The folder of verdict files; it goes when the run is indexed."""
        return f"{run_folder(INDEX, self.run)}/verdicts"

    def verdicts(self, split: str) -> str:
        """A split's verdict file."""
        return f"{self.verdict_folder()}/{split}.arrow"

    def scratch_folder(self) -> str:
        """What stages hand to each other beside fingerprints and verdicts; it goes when the run is committed."""
        return f"{run_folder(INDEX, self.run)}/scratch"

    def opening(self) -> str:
        """What the run was opened with."""
        return f"{self.scratch_folder()}/opening.json"

    def setback(self) -> str:
        """Why the run was given up, if it was."""
        return f"{self.scratch_folder()}/setback.txt"

    def join_figures(self) -> str:
        """What the run's join came to; the manifest says the same."""
        return f"{self.scratch_folder()}/join.json"


OnFailure = Callable[[RunPaths, BundleFailed], None]


def fail(_: RunPaths, error: BundleFailed) -> None:
    """Ends the run with the error."""
    raise error


def give_up(paths: RunPaths, error: BundleFailed) -> None:
    """Leaves the note; the run's stages, which look for it, do no more for it."""
    storage.write_whole(paths.output, paths.setback(), str(error).encode())


def is_given_up(paths: RunPaths) -> bool:
    """Whether a bundle of the run has failed."""
    return storage.exists(storage.join(paths.output, paths.setback()))


def read_setback(paths: RunPaths) -> str:
    """Why the run was given up, in one line."""
    return str(storage.read_whole(storage.join(paths.output, paths.setback())).to_pybytes(), "utf-8")
