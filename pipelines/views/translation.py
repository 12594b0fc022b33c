"""Sentences in the reader's language: marked with `gettext`, `ngettext` or `Plural`, and translated by catalogs.

Babel extracts the marked sentences and compiles the catalogs (`make words`); at run time Python's gettext reads them.
"""

import gettext as catalogs
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DOMAIN = "rafid"
LOCALE = Path(__file__).parent / "locale"
LANGUAGES = ("en", "ar")
_RIGHT_TO_LEFT = ("ar",)
_chosen: list[str] = []  # the innermost choice is the last; none: the locale's


def preferred() -> str:
    """The language of the user's locale, as GNU gettext finds it: the first one named that there is, or English."""
    names = map(os.environ.get, ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"))
    codes = [re.split("[_.@]", name)[0] for name in next(filter(None, names), "").split(":")]
    return next((code for code in codes if code in LANGUAGES), LANGUAGES[0])


@contextmanager
def speaking(language: str | None) -> Iterator[None]:
    """Inside the block sentences are in `language`; in that of the locale if it is None."""
    _chosen.append(language or preferred())
    try:
        yield
    finally:
        _chosen.pop()


def language() -> str:
    """The language that is spoken now: an ISO 639 code."""
    return _chosen[-1] if _chosen else preferred()


def direction() -> str:
    """`rtl` where the language is written from right to left, else `ltr`."""
    return "rtl" if language() in _RIGHT_TO_LEFT else "ltr"


def gettext(message: str, /, **values: object) -> str:
    """The sentence in the language spoken now, with its `{names}` filled in."""
    return _filled(catalog().gettext(message), **values)


def ngettext(one: str, many: str, count: int, /, **values: object) -> str:
    """The sentence in the form that `count` asks for: two in English, six in Arabic; `{count}` is filled in too."""
    return _filled(catalog().ngettext(one, many, count), count=count, **values)


@dataclass(frozen=True)
class Plural:
    """A sentence in its two English forms, marked where it stands and translated where it is used."""

    one: str
    many: str

    def of(self, count: int, /, **values: object) -> str:
        """The sentence for so many."""
        return ngettext(self.one, self.many, count, **values)


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for it
    """The sentence as it is: marked for the catalogs where it stands, translated where it is used."""
    return message


def catalog() -> catalogs.NullTranslations:
    """The catalog of the language spoken now."""
    return _catalog(language())


@cache
def _catalog(code: str) -> catalogs.NullTranslations:
    if code == LANGUAGES[0]:
        return catalogs.NullTranslations()  # the marked sentences are English
    return catalogs.translation(DOMAIN, LOCALE, [code])


def _filled(sentence: str, /, **values: object) -> str:
    return sentence.format(**{name: figure(value) for name, value in values.items()})


def figure(value: object) -> object:
    """A whole number as people read it, with separators between thousands; any other value as it is."""
    return f"{value:,}" if isinstance(value, int) else value


KINDS = {"documents": N_("documents"), "paragraphs": N_("paragraphs")}
# The places in which documents and paragraphs end; their names in manifests are the keys.
PLACES = {
    "in": N_("in"),
    "kept": N_("kept"),
    "duplicate": N_("duplicate"),
    "filtered": N_("filtered"),
    "rejected": N_("rejected"),
}
