"""The errors of bundles, and the reasons why documents are rejected and files passed over."""

from enum import StrEnum

from transforms.errors import RunError, UsageError


class BundleError(UsageError):
    """An input that cannot be used."""


class BundleFailed(RunError):  # noqa: N818 - says what happened
    """A bundle that cannot be read after the run has begun."""


class BundleChanged(BundleFailed):
    """A bundle that has changed since it was listed."""


class BundleReadError(BundleFailed):
    """A bundle whose store fails to read it."""


class RejectReason(StrEnum):
    """The values of the column `reason` of rejects."""

    NOT_TEXT = (
        "not_text"  # neither UTF-8 nor UTF-16, nor Arabic in a configured encoding; or full of control characters
    )
    REPAIRED = "repaired"  # the bytes of a document that is kept, with what was not UTF-8 replaced
    EMPTY_DOCUMENT = "empty_document"  # nothing but white space
    DOCUMENT_TOO_LARGE = "document_too_large"  # longer than input.document_bytes
    TRUNCATED_STREAM = "truncated_stream"  # compressed data, or UTF-16, ends in the middle
    CORRUPT_STREAM = "corrupt_stream"  # compressed data is damaged
    DECOMPRESSED_TOO_LARGE = "decompressed_too_large"  # more comes out of compressed data than is allowed
    UNREADABLE_BUNDLE = "unreadable_bundle"  # a stream could not read the bundle, twice
    BROKEN_ROW = "broken_row"  # a line of a table that is no row: no JSON object, or not as many columns as the header
    NO_TEXT = "no_text"  # a row whose text is missing, null or no string; or a table in which no column is the text
    CORRUPT_TABLE = "corrupt_table"  # Parquet or Arrow that is damaged or cut short, or a part of it
    COLUMNS_LOST = "columns_lost"  # rows that are kept, though the columns carried with them could not be read
    UNSUPPORTED_FORMAT = "unsupported_format"  # an archive, or a compression that is not read


# The reasons of rejects that stand for documents which are kept all the same.
KEPT_ALL_THE_SAME = (RejectReason.REPAIRED, RejectReason.COLUMNS_LOST)


class PassedReason(StrEnum):
    """The reasons why a file or folder below a folder, or one that a pattern matches, is passed over."""

    HIDDEN = "hidden"  # its name begins with . or _
    UNFINISHED = "unfinished"  # its name ends in .tmp, .part, .crdownload or ~: it is still being written
    ENDING = "ending"  # it is below a folder, and its ending is not one of input.endings
    NOT_IN_CARD = "not_in_card"  # it is below the folder of a dataset, whose card does not name it
    CORPUS = "corpus"  # it is a corpus of Rafid's: what earlier runs wrote is no new text
    BROKEN_LINK = "broken_link"  # it is a link that leads to no file

    @classmethod
    def of_name(cls, name: str) -> "PassedReason | None":
        """The reason why a file or folder of that name is passed over; None if it is not."""
        if name.startswith((".", "_")):
            return cls.HIDDEN
        return cls.UNFINISHED if name.endswith((".tmp", ".part", ".crdownload", "~")) else None
