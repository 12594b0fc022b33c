"""Measures how well and how fast languages are told, on sentences whose language is known.

    python tests/benchmarks/language_accuracy.py FOLDER... [--half 1]

A folder has a file a language, `ar.txt`, `fa.txt` and so on, one sentence a line (`translations.py` makes one); what
follows a hyphen in a name, as in `ar-egypt.txt`, is only shown. Two tables are printed for each:

- Sentences, each a document, cut to 20, 40 and 60 characters and whole, with `language.keep` [ar]: how many Arabic ones
  are left out, and how many others are kept. Arabic sentences are measured a second time with a vowel sign after each
  letter. Documents of which less than half of the letters are in Arabic script are left out of account.
- Documents made of sentences in their order, whole ones of 2,000 characters and ones cut to 200 and to 60: how many are
  told right, beside langdetect alone.

With `--half` only the sentences of one half, told by their hash, are taken: clues are chosen on half 0, figures are
reported on half 1.
"""

import argparse
import time
from collections.abc import Sequence
from hashlib import blake2b
from itertools import cycle
from pathlib import Path

import langdetect
import numpy as np
from langdetect.lang_detect_exception import LangDetectException
from numpy.typing import NDArray

from transforms.language.detect import detect_languages, left_out
from transforms.language.settings import LanguageSettings

ARABIC = ("ar", "arz", "ary")  # written Arabic, Egyptian, Moroccan
CUTS = (20, 40, 60, None)
CUT_COLUMNS = "{:>16} " + " | {:>7} {:>7} {:>7}" * len(CUTS)
VOWEL_SIGNS = "\u064e\u064f\u0650\u0651\u0652"
LENGTHS = {"whole": 2000, "200": 200, "60": 60}
COLUMNS = "{:>8} {:>6} {:>9} {:>8} {:>8} {:>9} | {:>9} {:>8} {:>8}"
HEADER = COLUMNS.format(
    "language", "length", "documents", "as ar %", "right %", "docs/s", "as ar %", "right %", "docs/s"
)


def documents(sentences: Sequence[str], length: int) -> list[str]:
    """Returns sentences put together until they have `length` characters, cut there unless they are whole."""
    made, pending = [], ""
    for sentence in sentences:
        pending = f"{pending} {sentence}".strip()
        if len(pending) >= length:
            made.append(pending if length == LENGTHS["whole"] else pending[:length])
            pending = ""
    return made


def half(sentences: Sequence[str], wanted: int | None) -> list[str]:
    """Returns the sentences of the wanted half, by a hash of each; all for None."""
    return [each for each in sentences if wanted in (None, blake2b(each.encode(), digest_size=1).digest()[0] & 1)]


