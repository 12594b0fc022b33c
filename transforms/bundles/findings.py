"""Findings of reading that a user should know: look-alikes of delimiters, and documents that are markup or tables."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

# Places that are kept of each kind; the others are only counted.
MOST_PLACES = 5
_EXCERPT = 60  # characters
EXCERPT_BYTES = 4 * _EXCERPT


class Kind(StrEnum):
    """The findings of reading."""

    INSIDE_LINE = "delimiter_inside_line"  # text stands before it, as after a file without a line end at its end
    INDENTED = "delimiter_indented"  # only white space or direction marks stand before it on its line
    MISSPELT = "delimiter_misspelt"  # at the beginning of a line, with other brackets or letters, or with spaces
    RECODED = "delimiter_recoded"  # in a document of another encoding than its own delimiter line
    JSON = "json"
    CSV = "csv"
    HTML = "html"
    XML = "xml"
    RTF = "rtf"


@dataclass(frozen=True)
class Finding:
    """A place where something was noticed.

    Attributes:
        kind: what.
        bundle: the bundle's name.
        offset: bytes from the start of the bundle, decompressed.
        excerpt: the text there, for a person.
    """

    kind: Kind
    bundle: str
    offset: int
    excerpt: str


def excerpt_of(text: bytes) -> str:
    """The first line of some text, as much of it as a message has room for."""
    line = next(iter(text.decode("utf-8", "replace").splitlines()), "")
    return " ".join(line.split())[:_EXCERPT]


@dataclass(frozen=True)
class Findings:
    """All that was noticed: the numbers by kind, and the first places of each kind, in input order."""

    counts: Mapping[Kind, int] = field(default_factory=dict)
    places: tuple[Finding, ...] = ()

    @classmethod
    def of(cls, counts: Mapping[Kind, int], places: Iterable[Finding]) -> Self:
        """The findings, of whose places the first of each kind are kept."""
        kept, seen = [], Counter[Kind]()
        for place in places:
            seen[place.kind] += 1
            if seen[place.kind] <= MOST_PLACES:
                kept.append(place)
        return cls({kind: counts[kind] for kind in Kind if counts.get(kind)}, tuple(kept))

    @classmethod
    def total(cls, parts: Iterable["Findings"]) -> Self:
        """All findings of parts, which are in input order."""
        parts = list(parts)
        counts = sum((Counter(each.counts) for each in parts), Counter[Kind]())
        return cls.of(counts, (place for each in parts for place in each.places))

    def as_dict(self) -> dict[str, Any]:
        """The findings by kind, as JSON has them: `{kind: {count, places: [{bundle, offset, excerpt}]}}`."""
        return {
            kind.value: {
                "count": count,
                "places": [
                    {"bundle": each.bundle, "offset": each.offset, "excerpt": each.excerpt}
                    for each in self.places
                    if each.kind == kind
                ],
            }
            for kind, count in self.counts.items()
        }

    @classmethod
    def from_dict(cls, known: Mapping[str, Any]) -> Self:
        """The findings that `as_dict` gave."""
        counts = {Kind(kind): entry["count"] for kind, entry in known.items()}
        places = [Finding(Kind(kind), **place) for kind, entry in known.items() for place in entry["places"]]
        return cls(counts, tuple(places))


def first_characters(text: bytes, most: int) -> bytes:
    """The first bytes of UTF-8, `most` at most, without half a character at their end."""
    while 0 < most < len(text) and text[most] & 0xC0 == 0x80:
        most -= 1
    return text[:most]
