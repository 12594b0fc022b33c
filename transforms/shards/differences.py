"""The words in which two paragraphs differ."""

from difflib import SequenceMatcher


def marked_words(left: str, right: str) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """The words of both texts, each with whether it differs, as they stand: marks and punctuation count."""
    lefts, rights = left.split(), right.split()
    left_marks, right_marks = [True] * len(lefts), [True] * len(rights)
    for block in SequenceMatcher(None, lefts, rights, autojunk=False).get_matching_blocks():
        left_marks[block.a : block.a + block.size] = [False] * block.size
        right_marks[block.b : block.b + block.size] = [False] * block.size
    return list(zip(lefts, left_marks, strict=True)), list(zip(rights, right_marks, strict=True))
