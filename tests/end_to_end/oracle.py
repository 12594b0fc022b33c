"""The whole of ingestion in plain Python: bundles as bytes in, every document and paragraph with its verdict out."""

from collections.abc import Mapping
from typing import NamedTuple

from tests.bundles.oracle import Item, paragraphs_of, read_bundle
from tests.dedup.oracle import decide_by_index
from transforms.settings import DedupSettings


class Place(NamedTuple):
    """Where a paragraph is: its bundle, its first byte there, and its ordinal in its document."""

    bundle: str
    offset: int
    ordinal: int


class Paragraph(NamedTuple):
    """A paragraph, and the offset of its document in the bundle."""

    place: Place
    document: int
    text: str


class Truth(NamedTuple):
    """What a run must come to: the kept paragraphs in order, and for each duplicate what it repeats and how closely."""

    kept: list[Place]
    duplicates: dict[Place, tuple[Place, float]]


def read_items(bundles: Mapping[str, bytes]) -> list[Item]:
    """Every document and reject, in the order of the input."""
    return [item for name in sorted(bundles) for item in read_bundle(name, bundles[name])]


def read_paragraphs(bundles: Mapping[str, bytes], mode: str = "line") -> list[Paragraph]:
    """Every paragraph, in the order of the input."""
    items = (item for item in read_items(bundles) if item.text is not None)
    return [found for item in items for found in _paragraphs(item, bundles[item.bundle], mode)]


def _paragraphs(item: Item, bundle: bytes, mode: str) -> list[Paragraph]:
    """The paragraphs of a document in UTF-8; marks and padding at its end are no part of its text."""
    body = str(item.text).encode()
    shift = bundle.rindex(body, item.offset, item.offset + item.length)
    found, at = [], 0
    for index, text in enumerate(paragraphs_of(str(item.text), mode)):
        at = body.index(text.encode(), at)  # nothing but white space lies before it
        found.append(Paragraph(Place(item.bundle, shift + at, index), item.offset, text))
        at += len(text.encode())
    return found


def decide(paragraphs: list[Paragraph], settings: DedupSettings) -> Truth:
    """The verdicts, by definition."""
    removed = decide_by_index([each.text for each in paragraphs], settings)
    places = [each.place for each in paragraphs]
    return Truth(
        [place for number, place in enumerate(places) if number not in removed],
        {places[number]: (places[kept], similarity) for number, (kept, similarity) in removed.items()},
    )
