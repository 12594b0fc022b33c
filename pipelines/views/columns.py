"""The meaning of each column of a corpus, in words; the types stand in `transforms.shards.schemas`."""

import pyarrow as pa

_DOCUMENT = {
    "doc_id": "32 hex digits, of the bundle's name, the place and the text: the same in every run",
    "bundle": "the file it came from, relative to the input's root",
    "offset": "bytes from the start of the bundle to the document's delimiter line",
    "length": "bytes from there to the next delimiter line",
    "name": "the rest of the delimiter line; may be empty",
    "encoding": "the encoding it was read in",
    "language": "ISO 639 code; `und`: nothing can be said",
    "language_probability": "how sure that is, 0 to 1",
}

MEANINGS = {
    "documents": {
        **_DOCUMENT,
        "text": "the kept paragraphs, one a line (parted by blank lines where `input.paragraphs` is `blank_line`)",
        "segmented": "the same lines, words in segments: `و+ال+كتاب`; null without a segmenter",
        "paragraph_index": "for each line, the paragraph's number in its document, from 0",
        "paragraph_offset": "for each line, bytes from the start of the bundle to the paragraph",
    },
    "duplicates": {
        "doc_id": "the document that the paragraph was in",
        "bundle": "the file it came from",
        "offset": "bytes from the start of the bundle to the paragraph",
        "paragraph_index": "its number in its document, from 0",
        "text": "the paragraph",
        "rule": "`exact`: the shingle sets are equal; `near`: they are similar",
        "similarity": "exact Jaccard similarity with the kept paragraph",
        "kept_doc_id": "the document of the kept paragraph that stands for it",
        "kept_bundle": "its bundle",
        "kept_offset": "bytes from the start of that bundle to the kept paragraph",
        "kept_paragraph_index": "its number in its document",
        "kept_run": "the run that kept it",
    },
    "filtered": {
        **_DOCUMENT,
        "rule": "the rule that left it out",
        "text": "the whole document",
        "paragraph_offset": "bytes from the start of the bundle to each paragraph",
    },
    "rejects": {
        "bundle": "the file",
        "offset": "bytes from the start of the bundle",
        "length": "bytes that could not be read",
        "stage": "where it was found out",
        "reason": "one of a closed set, see below",
        "detail": "the reason in words",
        "payload": "the raw bytes",
    },
}


def type_name(dtype: pa.DataType) -> str:
    """The name of a column's type, as people write it: `list<int32>`."""
    return f"list<{dtype.value_type}>" if pa.types.is_list(dtype) else str(dtype)