def columns(texts: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """Returns the documents joined as bytes, and the start and end of each."""
    encoded = [text.encode() for text in texts]
    end = np.cumsum([len(text) for text in encoded], dtype=np.int64)
    return np.frombuffer(b"".join(encoded), np.uint8), np.concatenate([[0], end[:-1]]), end


def by_rafid(texts: Sequence[str]) -> list[str]:
    """Returns the languages that Rafid tells."""
    return detect_languages(*columns(texts), LanguageSettings()).language


def by_langdetect(texts: Sequence[str]) -> list[str]:
    """Returns the languages that langdetect tells on its own, seeded; "error" if it raises one."""
    return [_by_langdetect(text) for text in texts]


def _by_langdetect(text: str) -> str:
    langdetect.DetectorFactory.seed = 0
    try:
        return str(langdetect.detect(text))
    except LangDetectException:
        return "error"


def vowelled(sentence: str) -> str:
    """Returns the sentence with a vowel sign after each Arabic letter, in turn."""
    signs = cycle(VOWEL_SIGNS)
    return "".join(each + next(signs) if "\u0621" <= each <= "\u064a" else each for each in sentence)


def in_arabic_script(text: str) -> bool:
    """Returns true if half of the letters or more are in Arabic script."""
    letters = [each for each in text if each.isalpha()]
    return bool(letters) and 2 * sum("\u0620" <= each <= "\u08ff" or each >= "\ufb50" for each in letters) >= len(
        letters
    )


def cut(sentences: Sequence[str], length: int | None) -> list[str]:
    """Returns the sentences of at least `length` characters, cut there; all of them, whole, for None."""
    texts = [each[:length] for each in sentences if length is None or len(each) >= length]
    return [each for each in texts if in_arabic_script(each)]


def wrong(texts: Sequence[str], language: str) -> tuple[str, str, str]:
    """Returns the number of documents, the share told right, and the share wrongly left out or kept, to print."""
    if not texts:
        return "0", "", ""
    settings = LanguageSettings(keep=["ar"])
    found = detect_languages(*columns(texts), settings)
    gone = [rule is not None for rule in left_out(found, settings)]
    amiss = sum(gone) if language in ARABIC else len(gone) - sum(gone)
    right = found.language.count("ar" if language in ARABIC else language)
    return f"{len(texts):,}", f"{100 * right / len(texts):.2f}", f"{100 * amiss / len(texts):.2f}"


def report_cuts(folder: Path, wanted: int | None) -> None:
    """Prints the table of the sentences of a folder in Arabic script, each a document."""
    print(f"\n{folder}, half {'both' if wanted is None else wanted}, language.keep [ar]")
    print("wrong: the Arabic documents that are left out, and the others that are kept")
    print(CUT_COLUMNS.format("", *(each for cut in CUTS for each in ("", "cut to" if cut else "", cut or "whole"))))
    print(CUT_COLUMNS.format("language", *("number", "right %", "wrong %") * len(CUTS)))
    for file in sorted(folder.glob("*.txt")):
        language = file.stem.split("-")[0]
        sentences = half(file.read_text(encoding="utf-8").splitlines(), wanted)
        kinds = {file.stem: sentences}
        if language in ARABIC:
            kinds[f"{file.stem}, vowels"] = [vowelled(each) for each in sentences]
        for name, texts in kinds.items():
            cells = [each for length in CUTS for each in wrong(cut(texts, length), language)]
            if cells[-3] != "0":
                print(CUT_COLUMNS.format(name, *cells), flush=True)


def figures(told: Sequence[str], language: str, seconds: float) -> tuple[str, str, str]:
    """Returns the share told as Arabic, the share told right, and documents a CPU second, to print."""
    if not told:
        return "", "", ""
    shares = [100 * list(told).count(code) / len(told) for code in ("ar", language)]
    return f"{shares[0]:.2f}", f"{shares[1]:.2f}", f"{len(told) / seconds:,.0f}"


def report(folder: Path, wanted: int | None, plain: int) -> None:
    """Prints the table of a folder; langdetect alone is asked for at most `plain` documents of a kind."""
    print(f"\n{folder}, half {'both' if wanted is None else wanted}; right of the bar: langdetect alone\n{HEADER}")
    for name, length in LENGTHS.items():
        for file in sorted(folder.glob("*.txt")):
            made = documents(half(file.read_text(encoding="utf-8").splitlines(), wanted), length)
            begun = time.process_time()
            told = by_rafid(made)
            between = time.process_time()
            told_plain = by_langdetect(made[:: max(1, len(made) // plain)] if plain else [])
            ended = time.process_time()
            ours, theirs = (
                figures(each, file.stem, seconds)
                for each, seconds in ((told, between - begun), (told_plain, ended - between))
            )
            print(COLUMNS.format(file.stem, name, len(made), *ours, *theirs), flush=True)


def report_speed(folder: Path, wanted: int | None, size: int = 100_000_000) -> None:
    """Prints the processor time of `size` bytes of documents of about 2,000 bytes, for Arabic and for all in turn."""
    texts = {
        file.stem: documents(half(file.read_text(encoding="utf-8").splitlines(), wanted), 1100)
        for file in sorted(folder.glob("*.txt"))
    }
    mixed = [text for turn in zip(*texts.values(), strict=False) for text in turn]
    for name, made in {"Arabic": texts["ar"], f"{', '.join(texts)} in turn": mixed}.items():
        once = sum(len(text.encode()) for text in made)
        repeated = columns(made * max(1, size // once))
        begun = time.process_time()
        detect_languages(*repeated, LanguageSettings())
        seconds, count = time.process_time() - begun, len(repeated[1])
        print(
            f"{name}: {len(repeated[0]) / 1e6:.0f} MB in {count:,} documents: {seconds:.2f} CPU s,"
            f" {count / seconds:,.0f} documents/s"
        )


def main(folders: Sequence[Path], half: int | None, documents: bool, plain: int, speed: bool) -> None:
    """Prints the tables of each folder; before that, everything is loaded once."""
    warm = ["ein Haus", "дом в лесу на берегу реки", "کتابخانه ملی ایران زمین"]
    by_rafid(warm), by_langdetect(warm)
    for folder in folders:
        report_cuts(folder, half)
        if documents:
            report(folder, half, plain)
        if speed:
            report_speed(folder, half)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--half", type=int, choices=(0, 1))
    parser.add_argument("--no-documents", dest="documents", action="store_false", help="print the first table only")
    parser.add_argument("--plain", type=int, default=300, help="documents of a kind that langdetect alone is asked for")
    parser.add_argument("--speed", action="store_true", help="also time 100 MB of documents")
    main(**vars(parser.parse_args()))
