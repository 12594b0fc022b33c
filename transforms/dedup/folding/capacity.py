"""The room that folded text takes."""

# Of one code point: ﷺ reads as 15 letters and 3 blanks, and a blank parts it from what stands before.
MOST_CHARACTERS = 19


def unit_capacity(size: int, paragraphs: int, forms: int, *, by_word: bool) -> int:
    """The most units that paragraphs can have.

    Args:
        size: their bytes. The densest words are those of ﷺ, four in three bytes; the densest characters fill one each.
        paragraphs: their number.
        forms: for characters, code points among them that may read as several.
        by_word: whether units are words, else characters.
    """
    return size + size // 3 + paragraphs if by_word else size + MOST_CHARACTERS * forms
