"""The reader in plain Python: a whole bundle at once, by the rules and nothing else."""

import re
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from transforms.bundles.documents import Documents, find_paragraphs
from transforms.bundles.listing import Bundle
from transforms.bundles.reader import read_parts
from transforms.bundles.settings import ReadSettings
from transforms.bundles.splits import Split, plan_splits

BOM = b"\xef\xbb\xbf"
DELIMITER_LINE = re.compile(rb"(?:\A(?:\xef\xbb\xbf)?|(?<=[\r\n]))<<<FILE>>>([^\r\n]*)(?:\r\n|\r|\n|\Z)")
WHITE = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
WHITE += "\u2028\u2029\u202f\u205f\u3000"


class Item(NamedTuple):
    """A document, or a reject (`text` is None, `name` is the reason)."""

    bundle: str
    offset: int
    length: int
    name: str
    text: str | None
    preamble: bool


def read_bundle(bundle: str, data: bytes) -> list[Item]:
    """Every document and reject of a bundle, in order."""
    starts = [match.start() for match in DELIMITER_LINE.finditer(data)]
    edges = [*([] if starts[:1] == [0] else [0]), *starts, len(data)]
    items = [_item(bundle, start, data[start:end]) for start, end in pairwise(edges)]
    if len(items) > 1 and items[0].preamble and items[0].name == "empty_document":
        del items[0]
    return items


def _item(bundle: str, offset: int, data: bytes) -> Item:
    line = DELIMITER_LINE.match(data)
    body = data[line.end() :] if line else data
    try:
        text = body.removeprefix(BOM).decode("utf-8")
        name = line[1].decode("utf-8").strip(WHITE) if line else bundle.rsplit("/", maxsplit=1)[-1]
    except UnicodeDecodeError:
        return Item(bundle, offset, len(data), "not_text", None, not line)
    if not text.strip(WHITE):
        return Item(bundle, offset, len(data), "empty_document", None, not line)
    return Item(bundle, offset, len(data), name, text, not line)


def paragraphs_of(text: str, mode: str) -> list[str]:
    """The paragraphs of a document's text."""
    lines = re.split(r"(\r\n|\r|\n)", text)
    if mode == "line":
        return [line.strip(WHITE) for line in lines[::2] if line.strip(WHITE)]
    runs = [""]
    for line, line_end in zip(lines[::2], [*lines[1::2], ""], strict=True):
        if line.strip(WHITE):
            runs[-1] += line + line_end
        elif runs[-1]:
            runs.append("")
    return [run.strip(WHITE) for run in runs if run]


def read_with_splits(bundles: list[Bundle], target_bytes: int, settings: ReadSettings | None = None) -> list[Item]:
    """What the reader under test makes of the same bundles, over all splits and parts, in order."""
    items: list[Item] = []
    for split in plan_splits(bundles, target_bytes):
        for _, documents in read_parts(split, settings or ReadSettings()):
            items += _items(split, documents)
    return items


def _items(split: Split, documents: Documents) -> list[Item]:
    raw = documents.text.tobytes()
    rows = list(zip(documents.text_start, documents.text_end, documents.bundle, strict=True))
    names = [split.ranges[row].bundle.name for _, _, row in rows]
    texts = [raw[start:end].decode("utf-8") for start, end, _ in rows]
    columns = (documents.offset, documents.length, documents.name, texts, documents.preamble)
    good = [Item(*item) for item in zip(names, *columns, strict=True)]
    numbers = np.arange(len(rows), dtype=np.int32)
    ends = documents.offsets_of(documents.text_end, numbers)
    tails = [item.offset + item.length for item in good] - ends
    assert all(tails[documents.width != 2] == 0)
    assert all((tails >= 0) & (tails <= 2))  # a document in UTF-16 may end with a line end of its bundle
    assert (documents.places_of(ends, numbers) == documents.text_end).all()
    bad = [(item.bundle, item.offset, item.length, item.reason, None) for item in documents.rejects]
    order = {part.bundle.name: index for index, part in enumerate(split.ranges)}
    both = [*good, *(Item(*item, preamble=False) for item in bad)]
    return sorted(both, key=lambda item: (order[item.bundle], item.offset))


def paragraphs_with_splits(bundles: list[Bundle], target_bytes: int, mode: str) -> list[tuple[str, int, str]]:
    """Bundle, offset and text of every paragraph that the finder under test sees."""
    found = []
    for split in plan_splits(bundles, target_bytes):
        for _, documents in read_parts(split):
            paragraphs = find_paragraphs(documents, mode)
            offsets = documents.offsets_of(paragraphs.start, paragraphs.document).tolist()
            assert (
                documents.places_of(np.array(offsets, np.int64), paragraphs.document).tolist()
                == paragraphs.start.tolist()
            )
            for start, end, row, offset in zip(
                paragraphs.start, paragraphs.end, paragraphs.document, offsets, strict=True
            ):
                text = documents.text[start:end].tobytes().decode("utf-8")
                found.append((split.ranges[documents.bundle[row]].bundle.name, offset, text))
    return found
