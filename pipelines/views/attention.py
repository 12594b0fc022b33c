"""What a person should look at after a run: files that were passed over, repairs, and what reading found odd."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transforms.bundles.errors import PassedReason
from transforms.bundles.findings import Findings, Kind

_NO_DOCUMENT = "no document begins there"
_SENTENCES = {
    Kind.INSIDE_LINE: ("delimiters stand inside a line, as after a file that does not end its last line", _NO_DOCUMENT),
    Kind.INDENTED: (
        "delimiters stand after spaces or direction marks",
        f"{_NO_DOCUMENT} unless input.delimiter=lenient",
    ),
    Kind.MISSPELT: ("lines look like the delimiter <<<FILE>>> and are not spelt so", _NO_DOCUMENT),
    Kind.RECODED: ("delimiters are in another encoding than their document's own", _NO_DOCUMENT),
    Kind.JSON: ("documents look like JSON", "taken as text"),
    Kind.CSV: ("documents look like tables (CSV)", "taken as text"),
    Kind.HTML: ("documents look like HTML", "taken as text"),
    Kind.XML: ("documents look like XML", "taken as text"),
    Kind.RTF: ("documents look like RTF", "taken as text"),
}
_REASONS = {
    PassedReason.HIDDEN: "hidden (names that begin with . or _)",
    PassedReason.UNFINISHED: "unfinished (.tmp, .part, .crdownload, ~)",
    PassedReason.ENDING: "of another ending (see input.endings)",
    PassedReason.BROKEN_LINK: "links that lead nowhere",
}
_SHOWN = 5  # files of each reason


@dataclass(frozen=True)
class Notice:
    """Something to look at: a sentence, and its first places."""

    sentence: str
    places: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.sentence}{': ' if self.places else ''}{'; '.join(self.places)}"


def notices_of(manifest: Mapping[str, Any]) -> list[Notice]:
    """What there is to look at in a run; nothing for most runs."""
    return [
        *passed_over_notices(manifest.get("passed_over", [])),
        *_repaired(manifest.get("repaired", {})),
        *_found(Findings.from_dict(manifest.get("findings", {}))),
    ]


def passed_over_notices(files: Sequence[Mapping[str, str]]) -> Iterator[Notice]:
    """A notice for each reason why files were passed over: `files` have `url` and `reason`."""
    counts = Counter(each["reason"] for each in files)
    for reason, words in _REASONS.items():
        if counts[reason]:
            first = [printable(each["url"]) for each in files if each["reason"] == reason][:_SHOWN]
            more = [f"and {counts[reason] - len(first):,} more"] if counts[reason] > len(first) else []
            yield Notice(f"{counts[reason]:,} files passed over, {words}", (*first, *more))


def _repaired(counts: Mapping[str, int]) -> Iterator[Notice]:
    if counts.get("documents"):
        yield Notice(
            f"{counts['documents']:,} documents repaired in {counts['characters']:,} characters; "
            "their bytes are in rejects/",
            (),
        )


def _found(findings: Findings) -> Iterator[Notice]:
    for kind, count in findings.counts.items():
        what, consequence = _SENTENCES[kind]
        places = [
            f"{printable(each.bundle)}, byte {each.offset:,}: {printable(each.excerpt)}"
            for each in findings.places
            if each.kind == kind
        ]
        yield Notice(f"{count:,} {what}; {consequence}", tuple(places))


def printable(text: str) -> str:
    """The text with everything invisible shown by its number."""
    return "".join(each if each.isprintable() else f"⟦U+{ord(each):04X}⟧" for each in text)
