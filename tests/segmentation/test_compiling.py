"""The compiled tables: what is in them, what cannot be, and that a file gives them back."""

import dataclasses
import random
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest

from tests.damaging import DAMAGES, damage
from tests.segmentation.decoding import read_model
from tests.segmentation.samples import PREFIX_CHAINS, STEMS, SUFFIX_CHAINS, model, tables
from transforms.segmentation import records
from transforms.segmentation import tables as tables_module
from transforms.segmentation.compiling import compile_tables, describe, encode
from transforms.segmentation.kernels.ranking import rank_all
from transforms.segmentation.model import Model
from transforms.segmentation.ranking import best_parse
from transforms.segmentation.records import DTYPES, Tables
from transforms.segmentation.tables import FORMAT, TablesError, open_tables, write_tables


def changed(**fields: object) -> Model:
    return dataclasses.replace(model(), **fields)  # type: ignore[arg-type]


def test_ranking_alone_gives_the_answers_of_the_definition() -> None:
    words = [word for word in STEMS if word]
    answers = np.zeros(len(words), np.int64)
    rank_all(*encode(words), tables(), answers)
    parses = [best_parse(word, model()) for word in words]
    expected = [
        PREFIX_CHAINS.index(parse.prefixes) | SUFFIX_CHAINS.index(parse.suffixes) << records.SUFFIXES_SHIFT
        for parse in parses
    ]
    assert answers.tolist() == expected


def test_tables_are_the_same_whatever_the_order_of_sets() -> None:
    chance = random.Random(2)
    lists = {name: frozenset(chance.sample(sorted(forms), len(forms))) for name, forms in model().lists.items()}
    again = compile_tables(
        changed(lists=lists, counts=dict(chance.sample(list(model().counts.items()), len(model().counts))))
    )
    assert all(np.array_equal(one, other) for one, other in zip(tables(), again, strict=True))


def test_tables_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        tables().slots[0] = 1


def test_forms_of_other_characters_are_left_out() -> None:
    some = next(iter(model().counts.values()))
    counts = {**model().counts, "NATO": some, "كتاب1": some, "كِتاب": some}
    assert np.array_equal(compile_tables(changed(counts=counts)).slots, tables().slots)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"prefix_chains": {"و+": 0.5, "": 0.5}}, "2 chains of affixes: there may be 32, the first of them empty"),
        ({"suffix_chains": {"": 0.5, **{f"+{n}": 0.5 for n in range(128)}}}, "129 chains of affixes: there may be 128"),
        ({"prefix_chains": {"": 0.5, "ال+" * 6: 0.5}}, "more than 10 letters"),
        ({"templates": {"mstfElAn": 0.5}}, "more than 7 letters"),
    ],
)
def test_what_the_arrays_cannot_hold_is_told(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        compile_tables(changed(**fields))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a folder" / "farasa.arrow"
    write_tables(tables(), describe(model()), path)
    return path


def test_a_file_gives_back_the_tables(path: Path) -> None:
    opened = open_tables(path)
    assert all(np.array_equal(one, other) for one, other in zip(tables(), opened, strict=True))
    assert [array.dtype for array in opened] == list(DTYPES.values())
    assert tuple(DTYPES) == Tables._fields
    assert not any(array.flags.writeable or array.flags.owndata for array in opened)
    assert [each.name for each in path.parent.iterdir()] == ["farasa.arrow"]


def test_a_file_gives_back_the_model(path: Path) -> None:
    found, expected = read_model(path), model()
    long = "و" * 40
    counts = {form: count for form, count in expected.counts.items() if form != long}
    lists = {name: forms - {long} for name, forms in expected.lists.items()}
    tokenised = {word: (";".join(best_parse(word, expected)),) for word in expected.tokenised}
    assert found == dataclasses.replace(expected, counts=counts, lists=lists, tokenised=tokenised)
    assert list(found.prefix_chains) == list(PREFIX_CHAINS)


def test_a_missing_file_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(
        TablesError, match=r"none\.arrow: Farasa's data is not there; run: python -m pipelines\.farasa fetch"
    ):
        open_tables(tmp_path / "none.arrow")


@pytest.mark.parametrize("damage", [b"", b"no tables", None])
def test_a_file_that_is_something_else_says_so(path: Path, damage: bytes | None) -> None:
    path.write_bytes(path.read_bytes()[:5000] if damage is None else damage)
    with pytest.raises(TablesError, match=r"is not Farasa's data.*run: python -m pipelines\.farasa fetch") as caught:
        open_tables(path)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("kind", DAMAGES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_file_is_never_believed(path: Path, kind: Callable[[bytes, Random], bytes], seed: int) -> None:
    damage(path, kind, seed)
    with pytest.raises(TablesError, match=r"is not Farasa's data.*run: python -m pipelines\.farasa fetch") as caught:
        open_tables(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["prefixes", "suffixes", "pairs", "roots", "weights", "terms", "template_bounds"])
def test_tables_that_do_not_fit_each_other_are_never_believed(path: Path, name: str) -> None:
    there = open_tables(path)
    write_tables(there._replace(**{name: getattr(there, name)[:-1]}), b"", path)
    with pytest.raises(TablesError, match="its tables do not fit each other"):
        open_tables(path)


def test_a_file_of_another_format_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables_module, "_MAGIC", f"rafid-farasa-{FORMAT + 1}".encode())
    with pytest.raises(TablesError, match="as this version of Rafid compiles it"):
        open_tables(path)


def test_a_file_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Exception, match=r"file/below: cannot be written: \w+") as caught:
        write_tables(tables(), b"", tmp_path / "file" / "below")
    assert "\n" not in str(caught.value)
