"""The settings of deduplication: the definition of a duplicate, and the way duplicates are found."""

from typing import Annotated, Literal

from pydantic import Field

from transforms.settings import Settings, Size


class ShingleSettings(Settings):
    """The shingles that a paragraph is compared by."""

    unit: Literal["word", "character"] = Field("word", description="shingles are runs of folded words or of characters")
    size: Annotated[int, Field(ge=1, le=64)] = Field(3, description="units in a shingle")


class DedupSettings(Settings):
    """The definition of a duplicate."""

    threshold: Annotated[float, Field(gt=0, le=1)] = Field(
        0.7, description="the least Jaccard similarity with an earlier kept paragraph that makes a duplicate"
    )
    scope: Literal["corpus", "document", "off"] = Field(
        "corpus", description="compare with all earlier paragraphs, with those of the same document, or not at all"
    )
    shingle: ShingleSettings = ShingleSettings()
    minimum_words: Annotated[int, Field(ge=0)] = Field(0, description="shorter paragraphs are never compared")
    join: Literal["auto", "one_pass", "partitioned"] = Field(
        "auto", description="how duplicates are found; auto: partitioned on a cluster where the input is large"
    )
    one_pass_bytes: Size = Field(2 << 30, ge=0, description="the most text that `auto` gives to one worker")
    partitions: Annotated[int, Field(ge=1, le=65536)] = Field(64, description="groups of the partitioned join")
    fold: Literal["arabic-2", "arabic-1", "none"] = Field(
        "arabic-2", description="how text is folded before it is compared"
    )

    def partitioned(self, size: int, *, in_process: bool) -> bool:
        """True where the join of `size` bytes of text is spread over workers."""
        large = not in_process and size > self.one_pass_bytes
        return self.join == "partitioned" or (self.join == "auto" and large)


# How the join is worked out; what a duplicate is does not depend on it.
WORKING_KEYS = ("join", "one_pass_bytes", "partitions")
