"""The columns of every file a corpus is made of. Names and types are a contract with its readers."""

import pyarrow as pa


def _required(name: str, dtype: pa.DataType) -> pa.Field:
    return pa.field(name, dtype, nullable=False)


# The name in the path of the file, where some readers take a name that looks like a number or a date for one.
_RUN = _required("run", pa.string())

# One row a document of which something is kept; its lists have one entry a kept paragraph.
DOCUMENTS = pa.schema(
    [
        _required("doc_id", pa.string()),
        _required("bundle", pa.string()),
        _required("offset", pa.int64()),  # bytes from the start of the bundle to the document's delimiter line
        _required("length", pa.int64()),  # bytes up to the next delimiter line
        _required("name", pa.string()),
        _required("encoding", pa.string()),
        _required("repaired", pa.int32()),  # characters that were restored, or replaced by U+FFFD
        pa.field("language", pa.string()),
        pa.field("language_probability", pa.float32()),
        _required("text", pa.string()),
        pa.field("segmented", pa.string()),
        _required("paragraph_index", pa.list_(pa.field("element", pa.int32(), nullable=False))),
        _required("paragraph_offset", pa.list_(pa.field("element", pa.int64(), nullable=False))),
        _RUN,
    ]
)

# One row a removed paragraph, with the kept paragraph that stands for it. Offsets are those of the paragraphs.
DUPLICATES = pa.schema(
    [
        _required("doc_id", pa.string()),
        _required("bundle", pa.string()),
        _required("offset", pa.int64()),
        _required("paragraph_index", pa.int32()),
        _required("text", pa.string()),
        _required("rule", pa.string()),
        _required("similarity", pa.float64()),
        _required("kept_doc_id", pa.string()),
        _required("kept_bundle", pa.string()),
        _required("kept_offset", pa.int64()),
        _required("kept_paragraph_index", pa.int32()),
        _required("kept_length", pa.int64()),
        _required("kept_run", pa.string()),
        pa.field("kept_corpus", pa.string()),
        _RUN,
    ]
)

# One row a document, or part of a bundle, that could not be read or was repaired, with its raw bytes.
REJECTS = pa.schema(
    [
        _required("bundle", pa.string()),
        _required("offset", pa.int64()),
        _required("length", pa.int64()),
        _required("stage", pa.string()),
        _required("reason", pa.string()),
        _required("detail", pa.string()),
        _required("payload", pa.binary()),
        _RUN,
    ]
)

# One row a document that a rule left out whole, before anything was compared.
FILTERED = pa.schema(
    [
        _required("doc_id", pa.string()),
        _required("bundle", pa.string()),
        _required("offset", pa.int64()),
        _required("length", pa.int64()),
        _required("name", pa.string()),
        _required("encoding", pa.string()),
        _required("repaired", pa.int32()),
        pa.field("language", pa.string()),
        pa.field("language_probability", pa.float32()),
        _required("rule", pa.string()),
        pa.field("reason", pa.string()),
        _required("text", pa.string()),
        _required("paragraph_offset", pa.list_(pa.field("element", pa.int64(), nullable=False))),
        _RUN,
    ]
)

LEDGERS = {"documents": DOCUMENTS, "duplicates": DUPLICATES, "filtered": FILTERED, "rejects": REJECTS}
