"""What may be the name of a run, and whose file one is."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.errors import UsageError
from transforms.runs.names import (
    LEDGER_FOLDERS,
    MOST_LETTERS,
    check_name,
    check_new_name,
    generation_of,
    is_shard,
    parse_id,
    run_id,
    shard_path,
)

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,30}", fullmatch=True)


@pytest.mark.parametrize("name", ["x", "2026-11", "20261128T010203.000001Z-60s", "a..b", "x" * MOST_LETTERS, "v1.10"])
def test_names_that_runs_may_have(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x",
        "x/y",
        "x\\y",
        "/x",
        "-x",
        "_x",
        ".x",
        "x y",
        "x\n",
        "x\0",
        "x~1",
        "run=x",
        "خبر",
        "x" * 121,
    ],
)
def test_names_that_no_run_has(name: str) -> None:
    for check in (check_name, check_new_name):
        with pytest.raises(UsageError, match="cannot be the name of a run") as caught:
            check(name)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name",
    ["007", "7", "1.10", "1.", "1e3", "1E-3", "1.5e10", "10d", "0x1F", "2026-11-27", "2026-1-7", "27-11-2026", "NaN",
     "inf", "Infinity", "true", "FALSE", "null", "None", "0b11", "99999999999999999999", "1-2-3", "10000-01-01",
     "2026.11.27", "27.11.2026", "20261127T120000", "20261127T120000.123456Z", "2026-11-27T120000Z", "epoch"],
)  # fmt: skip
def test_new_names_that_read_as_a_value_are_refused(name: str) -> None:
    """A reader that guesses the types of partitions would make 007 and 7 one run."""
    assert check_name(name) == name
    with pytest.raises(UsageError, match="a number, a date or a truth value; choose another, for example run-"):
        check_new_name(name)


@pytest.mark.parametrize(
    "name", ["run-7", "2026-11", "v7", "7a", "day", "2026-11-27T00", "20261127T0000", "1e3x", "x-slice", "e3"]
)
def test_new_names(name: str) -> None:
    assert check_new_name(name) == name


def test_new_names_are_not_those_of_slices_nor_too_long() -> None:
    with pytest.raises(UsageError, match=r"run x-slice-0001: names like this are those of slices"):
        check_new_name("x-slice-0001")
    with pytest.raises(UsageError, match="has 101 characters"):
        check_new_name("x" * 101)


@given(NAMES, st.integers(0, 10**8))
def test_an_id_is_read_as_it_was_made(name: str, generation: int) -> None:
    assert parse_id(run_id(name, generation)) == (name, generation)


@pytest.mark.parametrize("text", ["x~0", "x~", "~1", "x~1~2", "x~01", "x~-1", "x~1/..", "../x~1", "x~1\n"])
def test_what_is_no_id(text: str) -> None:
    with pytest.raises(UsageError):
        parse_id(text)


@given(NAMES, st.integers(0, 99), st.sampled_from(LEDGER_FOLDERS))
def test_a_file_is_known_by_its_path(name: str, generation: int, ledger: str) -> None:
    path = shard_path(ledger, name, generation, "000001-0123456789ab-0001")
    assert is_shard(path, name, generation)
    assert not is_shard(path, name, generation + 1)
    assert not is_shard(path, f"{name}x", generation)
    folder, _, file = path.rpartition("/")
    assert folder == f"{ledger}/run={name}"
    assert generation_of(file) == generation_of(f".{file}.01ab23cd.tmp") == generation


@given(st.one_of(st.integers(0), st.floats(0), st.decimals(0, allow_nan=False), st.booleans()))
def test_no_number_is_a_new_name(value: object) -> None:
    for written in {str(value), str(value).lower()}:
        with pytest.raises(UsageError):
            check_new_name(written.replace("+", ""))


@given(
    st.datetimes(datetime(1000, 1, 1)),
    st.sampled_from(["%Y-%m-%d", "%Y%m%d", "%d.%m.%Y", "%Y-%m-%dT%H%M%S", "%Y%m%dT%H%M%S.%fZ"]),
)
def test_no_date_is_a_new_name(moment: datetime, form: str) -> None:
    with pytest.raises(UsageError):
        check_new_name(moment.strftime(form))
