"""Notices of a run for a person: files that were passed over, repairs, and oddities that reading met."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipelines.views.translation import Plural, gettext
from transforms.bundles.errors import PassedReason
from transforms.bundles.findings import Kind
from transforms.bundles.listing import PassedOver
from transforms.runs.manifest import Found, FoundPlace, Manifest, PassedFile, Repaired

_SENTENCES = {
    Kind.INSIDE_LINE: Plural(
        "{count} delimiter stands inside a line, as after a file that does not end its last line; no document begins"
        " there",
        "{count} delimiters stand inside a line, as after a file that does not end its last line; no document begins"
        " there",
    ),
    Kind.INDENTED: Plural(
        "{count} delimiter stands after spaces or direction marks; no document begins there unless"
        " input.delimiter=lenient",
        "{count} delimiters stand after spaces or direction marks; no document begins there unless"
        " input.delimiter=lenient",
    ),
    Kind.MISSPELT: Plural(
        "{count} line looks like the delimiter <<<FILE>>> and is not spelt so; no document begins there",
        "{count} lines look like the delimiter <<<FILE>>> and are not spelt so; no document begins there",
    ),
    Kind.RECODED: Plural(
        "{count} delimiter is in another encoding than its document's own; no document begins there",
        "{count} delimiters are in another encoding than their document's own; no document begins there",
    ),
}
_LOOK_LIKE = Plural(
    "{count} document looks like {format}; taken as text", "{count} documents look like {format}; taken as text"
)
_FORMATS = {Kind.JSON: "JSON", Kind.CSV: "CSV", Kind.HTML: "HTML", Kind.XML: "XML", Kind.RTF: "RTF"}
_REASONS = {
    PassedReason.HIDDEN: Plural(
        "{count} file passed over, hidden (names that begin with . or _)",
        "{count} files passed over, hidden (names that begin with . or _)",
    ),
    PassedReason.UNFINISHED: Plural(
        "{count} file passed over, unfinished (.tmp, .part, .crdownload, ~)",
        "{count} files passed over, unfinished (.tmp, .part, .crdownload, ~)",
    ),
    PassedReason.ENDING: Plural(
        "{count} file passed over, of another ending (see input.endings)",
        "{count} files passed over, of another ending (see input.endings)",
    ),
    PassedReason.NOT_IN_CARD: Plural(
        "{count} file passed over, not named by the dataset's card",
        "{count} files passed over, not named by the dataset's card",
    ),
    PassedReason.CORPUS: Plural(
        "{count} folder passed over, a corpus that Rafid wrote",
        "{count} folders passed over, corpora that Rafid wrote",
    ),
    PassedReason.BROKEN_LINK: Plural(
        "{count} file passed over, a link that leads nowhere",
        "{count} files passed over, links that lead nowhere",
    ),
}
_REPAIRED = Plural(
    "{count} document repaired in {characters} characters; its bytes are in rejects/",
    "{count} documents repaired in {characters} characters; their bytes are in rejects/",
)
_OF_SEVERAL_TYPES = Plural(
    "{count} column of tables has values of several types; carried as JSON text",
    "{count} columns of tables have values of several types; carried as JSON text",
)
_SHOWN = 5  # files of each reason


@dataclass(frozen=True)
class Notice:
    """Something to look at: a sentence, and its first places."""

    sentence: str
    places: tuple[str | FoundPlace, ...]

    def __str__(self) -> str:
        return f"{self.sentence}{': ' if self.places else ''}{'; '.join(map(_in_words, self.places))}"


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
    if documents.kept or documents.duplicate or not documents.total:
        return ""
    if not documents.filtered:
        return f"all {documents.total:,} documents were rejected; rejects/ says why"
    if not documents.rejected:
        return f"all {documents.total:,} documents were left out; filtered/ says by which rule"
    return f"all {documents.total:,} documents were rejected or left out; rejects/ and filtered/ say why"


def passed_over_notices(files: Sequence[PassedOver | PassedFile]) -> Iterator[Notice]:
    """A notice for each reason why files were passed over."""
    for reason, sentence in _REASONS.items():
        urls = [each.url for each in files if each.reason == reason]
        if urls:
            more = [gettext("and {count} more", count=len(urls) - _SHOWN)] if len(urls) > _SHOWN else []
            yield Notice(sentence.of(len(urls)), (*urls[:_SHOWN], *more))


def _repaired(counts: Repaired) -> Iterator[Notice]:
    if counts.documents:
        yield Notice(_REPAIRED.of(counts.documents, characters=counts.characters), ())


def _of_several_types(source: Mapping[str, str]) -> Iterator[Notice]:
    columns = tuple(name for name, dtype in source.items() if dtype == "json")
    if columns:
        yield Notice(_OF_SEVERAL_TYPES.of(len(columns)), columns)


def _found(kind: Kind, found: Found) -> Notice:
    format_name = _FORMATS.get(kind)
    sentence = _LOOK_LIKE.of(found.count, format=format_name) if format_name else _SENTENCES[kind].of(found.count)
    return Notice(sentence, found.places)


def _in_words(place: str | FoundPlace) -> str:
    return place if isinstance(place, str) else gettext("{bundle}, byte {offset}: {excerpt}", **dict(place))
