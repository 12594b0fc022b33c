"""Writes the reference pages of docs/ that come from the code, or a notebook: every setting, column, the whole fold."""

import json
import sys
from collections.abc import Iterator
from enum import EnumType
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from docs import fold, notebook
from pipelines.config import IngestSettings
from pipelines.views.card import MEANINGS, SOURCE_MEANING, type_name
from transforms.bundles.errors import RejectReason
from transforms.runs.manifest import Manifest
from transforms.settings import Settings
from transforms.shards.schemas import LEDGERS, SOURCE, WITH_SOURCE

DOCS = Path(__file__).parent
_LEDGER_TITLES = {
    "documents": "What is kept: a row a document of which something is left",
    "duplicates": "A row a removed paragraph, with the kept one that stands for it",
    "filtered": "A row a document that a rule left out",
    "rejects": "A row a document, or part of a bundle, that could not be read",
}


def settings_page() -> str:
    """The page of all settings, in Markdown."""
    head = """# Settings

Every setting, its default and its bounds. They stand in a YAML file that is given with `--config`, a section a heading
here, or on the command line: `--set dedup.threshold=0.8`. An unknown key, or a value out of bounds, is an error before
any work. Sizes may be written `64MB` or `64MiB`. `--dry-run` prints them all as they are.
"""
    return head + "".join(_section(name, model) for name, model in _sections("", IngestSettings))


def schema_page() -> str:
    """The page of all columns, in Markdown."""
    head = """# The files and their columns

Names and types are a contract: a test pins them. All are Parquet, in zstd, one file a split of the input, in folders
`LEDGER/run=RUN/`. Columns are never null but where `?` stands.
"""
    tables = "".join(_table(name) for name in LEDGERS)
    reasons = ", ".join(f"`{reason}`" for reason in RejectReason)
    return f"{head}{tables}\nThe reasons: {reasons}.\n{_manifest()}"


def definition_page() -> str:
    """The page of the definition of a duplicate, as it stands, with the part that lists the fold written anew."""
    return (DOCS / "definition.md").read_text(encoding="utf-8").partition(fold.START)[0] + fold.section()


def _manifest() -> str:
    """The section of manifests: every key of the model, nested ones under their parents, `*` for any key."""
    head = """
## Manifests

`manifests/RUN.json` is the commit: a run without one does not exist. While a run takes the place of another, the file
`manifests/.switch` says which manifests in `manifests/.waiting/` count, and which runs are gone. The last key, `seal`,
is the XXH3 digest (128 bits) of the file without that line: a manifest that was changed is damaged.

| key | type | |
|---|---|---|
"""
    return head + "".join(_manifest_rows("", Manifest))


def _manifest_rows(prefix: str, model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = _model_in(field.annotation)
        many = {tuple: "[]", dict: ".*"}.get(get_origin(field.annotation), "") if inner else ""
        key = f"{prefix}{field.alias or name}{many}"
        if inner is None or field.description:
            kind = "object" if inner else _plain(field.annotation)
            yield f"| `{key}` | {kind} | {_cell(field.description or '')} |\n"
        if inner is not None:
            yield from _manifest_rows(f"{key}.", inner)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation holds, alone, or none, or many."""
    inner = [annotation, *get_args(annotation)]
    return next((each for each in inner if isinstance(each, type) and issubclass(each, BaseModel)), None)


def _sections(prefix: str, model: type[Settings]) -> Iterator[tuple[str, type[Settings]]]:
    yield prefix, model
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Settings):
            yield from _sections(f"{prefix}.{name}".lstrip("."), field.annotation)


def _section(name: str, model: type[Settings]) -> str:
    fields = {
        key: field
        for key, field in model.model_fields.items()
        if not (isinstance(field.annotation, type) and issubclass(field.annotation, Settings))
    }
    rows = "".join(
        f"| `{key}` | {_type(field)} | `{_default(field)}` | {_cell(field.description or '')} |\n"
        for key, field in fields.items()
    )
    title = f"`{name}`" if name else "Top level"
    return f"\n## {title}\n\n{model.__doc__}\n\n| key | value | default | |\n|---|---|---|---|\n{rows}" if rows else ""


def _default(field: FieldInfo) -> str:
    return json.dumps(field.get_default(call_default_factory=True))


def _type(field: FieldInfo) -> str:
    bounds = ", ".join(filter(None, map(_bound, field.metadata)))
    return _cell(f"{_plain(field.annotation)}{f', {bounds}' if bounds else ''}")


def _plain(annotation: Any) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal or isinstance(annotation, EnumType):
        return ", ".join(f"`{value}`" for value in inner or annotation)
    if origin is Annotated:
        return _plain(inner[0])
    if origin in (Union, UnionType):
        return " or ".join(_plain(each) for each in inner)
    if origin in (list, tuple):
        return f"list of {_plain(inner[0])}"
    if origin is dict:
        return f"object of {_plain(inner[1])}"
    return _name_of(annotation)


def _name_of(annotation: Any) -> str:
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return "text or object"
    if hasattr(annotation, "_fields"):  # a named tuple
        return f"[{', '.join(annotation._fields)}]"
    names = {str: "text", int: "whole number", float: "number", bool: "true or false", type(None): "none", Any: "any"}
    keys = getattr(annotation, "model_fields", None)  # of an entry that is an object itself
    other = f"{{{', '.join(keys)}}}" if keys else getattr(annotation, "__name__", str(annotation))
    return names.get(annotation, other)


def _bound(each: Any) -> str:
    signs = {annotated_types.Ge: "≥", annotated_types.Gt: ">", annotated_types.Le: "≤", annotated_types.Lt: "<"}
    kind = type(each)
    return f"{signs[kind]} {getattr(each, kind.__name__.lower())}" if kind in signs else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _table(ledger: str) -> str:
    meanings = MEANINGS[ledger]
    rows = "".join(
        f"| `{field.name}` | {type_name(field.type)}{'?' if field.nullable else ''} | {meanings[field.name]} |\n"
        for field in LEDGERS[ledger]
    )
    if ledger in WITH_SOURCE:
        rows += f"| `{SOURCE}` | struct? | {SOURCE_MEANING}; only in runs that have read tables with other columns |\n"
    return f"\n## {ledger}\n\n{_LEDGER_TITLES[ledger]}.\n\n| column | type | |\n|---|---|---|\n{rows}"


PAGES = {
    "settings.md": settings_page,
    "schema.md": schema_page,
    "definition.md": definition_page,
    "notebook.md": notebook.page,
}


def main() -> int:
    """Writes the pages; returns the exit code."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
