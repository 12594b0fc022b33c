"""The reader in plain Python: a whole bundle at once, by the rules of docs/inputs.md and nothing else."""

import re
import unicodedata
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from transforms.bundles.documents import Documents, find_paragraphs
from transforms.bundles.listing import Bundle
from transforms.bundles.reader import read_parts
from transforms.bundles.splits import Split, plan_splits
from transforms.settings import ReadSettings

WHITE = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
WHITE += "\u2028\u2029\u202f\u205f\u3000"
LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
DIRECTION_MARKS = [chr(point) for point in (0x061C, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060)]
DIRECTION_MARKS += [chr(point) for point in range(0x2066, 0x206A)]

_LINE_END = rb"(?:\r\n|\n|\r|\xc2\x85|\xe2\x80[\xa8\xa9])"
_STRICT = rb"\xef\xbb\xbf|\xff\xfe|\xfe\xff|\0"
_SPACES = b"|".join(re.escape(sign.encode()) for sign in WHITE if not LINE_END.match(sign))
_LENIENT = b"|".join([_STRICT, _SPACES, *(mark.encode() for mark in DIRECTION_MARKS), rb"\xfd|\xfe"])
_PAIR = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")


class Item(NamedTuple):
    """A document, or a reject (`text` is None, `name` is the reason)."""

    bundle: str
    offset: int
    length: int
    name: str
    text: str | None
    preamble: bool
    repaired: int = 0


def read_bundle(bundle: str, data: bytes, *, lenient: bool = False, repair: bool = False) -> list[Item]:
    """Every document and reject of a bundle, in order; documents are UTF-8 or UTF-16."""
    encoding = _utf16_of(data[:512])
    if not encoding:
        return _read(bundle, data, ended=True, lenient=lenient, repair=repair)
    cut = data.find(b"<<<FILE>>>")
    raw = data if cut < 0 else data[:cut]
    items = _read_utf16(bundle, raw, encoding, ended=cut < 0, lenient=lenient, repair=repair)
    rest = [] if cut < 0 else _read(bundle, data[cut:], ended=True, lenient=lenient, repair=repair)
    return items + [item._replace(offset=item.offset + cut) for item in rest]


def _read_utf16(bundle: str, raw: bytes, encoding: str, *, ended: bool, lenient: bool, repair: bool) -> list[Item]:
    size = len(raw)
    if not ended:
        raw = raw.removesuffix(b"\r\n") if size % 2 == 0 else raw[:-1] if raw[-1:] in (b"\n", b"\r", b"\0") else raw
    odd = len(raw) % 2
    text = raw[: len(raw) - odd].decode(encoding, "surrogatepass").encode("utf-8", "surrogatepass")

    def offset(place: int) -> int:
        return len(text[:place].decode("utf-8", "surrogatepass").encode(encoding, "surrogatepass"))

    items = _read(bundle, text, ended=ended, lenient=lenient, repair=repair, utf16=True)
    ends = [offset(item.offset + item.length) for item in items]
    items = [
        item._replace(offset=offset(item.offset), length=end - offset(item.offset))
        for item, end in zip(items, ends, strict=True)
    ]
    if odd:  # of the last one the end is missing; white space before a delimiter is as good as any
        last = _read(bundle, text, ended=True, lenient=lenient, repair=repair, utf16=True)[-1]
        begin = offset(last.offset)
        items = [item for item in items if item.offset < begin]
        items.append(Item(bundle, begin, size - begin, "truncated_stream", None, last.preamble))
    elif items and items[-1].offset + items[-1].length == len(raw):
        items[-1] = items[-1]._replace(length=size - items[-1].offset)
    return items


def _read(bundle: str, data: bytes, *, ended: bool, lenient: bool, repair: bool, utf16: bool = False) -> list[Item]:
    edges = [0, *delimiters(data, lenient=lenient), len(data)]
    items = [
        _item(
            bundle, start, data[start:end], last=ended and end == len(data), lenient=lenient, repair=repair, utf16=utf16
        )
        for start, end in pairwise(edges)
    ]
    if (len(items) > 1 or not ended) and items[0].preamble and items[0].name == "empty_document":
        del items[0]
    return items


