"""The endings of files; markup and tables, recognised by the beginning of a document that is taken as text."""

import posixpath
import re

from transforms.bundles.findings import Kind

_COMPRESSED = (".gz", ".bz2", ".xz", ".zst")
# The first bytes of a document that are looked at.
LOOKED_AT = 1 << 12

_FORMATS = (
    (Kind.JSON, re.compile(rb"\{\s*(?:\"[^\"\n]{0,200}\"\s*:|\}\s*$)|\[\s*\{\s*\"")),
    (Kind.RTF, re.compile(rb"\{\\rtf")),
    (
        Kind.HTML,
        re.compile(
            rb"<(?:!doctype\s+html|html|head|body|title|meta|link|script|style|div|p|h[1-6]|table|tr|td|span|br|ul|ol|li|a"
            rb"|img|center|font|article|section|main|nav|header|b|i|strong|em)\b[^<>]*>|<!--",
            re.IGNORECASE,
        ),
    ),
    (Kind.XML, re.compile(rb"<\?xml\b|<([A-Za-z_][\w:.-]*)(?:\s+[\w:.-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*\s*/?>")),
)
_SEPARATORS = (b",", b";", b"\t", b"|")
_HEADER = re.compile(rb"[\"\w][\"\w ]*(?:[,;\t|][\"\w ]+)+", re.ASCII)
_QUOTED = re.compile(rb"\"(?:[^\"]|\"\")*\"")
_ENDINGS = {
    ".json": Kind.JSON,
    ".jsonl": Kind.JSON,
    ".ndjson": Kind.JSON,
    ".csv": Kind.CSV,
    ".tsv": Kind.CSV,
    ".html": Kind.HTML,
    ".htm": Kind.HTML,
    ".xhtml": Kind.HTML,
    ".xml": Kind.XML,
    ".rtf": Kind.RTF,
}


def markup_of(head: bytes) -> Kind | None:
    """The format of a document that begins with `head`, white space trimmed: markup or JSON; None for plain text."""
    return next((kind for kind, pattern in _FORMATS if pattern.match(head)), None)


def format_of_file(name: str, head: bytes) -> Kind | None:
    """The format of a whole file that is not markup by its beginning: a table, or what its name says; else None.

    A file is a table if its lines, three at least, have the same number of commas, semicolons, tabs or bars outside of
    quotation marks: two at least, or one if the first line is a header of ASCII words.
    """
    ending = name[name.rfind(".") :].lower()
    return _ENDINGS.get(ending) or (Kind.CSV if _is_table(head) else None)


def _is_table(head: bytes) -> bool:
    first = head.partition(b"\n")[0]
    signs = [sign for sign in _SEPARATORS if sign in first]
    if not signs:
        return False
    lines = [line for line in head.splitlines() if line.strip()]
    if len(head) >= LOOKED_AT:
        del lines[-1:]  # it may be cut
    least = 1 if _HEADER.fullmatch(first.strip()) else 2
    plain = [_QUOTED.sub(b"", line) for line in lines]
    counts = [[line.count(sign) for line in plain] for sign in signs]
    return len(lines) >= 3 and any(each[0] >= least and len(set(each)) == 1 for each in counts)


def ending_of(name: str) -> str:
    """The ending of a file's name, from its last dot on, in lower case; of a compressed file that of its content.

    `a.txt` and a.TXT.gz end in `.txt`, `a.gz` ends in `.gz`, and `a` in ''.
    """
    stem, ending = posixpath.splitext(name.lower())
    return (ending in _COMPRESSED and posixpath.splitext(stem)[1]) or ending
