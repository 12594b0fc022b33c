"""What people read is in their language: chosen with --lang or by their locale, whole, and in the right direction."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pipelines.ingest import main
from pipelines.report import main as report
from pipelines.runs import main as runs
from pipelines.views import translation
from pipelines.views.report import environment
from pipelines.views.translation import direction, gettext, ngettext, preferred, speaking
from tests.conftest import UNSEGMENTED
from tests.report.hostile import write_hostile

_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
_LATIN = re.compile(r"[A-Za-z]{2,}")


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ({}, "en"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "ar_EG.UTF-8"}, "ar"),
        ({"LANG": "ar"}, "ar"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "ar_MA"}, "ar"),
        ({"LANG": "ar_SA", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LANG": "ar_SA", "LC_ALL": ""}, "ar"),
        ({"LANG": "en_US", "LANGUAGE": "fr:ar:en"}, "ar"),
        ({"LANG": "ar_EG", "LANGUAGE": "en:ar"}, "en"),
        ({"LANG": "arq"}, "en"),
    ],
)
def test_the_locale_says_which(monkeypatch: pytest.MonkeyPatch, locale: dict[str, str], expected: str) -> None:
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in locale.items():
        monkeypatch.setenv(name, value)
    assert preferred() == translation.language() == expected


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, "لا مستند يشبه CSV"),
        (1, "مستند واحد يشبه CSV؛ أُخذ على أنه نص"),
        (2, "مستندان يشبهان CSV؛ أُخذا على أنهما نص"),
        (3, "3 مستندات تشبه CSV؛ أُخذت على أنها نص"),
        (10, "10 مستندات تشبه CSV؛ أُخذت على أنها نص"),
        (11, "11 مستندًا تشبه CSV؛ أُخذت على أنها نص"),
        (99, "99 مستندًا تشبه CSV؛ أُخذت على أنها نص"),
        (100, "100 مستند تشبه CSV؛ أُخذت على أنها نص"),
        (1002, "1,002 مستند تشبه CSV؛ أُخذت على أنها نص"),
        (1003, "1,003 مستندات تشبه CSV؛ أُخذت على أنها نص"),
    ],
)
def test_arabic_has_six_forms(count: int, expected: str) -> None:
    one, many = (
        "{count} document looks like {format}; taken as text",
        "{count} documents look like {format}; taken as text",
    )
    with speaking("ar"):
        assert ngettext(one, many, count, format="CSV") == expected


def test_a_choice_ends_with_its_block() -> None:
    with speaking("en"):
        with speaking("ar"):
            assert (gettext("kept"), direction()) == ("المُبقى", "rtl")
        assert (gettext("kept"), direction()) == ("kept", "ltr")


@pytest.mark.parametrize("code", translation.LANGUAGES)
def test_no_text_in_a_sentence_changes_the_page(code: str) -> None:
    page = '{{ _("{bundle}, byte {offset}", bundle=name, offset=1234) }}'
    with speaking(code):
        shown = environment().from_string(page).render(name="<b>\u202e{offset}\"'&")
    assert "<bdi>&lt;b&gt;⟦U+202E⟧{offset}&#34;&#39;&amp;</bdi>" in shown
    assert "1,234" in shown


@pytest.fixture(scope="module")
def arabic(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output of two runs, with everything that a report can tell, whose reports are in Arabic."""
    folder = tmp_path_factory.mktemp("arabic")
    for name, bundles in (("first", seeds), ("hostile", write_hostile(folder / "in"))):
        arguments = ["--input", f"{bundles}/*.txt", "--output", f"{folder}/out", "--run", name, "--quiet"]
        assert main([*arguments, "--lang", "ar", *UNSEGMENTED]) == 0
    return folder / "out"


class _Outside(HTMLParser):
    """Collects the texts of a page that are its own: those of the corpus and of machines are isolated."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._open: list[str] = []
        self._isolated: int | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("meta", "link", "br"):
            return
        self._open.append(tag)
        self.texts += [value or "" for name, value in attrs if name in ("aria-label", "title") and not self._isolated]
        isolated = tag in ("bdi", "script", "style", "svg") or given.get("dir") in ("auto", "ltr")
        if isolated and self._isolated is None:
            self._isolated = len(self._open)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """It holds no text."""

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass
        if self._isolated is not None and len(self._open) < self._isolated:
            self._isolated = None

    def handle_data(self, data: str) -> None:
        if self._isolated is None:
            self.texts.append(data)


@pytest.mark.parametrize("run", ["first", "hostile"])
def test_a_report_is_arabic_as_a_whole(arabic: Path, run: str) -> None:
    page = (arabic / "reports" / f"{run}.html").read_text(encoding="utf-8")
    assert '<html lang="ar" dir="rtl">' in page
    parser = _Outside()
    parser.feed(page)
    assert len(parser.texts) > 100
    latin = {text.strip() for text in parser.texts if _LATIN.search(text)}
    assert latin - {f"التشغيلة {run}"} == set()


def test_the_language_is_that_of_who_asks(arabic: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = arabic / "reports" / "first.html"
    assert report([str(arabic), "--run", "first", "--lang", "en"]) == 0
    assert '<html lang="en" dir="ltr">' in page.read_text(encoding="utf-8")
    assert report([str(arabic), "--run", "first", "--lang", "ar"]) == 0
    assert '<html lang="ar" dir="rtl">' in page.read_text(encoding="utf-8")
    assert report([str(arabic), "--lang", "fr"]) == 2
    assert "--lang: invalid choice: 'fr'" in capsys.readouterr().err


def test_a_summary_is_arabic(arabic: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert runs([str(arabic), "show", "first", "--lang", "ar"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:6] == [
        "التشغيلة first",
        "المستندات: الوارد 46، المُبقى 44، المكرر 1، المُستبعَد 0، المرفوض 1",
        "الفقرات: الوارد 278، المُبقى 205، المكرر 73، المُستبعَد 0، المرفوض 0",
        "التكرار: 66 تام، و7 قريب",
        "مستند واحد هو نص قبل الفاصل الأول، أو ملف بلا فاصل",
        "المرفوض، وتفصيله في rejects/: 1 empty_document",
    ]