def delimiters(data: bytes, *, lenient: bool = False) -> list[int]:
    """The places of delimiters at the beginning of a line other than the bundle's first."""
    found = (match.start() for match in re.finditer(b"<<<FILE>>>", data))
    return [at for at in found if _follows_line_end(data[:at], _LENIENT if lenient else _STRICT)]


def _follows_line_end(before: bytes, ignored: bytes) -> bool:
    while True:
        if re.search(_LINE_END + rb"\Z", before) or _follows_utf16(before):
            return True
        shorter = re.sub(rb"(?s)(?:" + ignored + rb")\Z", b"", before)
        if shorter == before:
            return False
        before = shorter


def _follows_utf16(before: bytes) -> bool:
    """True if of the code units at the end, four to eight, more than half are plain in one byte order."""
    raw = [before[at : at + 2] for at in range(len(before) - 2, max(-1, len(before) - 18), -2)]
    for low, high in ((0, 1), (1, 0)):
        plain = [
            each[high] == 6 or (each[high] == 0 and (chr(each[low]).isprintable() or chr(each[low]) in WHITE))
            for each in raw
        ]
        if 2 * sum(plain) > len(plain) >= 4:
            return True
    return False


def _item(bundle: str, offset: int, data: bytes, *, last: bool, lenient: bool, repair: bool, utf16: bool) -> Item:
    ignored = _LENIENT if lenient else _STRICT
    line = re.match(rb"(?s)(?:%s)*<<<FILE>>>((?:(?!%s).)*)(?:%s|\Z)" % (ignored, _LINE_END, _LINE_END), data)
    name = _name(line[1]) if line else bundle.rsplit("/", maxsplit=1)[-1]
    body = data[line.end() :] if line else data
    text, repaired = _text(body, _STRICT if last else ignored, repair=repair, utf16=utf16)
    if text is None or _is_binary(text) or ("\0" in text and not text.strip(WHITE + "\0\x1a")):
        return Item(bundle, offset, len(data), "not_text", None, not line)
    if not text.strip(WHITE + "\x1a"):
        return Item(bundle, offset, len(data), "empty_document", None, not line)
    return Item(bundle, offset, len(data), name, _without_padding(text), not line, repaired)


def _name(raw: bytes) -> str:
    """The name: UTF-8, or else windows-1256, which has a character for every byte, if all of them can be printed."""
    for encoding in ("utf-8", "windows-1256"):
        try:
            name = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8" or not any(unicodedata.category(sign) == "Cc" for sign in name):
            return name.strip(WHITE)
    return raw.decode("utf-8", "backslashreplace").strip(WHITE)


