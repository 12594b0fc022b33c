"""Collects sentences by language from the translations in Debian packages: one file a language, one sentence a line.

apt-get download mediawiki wordpress-l10n debian-handbook gnome-user-docs vlc-l10n libgtk-3-common ...
for package in *.deb; do dpkg-deb -x "$package" unpacked/"${package%%_*}"; done
python tests/benchmarks/translations.py unpacked sentences
"""

import argparse
import html
import json
import re
from collections.abc import Iterator
from gettext import GNUTranslations
from itertools import chain
from pathlib import Path

# The names that translations go by: locales, and folders of the handbook.
NAMES = {
    "ar": ["ar", "ar-MA"],
    "fa": ["fa", "fa_IR", "fa-IR"],
    "ur": ["ur", "ur_PK"],
    "ps": ["ps"],
    "ckb": ["ckb"],
    "ug": ["ug", "ug_CN", "ug-arab"],
    "pnb": ["pnb"],
    "sd": ["sd"],
    "arz": ["arz"],
    "ary": ["ary"],
    "azb": ["azb"],
    "en": ["C", "en-US"],
    "fr": ["fr", "fr_FR", "fr-FR"],
    "tr": ["tr", "tr_TR", "tr-TR"],
    **{name: [name, f"{name}-{name.upper()}"] for name in ("bg", "de", "es", "he", "pl", "ru")},
    "cs": ["cs", "cs-CZ"],
    "el": ["el", "el-GR"],
    "ja": ["ja", "ja-JP"],
    "ko": ["ko", "ko-KR"],
    "th": ["th"],
    "uk": ["uk"],
    "vi": ["vi", "vi-VN"],
    "zh": ["zh-hans", "zh-CN"],
}
_ARABIC_SCRIPT = frozenset({"ar", "fa", "ur", "ps", "ckb", "ug", "pnb", "sd", "arz", "ary", "azb"})
_WITHOUT_SPACES = frozenset({"ja", "th", "zh"})
_MARKUP = re.compile(r"\{\{[^{}]*\}\}|\[\[[^\]]*\]\]|\[https?[^ \]]*|<[^<>]*>")
_PLACEHOLDERS = re.compile(r"%\(?[\w]*\)?\$?[\w]*|\$[\w{}]+|\{[^{}]*\}|\(_\w\)|[_&~`'\"|=*\[\]{}\\]")


def clean(message: str) -> str:
    """A message without markup and placeholders, on one line."""
    text = re.sub(r"<[^<>]*>", "", html.unescape(_MARKUP.sub(" ", message)))
    return re.sub(r"\s+", " ", _PLACEHOLDERS.sub(" ", text)).strip()


def is_sentence(text: str, language: str) -> bool:
    """Whether there are words enough, half of the letters or more in the language's script."""
    letters = [character for character in text if character.isalpha()]
    arabic = sum("\u0600" <= letter <= "\u06ff" or "\u0750" <= letter <= "\u077f" for letter in letters)
    in_script = arabic >= len(letters) / 2 if language in _ARABIC_SCRIPT else arabic == 0
    return len(letters) >= 25 and (language in _WITHOUT_SPACES or text.count(" ") >= 3) and in_script


def _catalogues(folder: Path, names: list[str]) -> Iterator[str]:
    """What is translated in gettext catalogues."""
    for name in names:
        for file in sorted([*folder.glob(f"**/{name}/LC_MESSAGES/*.mo"), *folder.glob(f"wordpress-l10n/**/{name}.mo")]):
            with file.open("rb") as opened:
                messages = GNUTranslations(opened)._catalog  # type: ignore[attr-defined]
            yield from (text for key, text in messages.items() if key and key != text)


def _originals(folder: Path) -> Iterator[str]:
    """The English of gettext catalogues."""
    for file in sorted(folder.glob("**/ar/LC_MESSAGES/*.mo")):
        with file.open("rb") as opened:
            messages = GNUTranslations(opened)._catalog  # type: ignore[attr-defined]
        yield from (key if isinstance(key, str) else key[0] for key in messages)


def _interface(folder: Path, names: list[str]) -> Iterator[str]:
    """What MediaWiki says, where it is not left in English."""
    for file in sorted(path for name in names for path in folder.glob(f"mediawiki/**/{name}.json")):
        english_file = file.with_name("en.json")
        english = _messages(english_file) if english_file.exists() and file != english_file else {}
        for key, message in _messages(file).items():
            if isinstance(message, str) and not key.startswith("@") and english.get(key) != message:
                yield from re.split(r"\n+|<br ?/?>", message)


def _messages(file: Path) -> dict[str, object]:
    messages = json.loads(file.read_text(encoding="utf-8"))
    return messages if isinstance(messages, dict) else {}


def _pages(folder: Path, names: list[str]) -> Iterator[str]:
    """The paragraphs of GNOME's help and of the Debian handbook."""
    for name in names:
        for page in sorted(folder.glob(f"gnome-user-docs/**/help/{name}/**/*.page")):
            yield from re.findall(r"<p>(.*?)</p>", page.read_text(encoding="utf-8"), re.DOTALL)
        for page in sorted(folder.glob(f"debian-handbook/**/html/{name}/*.html")):
            text = page.read_text(encoding="utf-8", errors="ignore")
            yield from re.findall(r'<(?:div class="para"|p)[^>]*>(.*?)</(?:div|p)>', text, re.DOTALL)


def sentences(folder: Path, language: str, english: frozenset[str]) -> list[str]:
    """The sentences of a language, each once, in the order they are found; `english` are left out."""
    names = NAMES[language]
    interface = _interface(folder, ["en"] if language == "en" else names)
    catalogues = _originals(folder) if language == "en" else _catalogues(folder, names)
    found = dict.fromkeys(map(clean, chain(catalogues, interface, _pages(folder, names))))
    return [text for text in found if text not in english and is_sentence(text, language)]


def main(unpacked: Path, output: Path) -> None:
    """Writes the files."""
    output.mkdir(parents=True, exist_ok=True)
    english = frozenset(map(clean, _pages(unpacked, NAMES["en"])))
    for language in NAMES:
        lines = sentences(unpacked, language, frozenset() if language == "en" else english)
        (output / f"{language}.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        print(f"{language}: {len(lines):,} sentences")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("unpacked", type=Path, help="a folder of unpacked packages, each in one of its name")
    parser.add_argument("output", type=Path)
    main(**vars(parser.parse_args()))
