"""The Arabic page of terms explains messages that there are, and the terms of the English page."""

import re

from docs.reference import DOCS
from tests.conftest import PROJECT

ARABIC, ENGLISH = ((DOCS / name).read_text(encoding="utf-8") for name in ("terms.ar.md", "terms.md"))


def test_every_message_that_is_explained_is_there() -> None:
    sources = " ".join(
        path.read_text(encoding="utf-8")
        for folder in ("pipelines", "transforms")
        for path in (PROJECT / folder).rglob("*.py")
    )
    said = re.findall(r"(?m)^\| `([^`]+)` \|", ARABIC.partition("## رسائل الخطأ")[2])
    assert len(said) > 10
    assert [message for message in said if message not in sources] == []


def test_both_pages_have_the_same_terms() -> None:
    english = re.findall(r"(?m)^\| (\w[\w ]*) \| .* \| .* \|$", ENGLISH)[1:]
    assert len(english) > 15
    assert re.findall(r"(?m)^\| (\w[\w ]*) \| .* \| .* \|$", ARABIC.partition("## رسائل الخطأ")[0])[1:] == english
