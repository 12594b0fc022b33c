"""The types of carried columns: the same however the rows are parted, and able to hold every value."""

import json
from functools import reduce
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.bundles.sources import (
    JSON,
    array_of,
    described,
    infer,
    pack,
    readable,
    settled,
    unique_names,
    unite,
    united,
    unpack,
    written,
)

NUMBERS = [pa.int8(), pa.uint8(), pa.int32(), pa.uint32(), pa.int64(), pa.uint64(), pa.float16(), pa.float32()]
PLAIN = st.sampled_from([*NUMBERS, pa.float64(), pa.null(), pa.bool_(), pa.string(), pa.date32(), JSON])
TYPES = st.recursive(
    PLAIN,
    lambda inner: (
        inner.map(pa.list_)
        | st.dictionaries(st.sampled_from("abc"), inner, max_size=3).map(lambda fields: pa.struct(list(fields.items())))
    ),
    max_leaves=5,
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(-1e9, 1e9) | st.sampled_from(["نص", "1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "عمود"]), inner, max_size=3),
    max_leaves=8,
)


def without_order(dtype: pa.DataType) -> str:
    """A type as text, the fields of structs by name."""
    if pa.types.is_struct(dtype):
        return str(sorted((field.name, without_order(field.type)) for field in dtype))
    return f"list of {without_order(dtype.value_type)}" if pa.types.is_list(dtype) else str(dtype)


@settings(deadline=None)
@given(TYPES, TYPES, TYPES)
def test_types_unite_in_any_order(one: pa.DataType, two: pa.DataType, three: pa.DataType) -> None:
    assert without_order(unite(one, two)) == without_order(unite(two, one))
    assert unite(unite(one, two), three) == unite(one, unite(two, three))
    assert unite(one, one) == one


@settings(deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=8), st.data())
def test_the_type_of_values_does_not_depend_on_how_they_are_parted(values: list[Any], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(values)), max_size=3)))
    parts = [values[first:end] for first, end in zip([0, *cuts], [*cuts, len(values)], strict=True)]
    assert reduce(unite, map(infer, parts)) == infer(values)


@settings(deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=8))
def test_a_type_holds_the_values_that_it_is_of(values: list[Any]) -> None:
    dtype = settled(infer(values))
    array = array_of(values, dtype)
    array.validate(full=True)
    assert array.type == written(dtype)
    for value, found in zip(values, array.to_pylist(), strict=True):
        assert holds(found, value, dtype)


def holds(found: Any, value: Any, dtype: pa.DataType) -> bool:
    """Whether what stands in an array is the value; fields that it lacks are null."""
    if value is None:
        return found is None
    if dtype == JSON:
        return bool(json.loads(found) == value)
    if isinstance(value, dict):
        return all(holds(found[field.name], value.get(field.name), field.type) for field in dtype)
    if isinstance(value, list):
        return all(holds(*pair, dtype.value_type) for pair in zip(found, value, strict=True))
    return bool(found == (float(value) if dtype == pa.float64() else value))


@settings(deadline=None)
@given(TYPES)
def test_a_type_is_packed_and_unpacked(dtype: pa.DataType) -> None:
    assert unpack(pack(pa.struct([("a", dtype)]))) == pa.struct([("a", dtype)])
    assert (pack(None), unpack("")) == ("", None)


def test_a_run_without_columns_to_carry_has_no_type() -> None:
    nothing = pack(pa.struct([]))
    assert united([]) == united(["", ""]) == united([nothing, ""]) == ""
    found = unpack(united(["", pack(pa.struct([("a", pa.null())])), pack(pa.struct([("b", pa.struct([]))])), nothing]))
    assert described(found) == {"a": "string", "b": "json"}
    assert described(None) == {}


def test_what_is_nested_too_deep_is_json() -> None:
    dtype = reduce(lambda inner, _: pa.list_(inner), range(40), pa.int64())
    value = reduce(lambda inner, _: [inner], range(40), 1)
    found = array_of([value], settled(dtype))
    assert str(found.type).count("list") == 17
    assert json.loads(str(pa.compute.list_flatten(found, recursive=True)[0])) == reduce(lambda i, _: [i], range(23), 1)


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", "a", "a"], ["a", "a_2", "a_3"]),
        (["a", "a", "a_2"], ["a", "a_3", "a_2"]),
        (["", ""], ["", "_2"]),
    ],
)
def test_each_column_has_a_name_of_its_own(names: list[str], wanted: list[str]) -> None:
    assert unique_names(names) == wanted


def test_runs_of_several_types_are_read_together_as_far_as_they_can_be() -> None:
    one = pa.struct([("a", pa.int64()), ("b", pa.list_(pa.int64())), ("c", pa.struct([("x", pa.int64())]))])
    two = pa.struct([("a", pa.string()), ("b", pa.string()), ("c", pa.struct([("y", pa.string())])), ("d", pa.bool_())])
    assert readable([one, two]) == pa.struct(
        [("a", pa.string()), ("c", pa.struct([("x", pa.int64()), ("y", pa.string())])), ("d", pa.bool_())]
    )
