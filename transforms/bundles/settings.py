"""The settings of reading: encodings that are tried, and limits that keep memory and time bounded."""

from typing import Annotated

from pydantic import AfterValidator, Field

from transforms.settings import Settings, Size


def _single_byte(name: str) -> str:
    """`name` in lower case, if it is an encoding that extends ASCII with characters of one byte."""
    try:
        decoded = [bytes([byte]).decode(name, "replace") for byte in range(256)]
    except (LookupError, UnicodeError) as error:
        raise ValueError(f"{name}: no text encoding of that name; use for example windows-1256") from error
    more = [character for character in decoded[128:] if len(character) == 1 and character != "\ufffd"]
    if decoded[:128] != [chr(code) for code in range(128)] or len(more) < 32:
        raise ValueError(
            f"{name}: not an encoding of one byte a character, such as windows-1256; UTF-8 and UTF-16 are always read"
        )
    return name.lower()


class ReadSettings(Settings):
    """The reading of bundles."""

    encodings: list[Annotated[str, AfterValidator(_single_byte)]] = Field(
        ["windows-1256", "iso-8859-6"],
        description="tried in this order on a document that is neither UTF-8 nor UTF-16; used if it gives Arabic",
    )
    decompressed_bytes: Size = Field(
        64 << 30, ge=1, description="most text of one compressed bundle; the rest is rejected"
    )
    decompressed_ratio: int = Field(
        250, ge=1, description="most bytes of text for each compressed byte, checked once 1 GiB has been decompressed"
    )
    document_bytes: Size = Field(256 << 20, ge=1, description="a longer document is rejected: it is held in memory")
    part_bytes: Size = Field(
        32 << 20, ge=1, description="text of a compressed bundle that is processed, and written to one shard, at a time"
    )
