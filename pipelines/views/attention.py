"""Notices of a run for a person: files that were passed over, repairs, and oddities that reading met."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from transforms.bundles.errors import PassedReason
from transforms.bundles.findings import Kind
from transforms.bundles.listing import PassedOver
from transforms.runs.manifest import Found, Manifest, PassedFile, Repaired

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


def notices_of(manifest: Manifest) -> list[Notice]:
    """The notices of a run; none for most runs."""
    return [
        *passed_over_notices(manifest.passed_over),
        *_repaired(manifest.repaired),
        *_of_several_types(manifest.source),
        *(_found(kind, manifest.findings[kind]) for kind in Kind if kind in manifest.findings),
    ]


def why_nothing_is_taken(manifest: Manifest) -> str:
    """The reason for which a run has taken nothing in; empty where it has, or where all of it is there already."""
    documents = manifest.counts.documents
    if not documents.total:
        return "its input holds no document; look at it"
    if documents.kept or documents.duplicate:
        return ""
    if not documents.filtered:
        return f"all {documents.total:,} documents were rejected; rejects/ says why"
    if not documents.rejected:
        return f"all {documents.total:,} documents were left out; filtered/ says by which rule"
    return f"all {documents.total:,} documents were rejected or left out; rejects/ and filtered/ say why"


def passed_over_notices(files: Sequence[PassedOver | PassedFile]) -> Iterator[Notice]:
    """A notice for each reason why files were passed over."""
    for reason, words in _REASONS.items():
        urls = [each.url for each in files if each.reason == reason]
        if urls:
            more = [f"and {len(urls) - _SHOWN:,} more"] if len(urls) > _SHOWN else []
            yield Notice(f"{len(urls):,} files passed over, {words}", (*urls[:_SHOWN], *more))


def _repaired(counts: Repaired) -> Iterator[Notice]:
    if counts.documents:
        where = "their bytes are in rejects/"
        yield Notice(f"{counts.documents:,} documents repaired in {counts.characters:,} characters; {where}", ())


def _of_several_types(source: Mapping[str, str]) -> Iterator[Notice]:
    columns = tuple(name for name, dtype in source.items() if dtype == "json")
    if columns:
        yield Notice(f"{len(columns):,} columns of tables have values of several types; carried as JSON text", columns)


def _found(kind: Kind, found: Found) -> Notice:
    what, consequence = _SENTENCES[kind]
    places = (f"{each.bundle}, byte {each.offset:,}: {each.excerpt}" for each in found.places)
    return Notice(f"{found.count:,} {what}; {consequence}", tuple(places))
