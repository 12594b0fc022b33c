"""Paragraphs: where they begin and end in the text of documents."""

from dataclasses import dataclass

import numpy as np

from transforms.bundles.documents import Documents
from transforms.bundles.errors import BundleError
from transforms.bundles.kernels import documents as kernels
from transforms.bundles.text import Int32s, Int64s

MODES = ("line", "blank_line")


@dataclass(frozen=True)
class Paragraphs:
    """Paragraphs in input order, as columns.

    Attributes:
        start: int64[p], the first byte of each in `Documents.text`, white space trimmed.
        end: int64[p], one past its last byte.
        document: int32[p], ascending, its row in `Documents`.
    """

    start: Int64s
    end: Int64s
    document: Int32s


def find_paragraphs(documents: Documents, mode: str) -> Paragraphs:
    """The paragraphs of `documents`, trimmed of Unicode's White_Space; empty ones are nothing.

    Args:
        documents: the documents of a split.
        mode: `line`: LF, CR LF and CR end a paragraph; `blank_line`: a line of white space only does, and line ends
            inside a paragraph stay as they are.

    Raises:
        BundleError: another mode.
    """
    if mode not in MODES:
        raise BundleError(f"paragraphs: {mode}: not a mode; use one of {', '.join(MODES)}")
    text, first, last = documents.text, documents.text_start, documents.text_end
    bound = kernels.count_line_ends(text, first, last) + len(first)
    start, end, document = np.empty(bound, np.int64), np.empty(bound, np.int64), np.empty(bound, np.int32)
    count = kernels.find_paragraphs(text, first, last, mode == "blank_line", start, end, document)
    return Paragraphs(start[:count].copy(), end[:count].copy(), document[:count].copy())
