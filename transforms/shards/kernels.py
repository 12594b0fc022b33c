"""Kernels that copy paragraphs into columns."""

from numba import types

from transforms.kernels import InBytes, InInt64, Int64, OutBytes, OutInt64, kernel


@kernel(InBytes, InInt64, InInt64, InInt64, Int64, OutBytes, OutInt64, returns=types.void)
def join_paragraphs(text, start, end, first, breaks, out, offsets):
    """Fills `out` with the text of rows of paragraphs, line feeds between them.

    Args:
        text: uint8[m].
        start, end: int64[p], the paragraphs' bytes in `text`.
        first: int64[r + 1], where each row's paragraphs begin.
        breaks: line feeds between two paragraphs of a row.
        out: uint8[n]; n at least the paragraphs' bytes and the breaks between them.
        offsets: int64[r + 1], filled with where each row's text begins in `out`.
    """
    to = 0
    for row in range(len(first) - 1):
        offsets[row] = to
        for paragraph in range(first[row], first[row + 1]):
            if paragraph > first[row]:
                out[to : to + breaks] = 10
                to += breaks
            size = end[paragraph] - start[paragraph]
            out[to : to + size] = text[start[paragraph] : end[paragraph]]
            to += size
    offsets[len(first) - 1] = to
