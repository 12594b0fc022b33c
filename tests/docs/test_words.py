"""Every sentence that is marked has its translation, in all the forms of the language, with the same names in it."""

import string

import pytest
from babel.messages.catalog import Message

from docs.words import TRANSLATIONS, as_text, catalog_path, compiled, read, renewed
from pipelines.views.translation import LANGUAGES, LOCALE

pytestmark = pytest.mark.parametrize("language", TRANSLATIONS)


def sentences(language: str) -> list[Message]:
    return [message for message in read(language) if message.id]


def forms(texts: str | tuple[str, ...]) -> tuple[str, ...]:
    return (texts,) if isinstance(texts, str) else tuple(texts)


def names(sentence: str) -> set[tuple[str | None, str | None]]:
    """The names that are filled in, each with how its value is written."""
    return {(name, form) for _, name, form, _ in string.Formatter().parse(sentence) if name}


def test_the_catalog_holds_what_is_marked(language: str) -> None:
    assert catalog_path(language).read_bytes() == as_text(renewed(language)), "make words"


def test_the_compiled_catalog_is_of_the_same_words(language: str) -> None:
    assert catalog_path(language).with_suffix(".mo").read_bytes() == compiled(renewed(language)), "make words"


def test_nothing_is_left_to_translate(language: str) -> None:
    assert len(sentences(language)) > 100
    assert [each.id for each in sentences(language) if each.fuzzy or not all(forms(each.string))] == []


def test_every_form_of_the_plural_is_there(language: str) -> None:
    plurals = [each for each in sentences(language) if each.pluralizable]
    assert plurals
    assert {len(each.string) for each in plurals} == {read(language).num_plurals}


def test_names_are_filled_in_as_in_english(language: str) -> None:
    """A form that stands for one number, as the Arabic dual does, may do without it."""
    wrong = []
    for message in sentences(language):
        wanted = names(forms(message.id)[-1])
        without = {name for name in wanted if name[0] != "count"}
        for number, form in enumerate(forms(message.string)):
            least = without if message.pluralizable and number <= 2 else wanted
            if not (least <= names(form) <= wanted):
                wrong.append((message.id, form))
    assert wrong == []


def test_it_is_one_of_those_that_can_be_asked_for(language: str) -> None:
    assert language in LANGUAGES
    assert {path.parent.parent.name for path in LOCALE.rglob("*.mo")} == set(TRANSLATIONS)
