"""The errors of bundles: wrong patterns before the work, files that change or fail during it."""

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

    NOT_TEXT = "not_text"  # neither UTF-8 nor UTF-16, nor Arabic in a configured encoding
    EMPTY_DOCUMENT = "empty_document"  # nothing but white space
    DOCUMENT_TOO_LARGE = "document_too_large"  # longer than input.document_bytes
    TRUNCATED_STREAM = "truncated_stream"  # compressed data, or UTF-16, ends in the middle
    CORRUPT_STREAM = "corrupt_stream"  # compressed data is damaged
    DECOMPRESSED_TOO_LARGE = "decompressed_too_large"  # more comes out of compressed data than is allowed
    UNREADABLE_BUNDLE = "unreadable_bundle"  # a stream could not read the bundle, twice
    UNSUPPORTED_FORMAT = "unsupported_format"  # an archive, or a compression that is not read
