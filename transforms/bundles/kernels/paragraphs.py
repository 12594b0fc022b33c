"""Kernels that find the paragraphs of documents."""

import numpy as np

from transforms.bundles.kernels.lines import find_line_end, has_rare_line_end, next_line, trim_end, trim_start
from transforms.kernels import Bool, InBytes, InInt64, Int64, OutBytes, OutInt32, OutInt64, inline, kernel

_LF, _CR = np.uint8(0x0A), np.uint8(0x0D)


@inline
def _count_common(text, start, end):
    count = 0
    for at in range(np.uint64(start), np.uint64(end)):
        count += (text[at] == _LF) | (text[at] == _CR)
    return count


@inline
def _count_rare(text, start, end):
    count, at = 0, start
    while at < end:
        at = find_line_end(text, at, end, True)
        count += at < end
        at = next_line(text, at, end)
    return count


@kernel(InBytes, InInt64, InInt64, OutBytes, returns=Int64)
def count_line_ends(text, start, end, rare):
    """An upper bound of the number of line ends in the documents.

    Args:
        text: uint8[m].
        start, end: int64[d], the documents' texts.
        rare: uint8[d], filled with 1 for documents that have other line ends than LF and CR.
    """
    count = 0
    for document in range(len(start)):
        rare[document] = has_rare_line_end(text, start[document], end[document])
        if rare[document]:
            count += _count_rare(text, start[document], end[document])
        else:
            count += _count_common(text, start[document], end[document])
    return count


@kernel(InBytes, InInt64, InInt64, InBytes, Bool, OutInt64, OutInt64, OutInt32, returns=Int64)
def find_paragraphs(text, start, end, rare, join_lines, first, last, document):
    """Fills in the paragraphs of each document, trimmed of white space and NULs, in text order; returns their number.

    Args:
        text: uint8[m], valid UTF-8 in each document.
        start, end: int64[d], the documents' texts.
        rare: uint8[d], see `count_line_ends`.
        join_lines: true if a paragraph goes on to the next blank line, false if it ends with its line.
        first, last: int64[p], a paragraph's first byte in `text` and one past its last.
        document: int32[p], the document of each paragraph.
    """
    count = 0
    for number in range(len(start)):
        stop = end[number]
        at = start[number]
        inside = False
        while at < stop:
            line_end = find_line_end(text, at, stop, rare[number] != 0)
            begin = trim_start(text, at, line_end)
            if begin == line_end:
                inside = False
            else:
                if not (inside and join_lines):
                    first[count] = begin
                    document[count] = number
                    count += 1
                    inside = True
                last[count - 1] = trim_end(text, begin, line_end)
            at = next_line(text, line_end, stop)
    return count
