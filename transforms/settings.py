"""The base of every settings class: typed, frozen, and closed to unknown keys."""

import os
import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
)

_MOST_BYTES = 1 << 60


def parse_size(value: Any) -> Any:
    """Bytes from a text such as 64MB or 32MiB; what is no text stays as it is.

    Raises:
        ValueError: more than anybody has, and than 64 bits can be reckoned with.
    """
    try:
        size = int(TypeAdapter(ByteSize).validate_python(value)) if isinstance(value, str) else value
    except OverflowError:
        size = _MOST_BYTES + 1
    except ValidationError as error:
        raise ValueError("should be a size, for example 64MB or 32MiB") from error
    if isinstance(size, int) and size > _MOST_BYTES:
        raise ValueError("should be at most 1 EiB")
    return size


Size = Annotated[int, BeforeValidator(parse_size)]  # bytes; in YAML also 64MB, 32MiB


def at_home(path: str) -> str:
    """The path as a shell makes it where it is not quoted: `~` and `$HOME` at its beginning are the user's home."""
    found = re.match(r"(~|\$HOME|\$\{HOME\})(?=/|$)", path)
    return path if found is None else os.path.expanduser("~") + path[found.end() :]  # noqa: PTH111 - it may have none


Place = Annotated[str, Field(min_length=1), AfterValidator(at_home)]  # a path, a pattern, or the URL of a store


class Settings(BaseModel):
    """Settings of one concern. A key that is not declared, or a value out of its bounds, is a validation error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


ANY_ENDING = "*"


def _single_byte(name: str) -> str:
    """`name` in lower case, if it is an encoding that extends ASCII with characters of one byte."""
    try:
        decoded = [bytes([byte]).decode(name, "replace") for byte in range(256)]
    except (LookupError, UnicodeError) as error:
        raise ValueError("should be an encoding of text, for example windows-1256") from error
    more = [character for character in decoded[128:] if len(character) == 1 and character != "\ufffd"]
    if decoded[:128] != [chr(code) for code in range(128)] or len(more) < 32:
        raise ValueError("should have one byte a character, as windows-1256 has; UTF-8 and UTF-16 are always read")
    return name.lower()


def _ending(text: str) -> str:
    """The ending in lower case, if it is one."""
    if text not in ("", ANY_ENDING) and not (text.startswith(".") and len(text) > 1 and "/" not in text):
        raise ValueError("should be an ending with its dot, for example .txt")
    return text.lower()


_Column = Annotated[str, Field(min_length=1)]


def _carried(value: Any) -> Any:
    """`all`, `none` or the names of columns, as they are."""
    named = isinstance(value, list) and all(isinstance(each, str) and each for each in value)
    if value not in ("all", "none") and not named:
        raise ValueError("should be all, none, or a list of columns, for example [url, date]")
    return value


_Carry = Annotated[str | list[str], BeforeValidator(_carried)]


class TableSettings(Settings):
    """The columns of some tables."""

    match: str = Field(min_length=1, description="a pattern that the end of their paths matches, such as web/*.parquet")
    text: _Column | None = Field(None, description="instead of input.text_column")
    name: _Column | None = Field(None, description="instead of input.name_column")
    id: _Column | None = Field(None, description="instead of input.id_column")
    carry: _Carry | None = Field(None, description="instead of input.carry")


class ReadSettings(Settings):
    """The reading of bundles."""

    endings: list[Annotated[str, AfterValidator(_ending)]] = Field(
        [".txt", ".text", ".jsonl", ".ndjson", ".parquet", ".arrow", ".gz", ".bz2", ".xz", ".zst"],
        description="the endings of files that are taken from folders; a compressed file counts by the ending of its "
        "content, if that has one; '' is no ending, * is any",
    )
    format: Literal["auto", "bundle", "jsonl", "parquet", "csv", "arrow"] = Field(
        "auto", description="what the files are; auto: what their first bytes say, and for CSV their names"
    )
    text_column: _Column | None = Field(
        None, description="the column of a table that is the text; default: text, else the only one that holds strings"
    )
    name_column: _Column | None = Field(
        None, description="the column that gives names to the documents of a table; default: that of id_column"
    )
    id_column: _Column | None = Field(None, description="the column that is carried in any case")
    carry: _Carry = Field(
        "all", description="the columns of tables that are carried in `source`: all but the text, none, or these"
    )
    tables: list[TableSettings] = Field(
        [], description="columns of some tables; the first pattern that the end of a path matches counts"
    )
    delimiter: Literal["strict", "lenient"] = Field(
        "strict",
        description="lenient: a delimiter counts even after white space and direction marks at the beginning of a line",
    )
    repair: Literal["none", "bytes"] = Field(
        "none",
        description="bytes: in a document of damaged UTF-8 every wrong byte becomes U+FFFD; none: it is rejected",
    )
    encodings: list[Annotated[str, AfterValidator(_single_byte)]] = Field(
        ["windows-1256", "iso-8859-6"],
        description="tried in this order on a document that is neither UTF-8 nor UTF-16; used if it gives Arabic",
    )
    decompressed_bytes: Size = Field(
        64 << 30, ge=1, description="most text of one compressed bundle; the rest is rejected"
    )
    decompressed_ratio: int = Field(
        250,
        ge=1,
        le=1_000_000_000,
        description="most bytes of text for each compressed byte, checked once 1 GiB has been decompressed",
    )
    document_bytes: Size = Field(256 << 20, ge=1, description="a longer document is rejected: it is held in memory")
    part_bytes: Size = Field(
        32 << 20,
        ge=1,
        description="text of a table or a compressed bundle that is processed, and written to one shard, at a time",
    )

    @property
    def lenient(self) -> bool:
        """True for lenient delimiters."""
        return self.delimiter == "lenient"


MOST_UNITS = 64


def _sizes(value: Any) -> Any:
    """The sizes in rising order, each once; one alone as a number."""
    sizes = value if isinstance(value, list) else [value]
    if not sizes or not all(type(each) is int and 1 <= each <= MOST_UNITS for each in sizes):
        raise ValueError(f"should be a whole number from 1 to {MOST_UNITS}, or a list of such, for example [1, 2]")
    distinct = sorted(set(sizes))
    return distinct if len(distinct) > 1 else distinct[0]


class ShingleSettings(Settings):
    """The shingles that a paragraph is compared by."""

    unit: Literal["word", "character"] = Field("word", description="shingles are runs of folded words or of characters")
    size: Annotated[int | list[int], BeforeValidator(_sizes)] = Field(
        2, description="units in a shingle, 1 to 64; a list, for example [1, 2]: the shingles of all these sizes"
    )

    @property
    def sizes(self) -> list[int]:
        """The sizes of shingles, rising."""
        return self.size if isinstance(self.size, list) else [self.size]


class DedupSettings(Settings):
    """The definition of a duplicate."""

    threshold: Annotated[float, Field(gt=0, le=1)] = Field(
        0.7, description="the least Jaccard similarity with an earlier kept paragraph that makes a duplicate"
    )
    scope: Literal["corpus", "document", "off"] = Field(
        "corpus", description="compare with all earlier paragraphs, with those of the same document, or not at all"
    )
    shingle: ShingleSettings = ShingleSettings()
    numbers: Literal["inner", "ignore", "equal"] = Field(
        "inner",
        description="inner: no duplicates are paragraphs of which each has a number within that the other lacks; "
        "equal: those whose numbers differ; ignore: numbers are words like others",
    )
    minimum_words: Annotated[int, Field(ge=0, le=1_000_000_000)] = Field(
        0, description="paragraphs of fewer words, but not of none, are never compared"
    )
    wordless: Literal["exact", "keep"] = Field(
        "exact",
        description="exact: of paragraphs without a word the first of the same bytes is kept; keep: all are",
    )
    keep: Literal["first"] = Field("first", description="the copy that stands for the others")
    against: list[Place] = Field(
        [],
        description="other corpora, which are only read: what they keep counts as kept earlier, in the order given",
    )
    join: Literal["auto", "one_pass", "partitioned"] = Field(
        "auto", description="how duplicates are found; auto: partitioned on a cluster where the input is large"
    )
    one_pass_bytes: Size = Field(2 << 30, ge=0, description="the most text that `auto` gives to one worker")
    partitions: Annotated[int, Field(ge=1, le=65536)] = Field(64, description="groups of the partitioned join")
    fold: Literal["arabic-2", "arabic-1", "none"] = Field(
        "arabic-2", description="how text is folded before it is compared"
    )

    @field_validator("against")
    @classmethod
    def _can_be_compared(cls, value: list[str], found: ValidationInfo) -> list[str]:
        if value and found.data.get("scope", "corpus") != "corpus":
            raise ValueError(f"nothing outside is compared where dedup.scope is {found.data['scope']}")
        return value

    def partitioned(self, size: int, *, in_process: bool) -> bool:
        """True where the join of `size` bytes of text is spread over workers."""
        large = not in_process and size > self.one_pass_bytes
        return self.join == "partitioned" or (self.join == "auto" and large)


# What a duplicate is does not depend on how the join is worked out, nor on what else paragraphs are compared with.
WORKING_KEYS = ("join", "one_pass_bytes", "partitions", "against")


class IndexSettings(Settings):
    """The earlier runs that a run is deduplicated against."""

    horizon_runs: int | None = Field(None, ge=0, description="only the last so many runs; default: all")
    horizon_days: float | None = Field(
        None, gt=0, le=36_500, description="only runs of the last so many days; default: all"
    )


def _written(pattern: str, words: str) -> AfterValidator:
    """A validator of texts that are written in one way, which `words` tell people."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"should be {words}")
        return text

    return AfterValidator(check)


