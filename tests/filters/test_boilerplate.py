"""Boilerplate: lines that more than so many documents of a bundle have, exactly, as counted by brute force."""

from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus import read_corpus
from tests.filters.test_repetition import batch_of
from tests.plain_job import ingest_plainly, settings_for, write_bundles
from transforms.filters.boilerplate import boilerplate, repeated_lines
from transforms.filters.running import FilterUnusable, load_filters
from transforms.filters.settings import FilterSettings

LINES = [
    "اقرأ أيضا: أخبار اليوم",
    "اقرأ أيضا: أخبار اليوم !",
    "جميع الحقوق محفوظة للموقع",
    "قال الراوي إن النهر كان يفيض كل عام في الربيع ويسقي الحقول",
    "قال الراوي إن النهر كان يفيض كل عام في الربيع ويسقي البساتين",
    "***",
]
bundles = st.lists(st.lists(st.lists(st.sampled_from(LINES), max_size=5), max_size=7), min_size=1, max_size=3)


def bundle_of(documents: list[list[str]]) -> str:
    return "".join(
        f"<<<FILE>>> {number}\n" + "".join(f"  {line}\n" for line in lines) for number, lines in enumerate(documents)
    )


@settings(deadline=None, max_examples=40)
@given(bundles, st.integers(1, 4))
def test_lines_are_those_that_brute_force_counts(found: list[list[list[str]]], documents: int) -> None:
    """One and the same line, near-duplicates of it, copies within a document, and in several bundles."""
    owners: defaultdict[tuple[int, str], set[int]] = defaultdict(set)
    for bundle, of_bundle in enumerate(found):
        for number, lines in enumerate(of_bundle):
            for line in lines:
                owners[bundle, line].add(number)
    with TemporaryDirectory() as name:
        write_bundles(Path(name) / "in", {f"{at}.txt": bundle_of(of_bundle) for at, of_bundle in enumerate(found)})
        ingest_plainly(settings_for(Path(name) / "out", Path(name) / "in", run__id="x"))
        wanted = {line for (_, line), numbers in owners.items() if len(numbers) > documents}
        assert repeated_lines(str(Path(name) / "out"), "x", documents) == wanted


@pytest.fixture
def look(tmp_path: Path) -> Path:
    """A corpus in which the first and the third line are boilerplate."""
    documents = [[LINES[0], f"مقال رقم {number} لا يشبه غيره في شيء {number}", LINES[2]] for number in range(4)]
    write_bundles(tmp_path / "in", {"a.txt": bundle_of([*documents, [LINES[0], LINES[2]]])})
    ingest_plainly(settings_for(tmp_path / "look", tmp_path / "in", run__id="x"))
    return tmp_path / "look"


def test_what_is_mostly_boilerplate_goes(look: Path, tmp_path: Path) -> None:
    texts = [f"{LINES[0]}\n{LINES[3]}", f" {LINES[0]} \r\n{LINES[2]}\n", LINES[3], ""]
    assert boilerplate(batch_of(*texts), corpus=str(look), run="x", documents=3) == [
        None,
        "boilerplate: 1.000 of the text",
        None,
        None,
    ]
    entry = {"use": "transforms.filters.boilerplate:boilerplate", "corpus": str(look), "run": "x"}
    chosen = [{**entry, "documents": 4, "share": 0.9}]
    ingest_plainly(settings_for(tmp_path / "out", tmp_path / "in", run__id="y", filters=chosen))
    corpus = read_corpus(tmp_path / "out", "y")
    assert [(row["name"], row["reason"]) for row in corpus.filtered] == [("4", "boilerplate: 1.000 of the text")]
    assert repeated_lines(str(look), "x", 5) == frozenset()


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({}, "missing a required argument: 'corpus'"),
        ({"run": "nowhere"}, "has no committed run nowhere"),
        ({"run": "x", "documents": 0}, "should be a whole number from 1 up"),
        ({"run": "x", "share": 1.5}, "should be a share from 0 to 1"),
        ({"run": "z"}, "run z of .* has dedup.scope=document, not corpus"),
    ],
)
def test_what_cannot_tell_lines_is_refused(more: dict[str, Any], wanted: str, look: Path, tmp_path: Path) -> None:
    if more.get("run") == "z":
        ingest_plainly(settings_for(tmp_path / "other", tmp_path / "in", run__id="z", dedup__scope="document"))
        look = tmp_path / "other"
    entry = {"use": "transforms.filters.boilerplate:boilerplate", **({"corpus": str(look)} if more else {}), **more}
    with pytest.raises(FilterUnusable, match=wanted):
        load_filters([FilterSettings.model_validate(entry)])
