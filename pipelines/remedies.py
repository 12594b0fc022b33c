"""Wrong settings in words: the key, what is wrong with its value, and what to write instead."""

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from transforms.errors import UsageError

_SHOWN = 200  # letters of a value
_SUGGESTED = 3  # keys at most
_DECIMAL = re.compile(r"([0-9]+)[,٫]([0-9]+)")
_PERCENT = re.compile(r"([0-9]{1,2}|100)%")


class ConfigError(UsageError):
    """A setting that is unknown or impossible."""


def described(found: ValidationError, settings: type[BaseModel]) -> str:
    """All that is wrong with settings, in one line.

    Args:
        found: what pydantic says.
        settings: the type of the settings, for the names of their keys.
    """
    return "; ".join(dict.fromkeys(_explain(each, settings) for each in found.errors()))


def _explain(error: Any, settings: type[BaseModel]) -> str:
    """One error: the key, what is wrong with its value, and what is allowed."""
    where, kind, value = error["loc"], error["type"], error["input"]
    key = ".".join(map(str, where))
    if kind == "extra_forbidden":
        return f"{key}: unknown key; {_instead_of_key(where, settings)}"
    if kind == "missing":
        return f"{'.'.join(map(str, where[:-1]))}: lacks {where[-1]}"
    if kind == "model_type":
        return f"{key}: {_shown(value)} is not allowed: it is a section; {_instead_of_section(where, value, settings)}"
    said = error["msg"].removeprefix("Input ").removeprefix("Value error, ").removeprefix("String ")
    return f"{key}: {_shown(value)} is not allowed: {said}{_remedy(error)}"


def _shown(value: Any) -> str:
    """A value as it stands in YAML, nearly."""
    if value is None:
        return "an empty value"
    return str(value).lower() if isinstance(value, bool) else repr(value)[:_SHOWN]


def _remedy(error: Any) -> str:
    """The remedy, with the sign before it that parts it from the sentence; empty where there is none to tell."""
    kind, value = error["type"], error["input"]
    text = value if isinstance(value, str) else ""
    if kind == "literal_error":
        near = difflib.get_close_matches(text, re.findall("'([^']*)'", error["ctx"]["expected"]), 1)
        return f"; did you mean {near[0]}?" if near else ""
    written = {
        "list_type": text and f"[{text}]",
        "dict_type": "keys and values, {KEY: VALUE}",
        "bool_type": "true or false",
        "string_type": f"'{value}', in quotes" if type(value) in (int, float) else "",
        "float_type": _number(text),
        "int_type": _number(text),
    }.get(kind)
    return f"; write {written}" if written else ""


def _number(text: str) -> str:
    """The number that a text stands for: with a comma, in percent, in quotes; empty where it is none."""
    if found := _DECIMAL.fullmatch(text):
        return f"{found[1]}.{found[2]}"
    if found := _PERCENT.fullmatch(text):
        return f"{int(found[1]) / 100:g}"
    return f"{text}, without quotes" if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) else ""


def _instead_of_key(where: Sequence[int | str], settings: type[BaseModel]) -> str:
    """The keys that may have been meant; else those that there are in its place."""
    model = _model_at(where[:-1], settings)
    beside, wrong = list(model.model_fields), str(where[-1])
    prefix = "".join(f"{part}." for part in where[:-1])
    near = [f"{prefix}{each}" for each in difflib.get_close_matches(wrong, beside, 1)]
    everywhere = list(_dotted(settings))
    last = {each: each.rpartition(".")[2] for each in everywhere}
    near = near or [each for each in everywhere if last[each] == wrong]
    if not near and not any(isinstance(part, int) for part in where):
        alike = difflib.get_close_matches(wrong, dict.fromkeys(last.values()), 1, 0.8)
        near = [each for each in everywhere if last[each] in alike]
    if near and len(near) <= _SUGGESTED:
        return f"did you mean {' or '.join(near)}?"
    return f"allowed here: {', '.join(beside)}"


def _instead_of_section(where: Sequence[int | str], value: Any, settings: type[BaseModel]) -> str:
    """The key of a section that takes the value that the section was given; else all its keys."""
    model, key = _model_at(where, settings), ".".join(map(str, where))
    for name in model.model_fields if value is not None else ():
        try:
            model.model_validate({name: value})
        except ValidationError:
            continue
        return f"did you mean {key}.{name}?"
    return f"its keys are {', '.join(model.model_fields)}"


def _model_at(where: Sequence[int | str], settings: type[BaseModel]) -> type[BaseModel]:
    """The type of the section at a place."""
    model = settings
    for part in where:
        if not isinstance(part, int):  # a place in a list
            model = next(_models(model.model_fields[part].annotation))
    return model


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The types of sections in the type of a field."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _dotted(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """All keys of settings and their sections, without those of lists."""
    for name, field in model.model_fields.items():
        yield f"{prefix}{name}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _dotted(field.annotation, f"{prefix}{name}.")
