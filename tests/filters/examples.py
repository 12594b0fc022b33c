"""Filters for tests: some that work, and some that do each thing that a filter may do wrong."""

import pyarrow as pa
import pyarrow.compute as pc


def short(batch: pa.RecordBatch, words: int = 4) -> pa.Array:
    """Leaves out documents of fewer words, with Arrow alone."""
    counts = pc.list_value_length(pc.utf8_split_whitespace(pc.utf8_trim_whitespace(batch.column("text"))))
    reason = pc.binary_join_element_wise(pc.cast(counts, pa.string()), "words", " ")
    return pc.if_else(pc.less(counts, words), reason, None)


def named(batch: pa.RecordBatch, *, part: str) -> list[str | None]:
    """Leaves out documents by their names, in Python."""
    return [part if part in name else None for name in batch.column("name").to_pylist()]


def foreign(batch: pa.RecordBatch) -> list[str | None]:
    """Leaves out what is in no Arabic, as far as it is shown any."""
    return [None if code == "ar" else code for code in batch.column("language").to_pylist()]


def nothing(batch: pa.RecordBatch) -> pa.Array:
    """Leaves out nothing; documents of bundles have no source."""
    assert batch.column("source").null_count == len(batch)
    return pa.nulls(len(batch))


def fails_on(batch: pa.RecordBatch, word: str) -> list[None]:
    """Fails where a document has a word."""
    if any(word in text for text in batch.column("text").to_pylist()):
        raise ValueError(f"no {word}\nhere")
    return [None] * len(batch)


def fails_on_several(batch: pa.RecordBatch) -> list[None]:
    """Fails on what no document alone is to blame for."""
    if len(batch) > 1:
        raise RuntimeError("too many")
    return [None] * len(batch)


def refuses(batch: pa.RecordBatch, share: float = 2.0) -> list[None]:
    """Refuses its settings."""
    if share > 1:
        raise ValueError("share: should be at most 1")
    return [None] * len(batch)


def counts(batch: pa.RecordBatch) -> pa.Array:
    """Returns numbers."""
    return pa.array([1] * len(batch), pa.int64())


def too_few(batch: pa.RecordBatch) -> list[None]:
    """Returns nothing."""
    return []


def wrong(batch: pa.RecordBatch) -> dict[str, str] | list[None]:
    """Returns what is no list, where there is something."""
    return {"a": "b"} if len(batch) else []


NUMBER = 7
