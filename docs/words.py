"""Renews the catalogs of translations from the sentences that the source marks, and compiles them: `make words`.

A new sentence gets an empty translation, one that is no longer marked goes. tests/docs/test_words.py says what is open.
"""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from pipelines.views.translation import DOMAIN, LANGUAGES, LOCALE

TRANSLATIONS = LANGUAGES[1:]  # the marked sentences are English
_PROJECT = Path(__file__).parents[1]
_TEMPLATES = "pipelines/views/templates/**.html"
_SOURCES = [("pipelines/**.py", "python"), (_TEMPLATES, "jinja2")]
_KEYWORDS = {**DEFAULT_KEYWORDS, "Plural": (1, 2)}


class Translations(Catalog):
    """A catalog whose header has no dates and versions: the same sentences make the same file."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        """What gettext reads of a header."""
        return [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Language", str(self.locale)),
            ("Plural-Forms", self.plural_forms),
        ]


def catalog_path(language: str) -> Path:
    """The file of the translations into a language; the compiled one lies beside it."""
    return LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(language: str) -> Catalog:
    """The translations into a language, as they are."""
    return read_po(BytesIO(catalog_path(language).read_bytes()), language)


def marked() -> Catalog:
    """All sentences that the source marks."""
    catalog = Catalog()
    options = {_TEMPLATES: {"silent": "false"}}  # a template that cannot be read is an error
    for _, _, message, _, _ in extract_from_dir(str(_PROJECT), _SOURCES, options, _KEYWORDS):
        catalog.add(message)
    return catalog


def renewed(language: str) -> Translations:
    """The translations of the sentences that are marked now."""
    comment = f"# Rafid in {language}; see CONTRIBUTING.md"
    known, catalog = read(language), Translations(language, header_comment=comment, fuzzy=False)
    for message in marked():
        if message.id:
            old = known.get(message.id)
            catalog.add(message.id, old.string if old else "", flags=old.flags if old else message.flags)
    return catalog


def as_text(catalog: Translations) -> bytes:
    """The catalog as translators edit it."""
    return _written(lambda file: write_po(file, catalog, width=0))


def compiled(catalog: Translations) -> bytes:
    """The catalog as it is read at run time."""
    return _written(lambda file: write_mo(file, catalog))


def _written(write: Callable[[BytesIO], None]) -> bytes:
    file = BytesIO()
    write(file)
    return file.getvalue()


if __name__ == "__main__":
    for each in TRANSLATIONS:
        catalog_path(each).write_bytes(as_text(renewed(each)))
        catalog_path(each).with_suffix(".mo").write_bytes(compiled(renewed(each)))
