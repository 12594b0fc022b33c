"""From a split to its documents, as columns."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from transforms.bundles.dissection import Dissection
from transforms.bundles.documents import Documents, Reject
from transforms.bundles.errors import BundleChanged, BundleReadError
from transforms.bundles.extents import Extents, read_extents
from transforms.bundles.rows import Rows
from transforms.bundles.settings import ReadSettings
from transforms.bundles.splits import Split
from transforms.bundles.text import Text

__all__ = ["BundleChanged", "BundleReadError", "Documents", "Reject", "read_again", "read_documents", "read_parts"]

_DEFAULTS = ReadSettings()
_LARGEST_START = 1 << 28


def read_parts(split: Split, settings: ReadSettings = _DEFAULTS) -> Iterator[tuple[Split, Documents]]:
    """The documents whose delimiter lines begin in the split, each in one part; the same whenever they are read.

    There is one part, but for compressed bundles and UTF-16: what comes out of them is taken in parts of about
    `settings.part_bytes`, so that memory does not grow with it. Time is linear in the bytes of the ranges, of what
    comes out of them and of their documents. A range without the beginning of a document costs its own bytes only.

    Raises:
        BundleChanged: a bundle is not what it was when it was listed.
        BundleReadError: a bundle cannot be read.
    """
    size = sum(each.end - each.start for each in split.ranges)
    text = Text(min(max(size, settings.part_bytes), _LARGEST_START))
    for part, gathered in enumerate(_gather(split, text, settings)):
        # Nothing here may hold on to the documents of a part while the next is read.
        yield (
            replace(split, part=part),
            Dissection(split, text, Rows.of(gathered), settings).documents(bytes_read=0 if part else size),
        )
        text.clear()


def read_again(parts: Sequence[Split], settings: ReadSettings = _DEFAULTS) -> Iterator[tuple[Split, Documents]]:
    """Parts of one split, in order, each with its documents, as `read_parts` gave them.

    Raises:
        BundleChanged: there is no such part; or as `read_parts`.
        BundleReadError: as `read_parts`.
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
    """The documents of a split, or of the part that it is; `read_again` reads many parts as fast as one."""
    ((_, documents),) = read_again([split], settings)
    return documents


def _gather(split: Split, text: Text, settings: ReadSettings) -> Iterator[list[tuple[int, Extents]]]:
    """The extents in `text`, part by part, with the index of their range; for each the text begins anew."""
    gathered: list[tuple[int, Extents]] = []
    for number, each in enumerate(split.ranges):
        if text.size >= settings.part_bytes:
            yield gathered
            gathered = []
        for extents in read_extents(text, each, settings):
            gathered.append((number, extents))
            if extents.more:
                yield gathered
                gathered = []
    yield gathered
