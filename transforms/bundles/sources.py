"""The columns that tables carry along: their types, found out, united over the tables of a run, and their values."""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Any

import orjson
import pyarrow as pa
from pyarrow import types

# Values of no one type, and those that Parquet has no type for, become JSON text.
JSON = pa.json_()
_PLAIN = {
    pa.large_string(): pa.string(),
    pa.string_view(): pa.string(),
    pa.large_binary(): pa.binary(),
    pa.binary_view(): pa.binary(),
    pa.time32("s"): pa.time32("ms"),
}
_LISTS = (
    types.is_list,
    types.is_large_list,
    types.is_list_view,
    types.is_large_list_view,
    types.is_fixed_size_list,
)
_DEEPEST = 16  # levels of lists and structs; what lies deeper is JSON text


def source_type(fields: Mapping[str, pa.DataType]) -> pa.DataType:
    """The struct type of some columns."""
    return pa.struct([pa.field(name, plain_type(dtype)) for name, dtype in fields.items()])


def plain_type(dtype: pa.DataType) -> pa.DataType:  # noqa: PLR0911 - a line a kind
    """The type as Parquet has it: without Arrow's variants of strings, lists and dictionaries."""
    if isinstance(dtype, pa.BaseExtensionType):
        return JSON if dtype.extension_name == JSON.extension_name else plain_type(dtype.storage_type)
    if types.is_dictionary(dtype) or types.is_run_end_encoded(dtype):
        return plain_type(dtype.value_type)
    if any(is_list(dtype) for is_list in _LISTS):
        return pa.list_(plain_type(dtype.value_type))
    if types.is_struct(dtype):
        names = unique_names([field.name for field in dtype])
        return pa.struct([(name, plain_type(field.type)) for name, field in zip(names, dtype, strict=True)])
    if types.is_map(dtype):
        return pa.map_(plain_type(dtype.key_type), plain_type(dtype.item_type))
    if types.is_union(dtype) or types.is_interval(dtype):
        return JSON
    if types.is_timestamp(dtype) and dtype.unit == "s":
        return pa.timestamp("ms", dtype.tz)  # Parquet has no seconds
    return _PLAIN.get(dtype, dtype)


def unique_names(names: Sequence[str]) -> list[str]:
    """The names of columns, each once: others of a name get a number."""
    found: dict[str, None] = {}
    for name in names:
        again, number = name, 1
        while again in found or (number > 1 and again in names):
            number += 1
            again = f"{name}_{number}"
        found[again] = None
    return list(found)


def unite(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """The type that holds the values of both: JSON text where no other does. In any order the same, but for fields."""
    if one == other or types.is_null(other):
        return one
    if types.is_null(one):
        return other
    if types.is_struct(one) and types.is_struct(other):
        fields = {field.name: field.type for field in one}
        for field in other:
            fields[field.name] = unite(fields.get(field.name, pa.null()), field.type)
        return pa.struct(list(fields.items()))
    if types.is_list(one) and types.is_list(other):
        return pa.list_(unite(one.value_type, other.value_type))
    return _number(one, other) or JSON


def _number(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """The type of two kinds of numbers; None where one is no number."""
    both = (one, other)
    if not all(types.is_integer(each) or types.is_floating(each) for each in both):
        return None
    if all(types.is_floating(each) for each in both):
        return max(both, key=lambda each: each.bit_width)
    if any(types.is_floating(each) for each in both):
        return pa.float64()
    if types.is_signed_integer(one) == types.is_signed_integer(other):
        return max(both, key=lambda each: each.bit_width)
    # An unsigned one needs a bit more.
    bits = max(each.bit_width * (2 if types.is_unsigned_integer(each) else 1) for each in both)
    return {16: pa.int16(), 32: pa.int32(), 64: pa.int64()}.get(bits, pa.float64())


def infer(values: Sequence[Any]) -> pa.DataType:
    """The type of values of JSON, united; the same however they are parted."""
    try:
        return pa.array(values).type
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):
        return reduce(unite, map(_type_of, values), pa.null())


def _type_of(value: Any) -> pa.DataType:
    if isinstance(value, dict):
        return pa.struct([(key, _type_of(each)) for key, each in value.items()])
    if isinstance(value, list):
        return pa.list_(reduce(unite, map(_type_of, value), pa.null()))
    if type(value) is int:
        return pa.int64() if value < 1 << 63 else pa.uint64()
    plain = {bool: pa.bool_(), float: pa.float64(), str: pa.string(), type(None): pa.null()}
    return plain[type(value)]


def settled(dtype: pa.DataType, depth: int = 0) -> pa.DataType:
    """The type as it is written: a column of nulls only is of strings, and what Parquet cannot hold is JSON text."""
    if types.is_null(dtype):
        return pa.string()
    if (types.is_struct(dtype) and not len(dtype)) or depth > _DEEPEST:
        return JSON
    if types.is_struct(dtype):
        return pa.struct([(field.name, settled(field.type, depth + 1)) for field in dtype])
    if types.is_list(dtype):
        return pa.list_(pa.field("element", settled(dtype.value_type, depth + 1)))
    return dtype


def written(dtype: pa.DataType) -> pa.DataType:
    """The type in files: JSON text is text."""
    if dtype == JSON:
        return pa.string()
    if types.is_struct(dtype):
        return pa.struct([(field.name, written(field.type)) for field in dtype])
    return pa.list_(pa.field("element", written(dtype.value_type))) if types.is_list(dtype) else dtype


def pack(dtype: pa.DataType | None) -> str:
    """A type as text, for `unpack`; empty for None."""
    if dtype is None:
        return ""
    return base64.b64encode(pa.schema([("source", dtype)]).serialize().to_pybytes()).decode()


def unpack(text: str) -> pa.DataType | None:
    """The type that `pack` gave as text."""
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(text))).field("source").type if text else None


