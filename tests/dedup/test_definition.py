"""The runs of an output share one definition of a duplicate; how they were joined is free."""

from typing import Any

import pytest

from tests.runs.samples import manifest
from transforms.dedup.definition import DefinitionError, check_definition, definition_of
from transforms.runs.manifest import Manifest
from transforms.settings import DedupSettings, ShingleSettings

OUTPUT = "s3://bucket/out"


def made_with(run: str, **values: Any) -> Manifest:
    """A run with these settings of `dedup`."""
    return manifest(run, settings={"dedup": DedupSettings(**values).model_dump(mode="json")})


def test_no_run_and_runs_of_the_same_definition_are_fine() -> None:
    check_definition(OUTPUT, [], DedupSettings())
    check_definition(OUTPUT, [made_with("a"), made_with("b")], DedupSettings())


def test_how_the_join_works_is_no_part_of_the_definition() -> None:
    check_definition(OUTPUT, [made_with("a", join="partitioned", partitions=7)], DedupSettings(join="one_pass"))


def test_the_first_run_that_differs_is_named_with_both_settings() -> None:
    runs = [made_with("a"), made_with("b", fold="none", shingle=ShingleSettings(size=3)), made_with("c", threshold=1.0)]
    with pytest.raises(DefinitionError) as caught:
        check_definition(OUTPUT, runs, DedupSettings())
    assert str(caught.value) == (
        f"output {OUTPUT}: run b was made with dedup.fold=none, dedup.shingle.size=3, "
        "this one has dedup.fold=arabic-2, dedup.shingle.size=2; use the same settings or another output"
    )
    assert caught.value.exit_code == 2


def test_a_run_from_before_there_was_a_setting_has_what_held_then() -> None:
    older = made_with("a", numbers="ignore").settings["dedup"]
    del older["numbers"]
    runs = [manifest("a", settings={"dedup": older})]
    check_definition(OUTPUT, runs, DedupSettings(numbers="ignore"))
    with pytest.raises(DefinitionError, match=r"made with dedup\.numbers=ignore, this one has dedup\.numbers=inner;"):
        check_definition(OUTPUT, runs, DedupSettings())
    assert definition_of(runs[0]) == DedupSettings(numbers="ignore")


def test_a_setting_that_only_one_of_them_knows_differs() -> None:
    older = made_with("a").settings["dedup"]
    del older["minimum_words"]
    with pytest.raises(DefinitionError, match=r"made with dedup\.minimum_words=None, this one has .*=0;"):
        check_definition(OUTPUT, [manifest("a", settings={"dedup": older})], DedupSettings())