def _text(body: bytes, ignored: bytes, *, repair: bool, utf16: bool) -> tuple[str | None, int]:
    """The text with its padding, and how many characters of it were repaired."""
    sound = re.sub(rb"(?s)(?:\A|(?<=[\n\r])|(?<=\xc2\x85)|(?<=\xe2\x80[\xa8\xa9]))(?:%s)+\Z" % ignored, b"", body)
    padding = "\0" * (b"\0" in body[len(sound) :])  # of a text of nothing else it is to be known
    text = _decoded(sound)
    if text is not None and not _is_binary(text):
        return text + padding, 0
    if utf16:
        repaired = body.decode("utf-8", "surrogatepass")
        lone = re.findall("[\ud800-\udfff]", repaired)
        return (
            (re.sub("[\ud800-\udfff]", "\ufffd", repaired).lstrip("\ufeff"), len(lone))
            if repair and lone
            else (text, 0)
        )
    inner, lone = _decoded_utf16(re.sub(rb"(?:\xef\xbb\xbf)+\Z", b"", body))
    if inner is not None and (repair or not lone):
        return inner, lone
    if text is not None or not repair:
        return text, 0
    sound = _without_padding(sound.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    pieces = [piece.decode("utf-8", "replace") for piece in _PAIR.split(sound)]
    pairs = [pair.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass") for pair in _PAIR.findall(sound)]
    joined = "".join(p + q for p, q in zip(pieces, [*(pair.decode("utf-16") for pair in pairs), ""], strict=True))
    lost = joined.count("\ufffd") - sound.count("\ufffd".encode())
    return (joined.lstrip("\ufeff"), lost + len(pairs)) if 2 * lost <= len(joined) else (None, 0)


def _decoded(body: bytes) -> str | None:
    """The body in UTF-8, up to its padding, which may be anything."""
    escaped = body.decode("utf-8", "surrogateescape").lstrip("\ufeff")
    sound = escaped.rstrip(WHITE + "\0\x1a")
    return None if re.search("[\udc80-\udcff]", sound) else escaped


def _utf16_of(head: bytes) -> str:
    if head.startswith(b"\xff\xfe\0\0") or head[2:12] == b"<<<FILE>>>":
        return ""
    marks = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
    plain = (encoding for encoding in marks.values() if _is_plain(head[: len(head) & ~1], encoding))
    return marks.get(head[:2]) or next(plain, "")


def _decoded_utf16(body: bytes) -> tuple[str | None, int]:
    """The body in UTF-16, with U+FFFD for each surrogate that stands alone, and their number."""
    encoding = _utf16_of(body)
    text = body.removesuffix(b"\r\n") if len(body) % 2 == 0 else body[:-1]
    if not encoding or body[len(text) :].strip(b"\r\n\0"):
        return None, 0
    decoded, lone = re.subn("[\ud800-\udfff]", "\ufffd", text.decode(encoding, "surrogatepass"))
    return decoded.lstrip("\ufeff"), lone


def _is_plain(body: bytes, encoding: str) -> bool:
    units = [
        int.from_bytes(body[at : at + 2], "little" if encoding == "utf-16-le" else "big")
        for at in range(0, len(body), 2)
    ]
    plain = [
        unit in range(0x20, 0x7F) or unit in range(0xA0, 0x100) or unit in range(9, 14) or unit >> 8 in (0x06, 0x20)
        for unit in units
    ]
    return len(units) >= 8 and (b"\0" in body or b"\x06" in body) and sum(plain) >= 0.9 * len(plain)


def _is_binary(text: str) -> bool:
    """True for a text with more control characters than one, and than one in fifty characters."""
    lines = [line.strip(WHITE + "\0") for line in LINE_END.split(_without_padding(text))]
    characters = sum(map(len, lines))
    controls = sum(unicodedata.category(sign) == "Cc" and sign not in WHITE for line in lines for sign in line)
    return controls > max(1, characters // 50) or 0 < controls == characters


def _without_padding(text: str) -> str:
    """The text without NULs and U+001A at its end, and without the white space after the first of them."""
    sound = text.rstrip(WHITE + "\0\x1a")
    rest = text[len(sound) :]
    return sound + rest[: len(rest) - len(rest.lstrip(WHITE))]


def paragraphs_of(text: str, mode: str) -> list[str]:
    """The paragraphs of a document's text."""
    lines = re.split(f"({LINE_END.pattern})", text)
    if mode == "line":
        return [line.strip(WHITE + "\0") for line in lines[::2] if line.strip(WHITE + "\0")]
    runs = [""]
    for line, line_end in zip(lines[::2], [*lines[1::2], ""], strict=True):
        if line.strip(WHITE + "\0"):
            runs[-1] += line + line_end
        elif runs[-1]:
            runs.append("")
    return [run.strip(WHITE + "\0") for run in runs if run]


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
    columns = (
        documents.offset,
        documents.length,
        documents.name.to_pylist(),
        texts,
        documents.preamble,
        documents.repaired,
    )
    good = [Item(*item) for item in zip(names, *columns, strict=True)]
    numbers = np.arange(len(rows), dtype=np.int32)
    for places in (documents.text_start, documents.text_end):
        offsets = documents.offsets_of(places, numbers)
        assert (offsets >= documents.offset).all()
        assert (offsets <= documents.offset + documents.length).all()
        assert (documents.places_of(offsets, numbers) == places).all()
    rejects = [each for each in documents.rejects if each.reason != "repaired"]
    bad = [(each.bundle, each.offset, each.length, each.reason, None) for each in rejects]
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