class SegmentationSettings(Settings):
    """The engine of segmentation, and its own settings."""

    engine: Literal["embedded", "farasapy", "none"] = Field(
        "embedded", description="Rafid's own implementation of Farasa, Farasa's Java program, or no segmentation"
    )
    norm: bool = Field(False, description="write words normalised and without marks, as Farasa can")
    data: Place | None = Field(
        None, description="embedded: the file of Farasa's data; default: in the user's own folder"
    )
    jar: Place | None = Field(None, description="farasapy: the path of FarasaSegmenterJar.jar")
    jar_sha256: Annotated[str, _written("[0-9a-f]{64}", "64 digits 0-9 and a-f")] | None = Field(
        None, description="farasapy: the jar's SHA-256"
    )
    java: str = Field("java", min_length=1, description="farasapy: the command that runs Java")
    heap: Annotated[str, _written("[1-9][0-9]*[kmg]", "a size as Java takes it, for example 800m or 1g")] = Field(
        "1g", description="farasapy: Java's heap; less than 160m fails"
    )
    timeout_seconds: Annotated[float, Field(gt=0, le=86_400)] = Field(
        60.0, description="farasapy: how long Java may take over a batch of words"
    )


class ShardSettings(Settings):
    """The way shards are written."""

    compression_level: int = Field(1, ge=1, le=19, description="of zstd")
    row_group_bytes: int = Field(
        16 << 20, ge=1 << 10, le=1 << 40, description="uncompressed size of a row group, about"
    )
