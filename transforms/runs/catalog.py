"""The committed runs of an output: what their manifests say that later runs must know."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from transforms import storage
from transforms.bundles.stores import open_store
from transforms.dedup.settings import WORKING_KEYS
from transforms.errors import UsageError
from transforms.runs.inputs import TakenInput
from transforms.runs.manifest import read_manifest
from transforms.runs.run import MANIFESTS


class IndexSettingsError(UsageError):
    """An output whose runs were made with another definition of a duplicate."""


class CommittedRun(NamedTuple):
    """What tells a run from all others: one that replaces it has its name, and began at another time."""

    run: str
    started: str


@dataclass(frozen=True)
class RunFacts:
    """A committed run.

    Attributes:
        key: its name, and when it began.
        sequence: its place among the commits.
        dedup: the settings that say what a duplicate is.
        paragraphs: how many it read.
        plan: the digest of the job's plan that it is a slice of.
        of: the number of slices in that plan.
        inputs: what it took.
    """

    key: CommittedRun
    sequence: int
    dedup: Mapping[str, Any]
    paragraphs: int
    plan: str
    of: int
    inputs: tuple[TakenInput, ...]

    @property
    def run(self) -> str:
        """Its name."""
        return self.key.run


def committed(output: str) -> list[RunFacts]:
    """The committed runs in the order of their commits; a process reads each manifest once.

    Raises:
        OutputError: a manifest cannot be read.
    """
    store, folder = open_store(storage.join(output, MANIFESTS))
    if store.kind(folder) != "folder":
        return []
    names = {entry.path.rsplit("/", 1)[-1]: entry.state for entry in store.walk(folder, 1)}
    runs = [_facts(output, name.removesuffix(".json"), names[name]) for name in names if name.endswith(".json")]
    return sorted(runs, key=lambda each: (each.sequence, each.key))


@lru_cache(maxsize=100_000)
def _facts(output: str, run: str, _state: str) -> RunFacts:
    """The state makes sure that a manifest which was replaced is read again."""
    manifest = read_manifest(output, run)
    part = manifest.get("slice", {"plan": "", "of": 1})
    return RunFacts(
        CommittedRun(run, manifest["started"]),
        manifest["sequence"],
        manifest["settings"]["dedup"],
        manifest["counts"]["paragraphs"]["in"],
        part["plan"],
        part["of"],
        tuple(TakenInput(*(each[name] for name in TakenInput._fields)) for each in manifest["inputs"]),
    )


def check_settings(output: str, runs: Iterable[RunFacts], dedup: Mapping[str, Any]) -> None:
    """Checks that all runs were made with the same definition of a duplicate.

    Raises:
        IndexSettingsError: one was not; the line names its settings and these.
    """
    here = dict(_flat(dedup, "dedup"))
    for each in runs:
        there = dict(_flat(each.dedup, "dedup"))
        different = sorted(key for key in here | there if here.get(key) != there.get(key))
        if different:
            raise IndexSettingsError(
                f"output {output}: run {each.run} was made with {_settings(there, different)}, "
                f"this one has {_settings(here, different)}; use the same settings or another output"
            )


def _flat(settings: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}.{key}")
        elif key not in WORKING_KEYS:
            yield f"{prefix}.{key}", value


def _settings(values: Mapping[str, Any], keys: Iterable[str]) -> str:
    return ", ".join(f"{key}={values.get(key)}" for key in keys)
