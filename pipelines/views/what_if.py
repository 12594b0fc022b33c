"""The preview of another definition of a duplicate, drawn for a terminal."""

from collections.abc import Iterator

import numpy as np
from rich.console import RenderableType

from pipelines.views.pairs import side_by_side
from transforms.shards.what_if import Difference, Preview


def drawn(found: Preview, changes: str, fold: str, limit: int) -> Iterator[RenderableType]:
    """The figures of a preview, then samples of the paragraphs that only one definition removes, `limit` of each.

    Args:
        found: the preview.
        changes: the settings that differ, as they were given.
        fold: the profile by which words differ.
        limit: how many samples.
    """
    paragraphs, now, then = len(found.paragraphs) - found.outside, len(found.now.removed), len(found.then.removed)
    yield f"With {changes} {then:,} of {paragraphs:,} paragraphs would go; {now:,} go now. Nothing was written."
    for difference, title in ((found.more, "would go and stay now"), (found.fewer, "go now and would stay")):
        yield f"{len(difference.rows):,} {title}."
        yield from _samples(found, difference, fold, limit)


def _samples(found: Preview, difference: Difference, fold: str, limit: int) -> Iterator[RenderableType]:
    """Some of the paragraphs beside those that stand for them, at equal distances over all."""
    count = min(limit, len(difference.rows))
    for at in np.unique(np.linspace(0, len(difference.rows) - 1, count).round().astype(np.int64)) if count else ():
        row, kept = (found.paragraphs.slice(each[at], 1).to_pylist()[0] for each in (difference.rows, difference.kept))
        places = [
            f"{each['bundle']}@{each['offset']} ¶{each['paragraph_index']} (run {each['run']})" for each in (row, kept)
        ]
        title = f"similarity {difference.similarity[at]:.4f}"
        texts = (f"goes: {places[0]}", row["text"]), (f"kept: {places[1]}", kept["text"])
        yield side_by_side(title, *texts, fold)
