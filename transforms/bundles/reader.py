"""Reads the documents of a split, as columns."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from transforms.bundles.boundaries import Boundaries, RawDocuments, read_boundaries
from transforms.bundles.buffer import Text
from transforms.bundles.documents import Documents, Reject
from transforms.bundles.errors import BundleChanged, BundleReadError
from transforms.bundles.parsing import parse_documents
from transforms.bundles.splits import Split
from transforms.settings import ReadSettings

__all__ = ["BundleChanged", "BundleReadError", "Documents", "Reject", "read_again", "read_documents", "read_parts"]

_DEFAULTS = ReadSettings()
_LARGEST_START = 1 << 28


def read_parts(split: Split, settings: ReadSettings = _DEFAULTS) -> Iterator[tuple[Split, Documents]]:
    """The documents whose delimiter lines begin in the split, part by part; the same whenever they are read.

    There is one part, except for compressed bundles and UTF-16: their text is read in parts of about
    `settings.part_bytes`, so that memory does not grow with it. Time is linear in the bytes of the ranges, of their
    text and of their documents. A range in which no document begins costs its own bytes only.

    Raises:
        BundleChanged: a bundle has changed since it was listed.
        BundleReadError: a bundle cannot be read.
    """
    text = Text(min(max(split.size, settings.part_bytes), _LARGEST_START), lenient=settings.lenient)
    for part, gathered in enumerate(_gather(split, text, settings)):
        # No variable may keep the documents of a part in memory while the next is read.
        yield (
            replace(split, part=part),
            parse_documents(split, text, RawDocuments.of(gathered), settings, bytes_read=0 if part else split.size),
        )
        text.clear()


def read_again(parts: Sequence[Split], settings: ReadSettings = _DEFAULTS) -> Iterator[tuple[Split, Documents]]:
    """The documents of some parts of one split, in order, as `read_parts` gave them.

    Raises:
        BundleChanged: there is no such part; or see `read_parts`.
        BundleReadError: see `read_parts`.
    """
    wanted = set(parts)
    for part, documents in read_parts(replace(parts[0], part=0), settings):
        if part in wanted:
            wanted.remove(part)
            yield part, documents
        del documents
    if wanted:
        raise BundleChanged(f"split {wanted.pop().id}: its bundles are not what they were; run again")


def read_documents(split: Split, settings: ReadSettings = _DEFAULTS) -> Documents:
    """The documents of one split, or of one part of it; `read_again` reads many parts in the time of one."""
    ((_, documents),) = read_again([split], settings)
    return documents


def _gather(split: Split, text: Text, settings: ReadSettings) -> Iterator[list[tuple[int, Boundaries]]]:
    """The boundaries of the documents in `text`, part by part, with the index of their range.

    The caller clears the text after each part.
    """
    gathered: list[tuple[int, Boundaries]] = []
    for number, each in enumerate(split.ranges):
        if text.size >= settings.part_bytes:
            yield gathered
            gathered = []
        for boundaries in read_boundaries(text, each, settings):
            gathered.append((number, boundaries))
            if boundaries.more:
                yield gathered
                gathered = []
    yield gathered
