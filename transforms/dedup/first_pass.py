"""The first pass over a split: from its bytes to its fingerprint."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from transforms.arrays import Int64s
from transforms.bundles.documents import find_paragraphs
from transforms.bundles.errors import KEPT_ALL_THE_SAME, BundleChanged
from transforms.bundles.listing import digest_bundle
from transforms.bundles.reader import Documents
from transforms.bundles.splits import Split
from transforms.dedup.fingerprints import DOCUMENT_FIELDS, Fingerprint
from transforms.dedup.identities import DocumentIds
from transforms.dedup.shingles import shingle_sets
from transforms.filters.running import Filter, LeftOut, run_filters
from transforms.language.detect import Languages, detect_languages, left_out
from transforms.language.settings import LanguageSettings
from transforms.sealed import digest
from transforms.settings import DedupSettings


def fingerprint_split(
    split: Split,
    documents: Documents,
    paragraph_mode: str,
    settings: DedupSettings,
    language: LanguageSettings | None = None,
    filters: Sequence[Filter] = (),
) -> Fingerprint:
    """The fingerprint of a split.

    Args:
        split: what was read, or a part of it.
        documents: its documents.
        paragraph_mode: `line` or `blank_line`.
        settings: the definition of a duplicate.
        language: which languages are kept; documents in others are left out before anything is compared.
        filters: leave out further ones.
    """
    language = language or LanguageSettings()
    paragraphs = find_paragraphs(documents, paragraph_mode)
    languages = detect_languages(documents.text, documents.text_start, documents.text_end, language)
    gone = run_filters(filters, split, documents, languages.language, left_out(languages, language))
    compared = gone.stays()[paragraphs.document]
    end = np.where(compared, paragraphs.end, paragraphs.start)
    identities = DocumentIds.of(documents, [each.bundle.name for each in split.ranges])
    salts = identities.numbers[paragraphs.document]
    sets = shingle_sets(documents.text, paragraphs.start, end, salts, settings)
    return Fingerprint(
        documents=_document_table(split, documents, identities.ids, languages, gone),
        first_paragraph=np.searchsorted(paragraphs.document, np.arange(len(documents.offset) + 1)).astype(np.int64),
        offset=documents.offsets_of(paragraphs.start, paragraphs.document),
        length=paragraphs.end - paragraphs.start,
        sets=sets,
        facts=_facts(split, documents),
    )


def _document_table(
    split: Split, documents: Documents, ids: pa.StringArray, languages: Languages, gone: LeftOut
) -> pa.Table:
    names = pa.array([each.bundle.name for each in split.ranges], pa.string())
    columns = [
        ids,
        names.take(pa.array(documents.bundle)),
        pa.array(documents.offset),
        pa.array(documents.length),
        documents.name,
        pa.array(documents.encoding, pa.string()),
        pa.array(documents.repaired),
        pa.array(languages.language, pa.string()),
        pa.array(languages.probability),
        pa.array(gone.rule, pa.string()),
        pa.array(gone.reason, pa.string()),
    ]
    return pa.table(columns, schema=pa.schema(DOCUMENT_FIELDS))


def _facts(split: Split, documents: Documents) -> dict[str, Any]:
    """The facts that the commit counts from."""
    return {
        "bytes": documents.bytes_read,
        "rejected": sum(each.reason not in KEPT_ALL_THE_SAME for each in documents.rejects),
        "preambles": int(documents.preamble.sum()),
        "reasons": Counter(each.reason for each in documents.rejects),
        "text": _text_digest(documents),
        "repaired": {
            "documents": int((documents.repaired > 0).sum()),
            "characters": int(documents.repaired.sum(dtype=np.int64)),
        },
        "findings": documents.findings.as_dict(),
        "digests": _digests(split, documents),
    }


def _digests(split: Split, documents: Documents) -> dict[str, str]:
    """The digests of bundles by name; the part with a bundle's first byte takes it, from the text if all is there."""
    begun = {at: each.bundle for at, each in enumerate(split.ranges) if each.start == 0 and not each.unreadable}
    whole = {at: hashlib.sha256(each.data).hexdigest() for at, each in documents.whole.items()}
    return {bundle.name: whole.get(at) or digest_bundle(bundle) for at, bundle in begun.items() if split.part == 0}


def _text_digest(documents: Documents) -> str:
    """A digest of all that reading gave: the text, and where its documents begin and end in it and in their bundles."""
    columns = (documents.text_start, documents.text_end, documents.offset, documents.length, documents.bundle)
    return digest(documents.text, *map(np.ascontiguousarray, columns))


def check_same_text(split: Split, fingerprint: Fingerprint, documents: Documents) -> None:
    """Makes sure that the second pass has read what the first one compared.

    Raises:
        BundleChanged: a bundle has changed in between, though its size and time may be what they were.
    """
    if _text_digest(documents) != fingerprint.facts["text"]:
        names = {each.bundle.url for each in split.ranges}
        which = names.pop() if len(names) == 1 else f"one of the {len(names):,} bundles of split {split.id}"
        raise BundleChanged(f"{which}: changed while the run read it; run again when nobody writes to it")


def paragraph_bounds(documents: Documents, fingerprint: Fingerprint) -> tuple[Int64s, Int64s]:
    """The bounds of the fingerprint's paragraphs in the text of the documents, read again."""
    start = documents.places_of(fingerprint.offset, fingerprint.paragraph_document())
    return start, start + fingerprint.length
