"""Measures how often text in an encoding is taken for Arabic in a single-byte one, on random cuts of sentences.

    python tests/benchmarks/plausible_arabic.py FOLDER...

A folder has a file a language, `ar.txt`, `ru.txt` and so on (`translations.py` makes one); what follows a hyphen in a
name, as in `ar-news.txt`, is a text of its own. A row is a group of languages in each of the encodings that they are
written in, and has for each length the least and the most per cent of the cuts of a text that are taken. Characters
that an encoding lacks are left out, except that Arabic yeh stands for the Persian one; cuts of ASCII do not count.
"""

import argparse
import random
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from transforms.bundles.encodings import decode
from transforms.settings import ReadSettings

LENGTHS = (20, 60, 200)
CUTS = 4000
FEWEST_CUTS = 50  # of fewer nothing is said
SINGLE_BYTES = ReadSettings().encodings


class Group(NamedTuple):
    """Languages, and the encodings that their texts are tried in."""

    title: str
    languages: Sequence[str]
    encodings: Sequence[str]
    damage: Sequence[int] = (0,)


GROUPS = (
    Group("Arabic in windows-1256", ["ar"], ["windows-1256"]),
    Group("Arabic in ISO-8859-6", ["ar"], ["iso-8859-6"]),
    Group("Persian, Urdu, Punjabi, Pashto, Uyghur", ["fa", "ur", "pnb", "ps", "ug"], ["windows-1256"]),
    Group("damaged UTF-8", ["ar", "fa", "ur", "pnb", "ps", "ug"], ["utf-8"], damage=(1, 3, 20)),
    Group("Russian, Ukrainian", ["ru", "uk"], ["windows-1251", "koi8-r", "koi8-u", "iso-8859-5", "cp866"]),
    Group("Bulgarian", ["bg"], ["windows-1251"]),
    Group("Greek", ["el"], ["windows-1253", "iso-8859-7"]),
    Group("Hebrew", ["he"], ["windows-1255", "iso-8859-8"]),
    Group("Polish, Czech", ["pl", "cs"], ["windows-1250", "iso-8859-2"]),
    Group("English, French, German, Spanish", ["en", "fr", "de", "es"], ["windows-1252"]),
    Group("Turkish", ["tr"], ["windows-1254"]),
    Group("Vietnamese", ["vi"], ["windows-1258"]),
    Group("Thai", ["th"], ["cp874"]),
    Group("Chinese", ["zh"], ["gb18030", "big5"]),
    Group("Japanese", ["ja"], ["shift_jis", "euc-jp"]),
    Group("Korean", ["ko"], ["euc-kr"]),
)


def cuts(text: str, length: int, chance: random.Random) -> list[str]:
    """The cuts of a text: `CUTS` pieces of `length` characters from random places."""
    starts = [chance.randrange(len(text) - length) for _ in range(CUTS if len(text) > length else 0)]
    return [text[start : start + length] for start in starts]


def damaged(data: bytes, count: int, chance: random.Random) -> bytes:
    """The data with `count` of its bytes overwritten by bytes that UTF-8 never has."""
    changed = bytearray(data)
    for _ in range(count):
        changed[chance.randrange(len(changed))] = chance.choice((0xC0, 0xC1, 0xFE, 0xFF))
    return bytes(changed)


def taken(data: bytes) -> bool:
    """True if the data is taken for Arabic in a single-byte encoding."""
    found = decode(data, b"", SINGLE_BYTES, repair=False)
    return found is not None and found.encoding in SINGLE_BYTES


def writable(text: str, encoding: str) -> str:
    """The text without what the encoding lacks."""
    if encoding == "windows-1256":
        text = text.replace("ی", "ي")
    return text.encode(encoding, "ignore").decode(encoding)


def shares(group: Group, texts: dict[str, list[str]], length: int, chance: random.Random) -> Iterator[float]:
    """The per cent that are taken, of each text in each encoding, if there are cuts enough."""
    for encoding in group.encodings:
        for text in chain.from_iterable(texts.get(language, []) for language in group.languages):
            pieces = cuts(writable(text, encoding), length, chance)
            tried = [each.encode(encoding) for each in pieces if not each.isascii()]
            for count in group.damage if len(tried) >= FEWEST_CUTS else ():
                yield 100 * sum(taken(damaged(each, count, chance)) for each in tried) / len(tried)


def shown(found: Sequence[float]) -> str:
    """The least and the most of some shares."""
    if not found:
        return "-"
    low, high = min(found), max(found)
    return f"{low:.1f}%" if low == high else f"{low:.1f} to {high:.1f}%"


def main(folders: Sequence[Path]) -> None:
    """Prints the table of one folder or several together."""
    chance = random.Random(20)
    texts: dict[str, list[str]] = {}
    for file in sorted(path for folder in folders for path in folder.glob("*.txt")):
        text = " ".join(file.read_text(encoding="utf-8").split())
        texts.setdefault(file.stem.partition("-")[0], []).append(text)
    print(f"{'taken, of cuts of characters':<42}", *(f"{length:>18}" for length in LENGTHS))
    for group in GROUPS:
        row = [shown(list(shares(group, texts, length, chance))) for length in LENGTHS]
        print(f"{group.title:<42}", *(f"{each:>18}" for each in row))
    noise = [sum(taken(chance.randbytes(size)) for _ in range(10_000)) / 100 for size in (20, 100, 1000)]
    print(f"{'random bytes (20, 100, 1000)':<42}", *(f"{each:>17.2f}%" for each in noise))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    main(parser.parse_args().folders)