def united(packed: Iterable[str]) -> str:
    """The type that holds the carried columns of all parts of a run, which are in input order; all are packed."""
    kinds = [dtype for text in dict.fromkeys(packed) if (dtype := unpack(text)) is not None]
    if not kinds:
        return ""
    whole = reduce(unite, kinds)
    return pack(settled(whole)) if len(whole) else ""


def described(dtype: pa.DataType | None) -> dict[str, str]:
    """The carried columns by name, each with its type in words: `json` for JSON text."""
    if dtype is None:
        return {}
    return {each.name: "json" if each.type == JSON else str(written(each.type)) for each in dtype}


def readable(kinds: Sequence[pa.DataType]) -> pa.DataType:
    """The type in which the carried columns of several runs, as they are in files, can be read together.

    A column of several types is text if none of them is nested, and else left out.
    """
    fields: dict[str, list[pa.DataType]] = {}
    for kind in kinds:
        for each in kind:
            fields.setdefault(each.name, []).append(each.type)
    found = {}
    for name, own in fields.items():
        dtype = reduce(unite, own)
        if not _has_json(dtype):
            found[name] = dtype
        elif not any(types.is_nested(each) for each in own):
            found[name] = pa.string()
    return pa.struct(list(found.items()))


def array_of(values: Sequence[Any], dtype: pa.DataType) -> pa.Array:
    """Values of Python in a settled type, as it is written."""
    if not _has_json(dtype):
        try:
            return pa.array(values, dtype)
        except (pa.ArrowException, OverflowError, UnicodeEncodeError):
            pass
    return pa.array([_shape(value, dtype) for value in values], written(dtype))


def _has_json(dtype: pa.DataType) -> bool:
    children = [dtype.field(at).type for at in range(dtype.num_fields)]
    return bool(dtype == JSON) or any(map(_has_json, children))


def _shape(value: Any, dtype: pa.DataType) -> Any:
    """A value as `pa.array` takes it for a type."""
    if value is None:
        return None
    if dtype == JSON:
        return _json_text(value)
    if types.is_struct(dtype):
        return {field.name: _shape(value.get(field.name), field.type) for field in dtype}
    if types.is_list(dtype):
        return [_shape(each, dtype.value_type) for each in value]
    return float(value) if types.is_floating(dtype) else value


def _json_text(value: Any) -> str:
    try:
        return orjson.dumps(value, default=_as_json, option=orjson.OPT_NON_STR_KEYS).decode()
    except (TypeError, ValueError):  # too deep for it, or a number of more than 64 bits
        return json.dumps(value, default=str, ensure_ascii=False)


def _as_json(value: Any) -> Any:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def cast(array: pa.Array, dtype: pa.DataType) -> pa.Array:
    """A column of a table, or part of one, in a settled type, as it is written.

    Raises:
        pa.ArrowException: its values are damaged.
    """
    plain = decoded(array)
    wanted = written(dtype)
    if not _has_json(dtype):
        try:
            return plain if plain.type == wanted else plain.cast(wanted)
        except pa.ArrowException:
            pass
    return pa.array(_values(plain, dtype), wanted)


def decoded(array: pa.Array) -> pa.Array:
    """The array without a dictionary, run ends or extension on top."""
    if isinstance(array, pa.ExtensionArray):
        return decoded(array.storage)
    if isinstance(array, pa.DictionaryArray):
        return decoded(array.dictionary_decode())
    return pa.compute.run_end_decode(array) if types.is_run_end_encoded(array.type) else array


def _values(array: pa.Array, dtype: pa.DataType) -> list[Any]:
    """The values of Python that `pa.array` makes the type of."""
    if types.is_temporal(array.type) or types.is_decimal(array.type):
        array = array.cast(pa.string())  # Python's own dates end with the year 9999
    try:
        return [_shape(value, dtype) for value in array.to_pylist()]
    except (ValueError, OverflowError, AttributeError, TypeError):
        return [None if not each.is_valid else json.dumps(str(each), ensure_ascii=False) for each in array]
