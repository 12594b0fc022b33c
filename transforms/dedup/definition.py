"""The definition of a duplicate that the runs of an output share."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from transforms.errors import UsageError
from transforms.runs.manifest import Manifest
from transforms.settings import WORKING_KEYS, DedupSettings


class DefinitionError(UsageError):
    """An output whose runs were made with another definition of a duplicate."""


# What held before there was a setting of it.
_FIRST = {"numbers": "ignore", "wordless": "keep", "keep": "first"}


def definition_of(run: Manifest) -> DedupSettings:
    """The definition of a duplicate that a run was made with."""
    return DedupSettings.model_validate(_FIRST | run.setting("dedup"))


def check_definition(
    output: str,
    runs: Iterable[Manifest],
    settings: DedupSettings,
    advice: str = "use the same settings or another output",
) -> None:
    """Checks that all runs were made with the same definition of a duplicate.

    Args:
        output: the URL of the output folder, for the error.
        runs: committed ones.
        settings: of the run that is to come.
        advice: what can be done, for the error.

    Raises:
        DefinitionError: one was not; the line names its settings and these.
    """
    here = dict(_flat(settings.model_dump(mode="json"), "dedup"))
    for each in runs:
        there = dict(_flat(_FIRST | each.setting("dedup"), "dedup"))
        different = sorted(key for key in here | there if here.get(key) != there.get(key))
        if different:
            raise DefinitionError(
                f"output {output}: run {each.run} was made with {_settings(there, different)}, "
                f"this one has {_settings(here, different)}; {advice}"
            )


def _flat(settings: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}.{key}")
        elif key not in WORKING_KEYS:
            yield f"{prefix}.{key}", value


def _settings(values: Mapping[str, Any], keys: Iterable[str]) -> str:
    return ", ".join(f"{key}={values.get(key)}" for key in keys)
