"""Finding the kept paragraphs of a run again, in the bundles and tables that they came from."""

from collections.abc import Iterator
from posixpath import basename
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from transforms.bundles.documents import Documents
from transforms.bundles.errors import BundleError, BundleFailed
from transforms.bundles.listing import Bundle, digest_bundle
from transforms.bundles.reader import read_parts
from transforms.bundles.splits import ByteRange, Split
from transforms.bundles.stores import open_store
from transforms.runs.manifest import Manifest, TakenInput
from transforms.settings import ReadSettings
from transforms.shards.corpus import PARAGRAPH_BREAKS
from transforms.storage import Folder

_COLUMNS = ["bundle", "offset", "text", "paragraph_offset"]


def check_sources(output: Folder, manifest: Manifest) -> Iterator[str]:
    """The bundles of a run that are not what they were, and the kept paragraphs that are not found in theirs.

    Kept documents stand in the order of the input, so both are gone through once, side by side.

    Args:
        output: the output folder.
        manifest: of the run, whose own files are sound.
    """
    kept = _Kept(output, manifest)
    settings = _settings(manifest)
    for taken in (
        each for each in manifest.inputs if each.sha256
    ):  # of others, which could not be read, nothing is kept
        try:
            bundle = _as_it_is(taken)
            for documents in _documents(bundle, taken, settings):
                yield from kept.compare(taken.name, documents)
        except (BundleError, BundleFailed, OSError) as error:
            yield str(error)
            kept.skip(taken.name)
        yield from kept.left(taken.name)


def _settings(manifest: Manifest) -> ReadSettings:
    """The way the run read its input; before there was a format, all were bundles."""
    given = manifest.settings.get("input", {})
    known = {name: value for name, value in given.items() if name in ReadSettings.model_fields}
    return ReadSettings.model_validate({"format": "bundle", **known} if given else {})


def _as_it_is(taken: TakenInput) -> Bundle:
    """The bundle, whose bytes are those that were taken.

    Raises:
        BundleError: they are not.
    """
    store, path = open_store(taken.url)
    entry = store.entry(path)
    bundle = Bundle(taken.name, taken.url, entry.size, entry.modified, entry.state)
    if entry.size != taken.size or digest_bundle(bundle) != taken.sha256:
        raise BundleError(f"{taken.url}: is not what it was when it was taken")
    return bundle


def _documents(bundle: Bundle, taken: TakenInput, settings: ReadSettings) -> Iterator[Documents]:
    split = Split(0, (ByteRange(bundle, taken.start, taken.end),))
    return (documents for _, documents in read_parts(split, settings))


def _split_of(path: str) -> str:
    """The id of the split that a file is of; ids sort as splits and their parts do."""
    return basename(path).removesuffix(".parquet").partition("~")[0]


class _Kept:
    """The kept documents of a run, in the order of the input."""

    def __init__(self, output: Folder, manifest: Manifest) -> None:
        self._breaks = PARAGRAPH_BREAKS[manifest.setting("input.paragraphs")]
        self._rows = self._read(output, manifest)
        self._next = next(self._rows, None)

    def _read(self, output: Folder, manifest: Manifest) -> Iterator[dict[str, Any]]:
        for path in sorted(manifest.files_of("documents"), key=_split_of):
            for batch in pq.ParquetFile(output.read(path)).iter_batches(columns=_COLUMNS):
                yield from batch.to_pylist()

    def compare(self, name: str, documents: Documents) -> Iterator[str]:
        """Compares the next kept documents with documents that were read again; gives the paragraphs that differ."""
        for row, offset in enumerate(documents.offset.tolist()):
            kept = self._next
            if kept is None or (kept["bundle"], kept["offset"]) != (name, offset):
                continue
            self._next = next(self._rows, None)
            offsets = np.array(kept["paragraph_offset"], np.int64)
            places = documents.places_of(offsets, np.full(len(offsets), row, np.int32)).tolist()
            end = int(documents.text_end[row])
            for place, paragraph_offset, text in zip(places, offsets, kept["text"].split(self._breaks), strict=True):
                wanted = text.encode()
                if not 0 <= place <= end or documents.text[place : place + len(wanted)].tobytes() != wanted:
                    yield f"{name}@{offset}: the paragraph at {paragraph_offset} is not there"

    def skip(self, name: str) -> None:
        """Passes over the documents of a bundle."""
        while self._next is not None and self._next["bundle"] == name:
            self._next = next(self._rows, None)

    def left(self, name: str) -> Iterator[str]:
        """The documents of a bundle that were not found in it, one line each."""
        while self._next is not None and self._next["bundle"] == name:
            yield f"{name}@{self._next['offset']}: the document is not there"
            self._next = next(self._rows, None)
