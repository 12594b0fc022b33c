"""Running filters: from their names to functions, and from documents to the reasons why some are left out."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
import pyarrow as pa

from transforms.arrays import Bools, Int64s
from transforms.bundles.documents import Documents
from transforms.bundles.splits import Split
from transforms.errors import RunError, UsageError
from transforms.filters.settings import FilterSettings

_ROWS, _BYTES = 4096, 16 << 20  # documents, and their text, that a function is given at a time; one may be larger
_NO_SOURCE = pa.struct([])  # of documents that came without columns of their own
_TEXTS = (pa.string(), pa.large_string(), pa.null())


@dataclass(frozen=True)
class LeftOut:
    """The documents that are left out, by what, and for what reason.

    Attributes:
        rule: for each document the rule that leaves it out; None for one that stays.
        reason: what the rule says of it, where it says something.
    """

    rule: list[str | None]
    reason: list[str | None]

    def stays(self) -> Bools:
        """bool[d], true for a document that stays."""
        found: Bools = pa.array(self.rule, pa.string()).is_null().to_numpy(zero_copy_only=False)
        return found


class FilterUnusable(UsageError):  # noqa: N818 - says what is
    """A filter that cannot be found, or does not take its settings."""


class FilterFailed(RunError):  # noqa: N818 - says what is
    """A filter that raised an exception, or returned what is no reason for each document."""


@dataclass(frozen=True)
class Filter:
    """A function that is ready to be called.

    Attributes:
        name: MODULE:FUNCTION.
        function: takes a batch, and gives a reason or None for each of its documents.
    """

    name: str
    function: Callable[[pa.RecordBatch], Any]


def load_filters(settings: Sequence[FilterSettings]) -> list[Filter]:
    """The filters, in order; each has been called once, with no documents, so that it can refuse its settings.

    Raises:
        FilterUnusable: a module cannot be imported, has no such function, or this does not take its settings.
    """
    return [_load(each) for each in settings]


def _load(settings: FilterSettings) -> Filter:
    module, _, name = settings.use.partition(":")
    try:
        function = getattr(import_module(module), name, None)
    except Exception as error:
        raise FilterUnusable(
            f"filters: {settings.use}: module {module} cannot be imported ({_said(error)}); it must be where Python "
            "finds it here and on all workers, for example by PYTHONPATH"
        ) from error
    if not callable(function):
        raise FilterUnusable(f"filters: {settings.use}: module {module} has no function {name}")
    _check_arguments(settings, function)
    ready = Filter(settings.use, partial(function, **settings.arguments))
    try:
        _reasons(ready, _batch(pa.array([], pa.string()), [], [], pa.nulls(0, _NO_SOURCE)))
    except Exception as error:
        what = str(error) if isinstance(error, FilterFailed) else f"filters: {settings.use}: {_said(error)}"
        raise FilterUnusable(f"{what}; it was called with its settings and no documents") from error
    return ready


def _check_arguments(settings: FilterSettings, function: Callable[..., Any]) -> None:
    try:
        taken = inspect.signature(function)
    except ValueError:  # of some written in C nothing is known
        return
    try:
        taken.bind(None, **settings.arguments)
    except TypeError as error:
        known = ", ".join(list(taken.parameters)[1:]) or "none"
        raise FilterUnusable(f"filters: {settings.use}: {error}; its settings: {known}") from error


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def run_filters(
    filters: Sequence[Filter], split: Split, documents: Documents, language: Sequence[str], rules: Sequence[str | None]
) -> LeftOut:
    """The rule by which each document is left out, and its reason.

    A filter sees only what no rule before it has left out. What it says of a document may depend on nothing else: which
    documents come together in a batch follows from how the input was cut.

    Args:
        filters: in the order in which they are asked.
        split: what was read, or a part of it.
        documents: its documents.
        language: their languages.
        rules: the rule by which each is left out already, or None.

    Raises:
        FilterFailed: one raised an exception, or returned something else than a reason or None for each document.
    """
    found = LeftOut([*rules], [None] * len(rules))
    for each in filters:
        for rows in _pieces(np.flatnonzero(found.stays()), documents):
            for row, reason in zip(rows.tolist(), _ask(each, split, documents, language, rows), strict=True):
                if reason is not None:
                    found.rule[row], found.reason[row] = each.name, reason
    return found


def _pieces(rows: Int64s, documents: Documents) -> Iterator[Int64s]:
    """The rows in pieces of so many documents and so many bytes, one document at least."""
    ends = np.cumsum(documents.text_end[rows] - documents.text_start[rows])
    begin = 0
    while begin < len(rows):
        limit = _BYTES + (int(ends[begin - 1]) if begin else 0)
        end = min(begin + _ROWS, max(begin + 1, int(np.searchsorted(ends, limit, side="right"))))
        yield rows[begin:end]
        begin = end


def _ask(each: Filter, split: Split, documents: Documents, language: Sequence[str], rows: Int64s) -> list[str | None]:
    batch = _batch_of(documents, language, rows)
    try:
        return _reasons(each, batch)
    except FilterFailed as error:
        raise FilterFailed(f"{error}, for documents from {_place(split, documents, rows[0])} on") from error
    except Exception as error:
        at, found = _culprit(each, batch) or (0, error)
        where = _place(split, documents, rows[at])
        raise FilterFailed(f"filters: {each.name}: failed on document {where}: {_said(found)}") from error


def _culprit(each: Filter, batch: pa.RecordBatch) -> tuple[int, Exception] | None:
    """The first document on which the function fails alone, and how; None where it only fails on several."""
    for at in range(len(batch)):
        try:
            _reasons(each, batch.slice(at, 1))
        except Exception as error:
            return at, error
    return None


def _place(split: Split, documents: Documents, row: np.int64) -> str:
    bundle = split.ranges[documents.bundle[row]].bundle.name
    return f"{bundle}@{documents.offset[row]} ({documents.name[row].as_py()!r})"


def _batch_of(documents: Documents, language: Sequence[str], rows: Int64s) -> pa.RecordBatch:
    """The documents of these rows as a function is given them."""
    bounds = zip(documents.text_start[rows].tolist(), documents.text_end[rows].tolist(), strict=True)
    texts = [documents.text[start:end].tobytes() for start, end in bounds]
    return _batch(documents.name.take(pa.array(rows)), texts, [language[row] for row in rows], _sources(len(rows)))


def _sources(rows: int) -> pa.Array:
    """The columns that documents of tables carry; those of bundles carry none."""
    return pa.nulls(rows, _NO_SOURCE)


def _batch(
    names: pa.StringArray, texts: Sequence[bytes], language: Sequence[str | None], source: pa.Array
) -> pa.RecordBatch:
    text = pa.array(texts, pa.binary() if sum(map(len, texts)) < 1 << 31 else pa.large_binary())
    columns = {
        "name": names,
        "text": text.cast(pa.string() if pa.types.is_binary(text.type) else pa.large_string()),
        "language": pa.array(language, pa.string()),
        "source": source,
    }
    return pa.RecordBatch.from_pydict(columns)


def _reasons(each: Filter, batch: pa.RecordBatch) -> list[str | None]:
    """The reasons that a function gives.

    Raises:
        FilterFailed: it returned something else.
    """
    given = each.function(batch)
    reasons: list[str | None]
    if isinstance(given, pa.ChunkedArray):
        given = given.combine_chunks()
    if isinstance(given, pa.Array) and given.type in _TEXTS:
        reasons = given.to_pylist()
    elif isinstance(given, list) and all(reason is None or isinstance(reason, str) for reason in given):
        reasons = given
    else:
        kind = f"an array of {given.type}" if isinstance(given, pa.Array) else f"{type(given).__name__} {given!r:.60}"
        raise FilterFailed(f"filters: {each.name}: returned {kind}, not a list of a text or None for each document")
    if len(reasons) != len(batch):
        raise FilterFailed(f"filters: {each.name}: returned {len(reasons):,} reasons for {len(batch):,} documents")
    return reasons
