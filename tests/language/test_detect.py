"""The language of documents: real sentences, known traps, and independence of everything but the document."""

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import langdetect
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.language.samples import DIALECTS, SENTENCES, VOWELLED, columns
from transforms.language.detect import Languages, detect_languages, left_out
from transforms.language.settings import LanguageSettings, codes

EVERYTHING = LanguageSettings()
ARABIC = "النهر ينبع من الجبال ثم يصب في البحر. "
texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=80),
    st.text(st.characters(min_codepoint=0x600, max_codepoint=0x6FF), max_size=60),
    st.sampled_from([*SENTENCES.values(), *(line[:30] for line in SENTENCES.values())]),
)


def _detect(documents: Sequence[str], sample_bytes: int = 512) -> list[tuple[str, float]]:
    found = detect_languages(
        *columns([each.encode() for each in documents]), LanguageSettings(sample_bytes=sample_bytes)
    )
    return list(zip(found.language, found.probability.tolist(), strict=True))


def _language(document: str) -> str:
    return _detect([document])[0][0]


def prefixes() -> list[tuple[str, float]]:
    """Returns the languages of the beginnings of all samples; another process runs it too."""
    return _detect([line[:40] for line in SENTENCES.values()])


@pytest.mark.parametrize("language", SENTENCES)
def test_a_sentence(language: str) -> None:
    ((found, probability),) = _detect([SENTENCES[language]])
    assert found == language
    assert probability > 0.9


@pytest.mark.parametrize("language", [code for code in SENTENCES if code not in ("pnb", "sd")])
def test_a_sentence_repeated_into_a_long_document(language: str) -> None:
    assert _detect([f"{SENTENCES[language]}\n" * 200]) == [(language, pytest.approx(1, abs=0.01))]


@pytest.mark.parametrize(
    ("document", "language"),
    [
        # langdetect has no profile of these two languages, and says Persian.
        ("په دې اړه د ولسمشر دفتر ويلي چې خبرې به روانې وي", "ps"),
        ("زما پلار په کور کې دی", "ps"),
        ("سەرۆکی هەرێم دوێنێ لەگەڵ وەزیر کۆبووەوە", "ckb"),
        ("ئه‌وان له‌ ماڵه‌وه‌ نان ده‌خۆن", "ckb"),
        # It takes the names to be the language of the text.
        ("أعلنت Samsung عن هاتف Galaxy S24 Ultra وسماعات Galaxy Buds في متجر Amazon", "ar"),
        ("تحديث Microsoft Windows Server Standard متاح الآن للتحميل من الموقع", "ar"),
        # It raises an error.
        ("١٢٣ 456 ۷۸۹ … 12/11/2026", "und"),
        ("https://example.org/ @someone www.example.org", "und"),
        ("", "und"),
        # A short text makes it sure of the wrong language.
        ("[ص: 375]", "ar"),
        ("نهر", "ar"),
    ],
)
def test_what_langdetect_gets_wrong(document: str, language: str) -> None:
    assert _language(document) == language


@pytest.mark.parametrize(
    "document",
    [
        "قَالَ رَسُولُ اللَّهِ صَلَّى اللَّهُ عَلَيْهِ وَسَلَّمَ إِنَّمَا الْأَعْمَالُ بِالنِّيَّاتِ",
        "العـــنـــوان: أخبـــار الـــيوم",
        "سافر إلى پاريس وشرب الشاي في مقهى ڤيينا مع صديقه جورج من گلاسگو",
        "انا رايح السوق دلوقتي عشان اشتري عيش وفول، عايز حاجة من هناك؟",
        "شاهد المباراة على https://www.example.com/the/match/of/the/day?with=the و https://example.org/is/it/the/end",
        "ﺫﻫﺐ ﺍﻷﻭﻻﺩ ﺇﻟﻰ ﺍﻟﻤﺪﺭﺳﺔ ﻓﻲ ﺍﻟﺼﺒﺎﺡ ﻭﻋﺎﺩﻭﺍ ﻣﻨﻬﺎ ﺑﻌﺪ ﺍﻟﻈﻬﺮ",
        "ٱلۡحَمۡدُ لِلَّهِ رَبِّ ٱلۡعَٰلَمِينَ ٱلرَّحۡمَٰنِ ٱلرَّحِيمِ",
    ],
)
def test_arabic_of_many_kinds(document: str) -> None:
    assert _language(document) == "ar"


def test_persian_typed_with_arabic_letters() -> None:
    assert _language("اين كتاب را براي شما خريدم كه در خانه بخوانيد") == "fa"


def test_addresses_and_mentions_do_not_make_a_text_english() -> None:
    assert _language("@the_news @of_the_day انظروا https://example.com/this/is/from/the/history/of/the/town") == "ar"


def test_the_middle_and_the_end_of_a_long_document_count() -> None:
    licence = "This text is in the public domain and you may do with it what you like. " * 2
    assert _language(licence + ARABIC * 100) == "ar"
    assert _language(ARABIC + SENTENCES["fa"] * 100) == "fa"


def test_probability_says_how_little_is_known() -> None:
    ((_, nothing), (_, little), (_, much)) = _detect(["123", "نهر", ARABIC])
    assert nothing == 0
    assert little < 0.4
    assert much > 0.99


def test_no_documents() -> None:
    assert _detect([]) == []


@settings(deadline=None, max_examples=150)
@given(texts, st.sampled_from([64, 512]))
def test_any_text_has_a_known_language(document: str, sample_bytes: int) -> None:
    ((language, probability),) = _detect([document], sample_bytes)
    assert language in codes()
    assert 0 <= probability <= 1


@settings(deadline=None, max_examples=60)
@given(st.lists(texts, max_size=6), st.randoms(use_true_random=False))
def test_neither_order_nor_batch_matters(documents: list[str], chance: Random) -> None:
    alone = [_detect([document])[0] for document in documents]
    shuffled = list(range(len(documents)))
    chance.shuffle(shuffled)
    together = dict(zip(shuffled, _detect([documents[number] for number in shuffled]), strict=True))
    assert [together[number] for number in range(len(documents))] == alone


def test_threads_give_the_same_answers() -> None:
    documents = [*SENTENCES.values(), *(line[: len(line) // 3] for line in SENTENCES.values())] * 2
    with ThreadPoolExecutor(4) as pool:
        assert all(answer == _detect(documents) for answer in pool.map(lambda _: _detect(documents), range(8)))


def test_another_process_gives_the_same_answers() -> None:
    program = "from tests.language.test_detect import prefixes; print(prefixes())"
    command = [sys.executable, "-W", "error", "-c", program]
    other = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert other.stdout.strip() == str(prefixes())


def test_the_library_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(langdetect.DetectorFactory, "seed", 7)
    before = langdetect.detector_factory._factory
    _detect([SENTENCES["de"], "کتابخانه ملی"])
    assert langdetect.DetectorFactory.seed == 7
    assert langdetect.detector_factory._factory is before


def _kept(documents: Sequence[str], keep: list[str], **settings: float) -> list[bool]:
    chosen = LanguageSettings(keep=keep, **settings)
    return [
        rule is None for rule in left_out(detect_languages(*columns([d.encode() for d in documents]), chosen), chosen)
    ]


def test_documents_are_left_out_by_language() -> None:
    found = Languages(["ar", "fa", "ur"], np.ones(3, np.float32), np.array([0, 0.65, 0.64], np.float32))
    assert left_out(found, LanguageSettings()) == [None, None, None]
    assert left_out(found, LanguageSettings(keep=["ar"])) == [None, "language", None]
    assert left_out(found, LanguageSettings(keep=["ar"], least_probability=0.5)) == [None, "language", "language"]


@pytest.mark.parametrize("keep", [["ar"], ["en"], ["ru", "he"], ["fa", "ur"], ["und"], ["de"]])
def test_sentences_in_other_languages_are_left_out(keep: list[str]) -> None:
    assert _kept(list(SENTENCES.values()), keep) == [code in keep for code in SENTENCES]


def test_urdu_and_punjabi_are_left_out_together_where_they_cannot_be_told_apart() -> None:
    document = "پنجاب یونیورسٹی لاہور"
    ((_, probability),) = _detect([document])
    assert probability < 0.6
    assert _kept([document], ["ar"]) == [False]


def test_documents_without_letters_are_kept() -> None:
    assert _kept(["١٢٣", "* * *", "", "https://example.org"], ["ar"]) == [True] * 4


def test_script_alone_leaves_a_document_out() -> None:
    assert _kept(["OK", "Да", "是", "gestern"], ["ar"]) == [False] * 4
    assert _kept(["gestern", "OK", "of the"], ["de"]) == [True, True, False]
    assert _kept(["gestern", "نهر", "Да"], ["ru"]) == [False, False, True]


@pytest.mark.parametrize("length", [10, 20, 40])
def test_short_text_of_another_language_is_kept_only_if_it_could_be_arabic(length: int) -> None:
    arabic = _kept([SENTENCES["ar"][:length], VOWELLED[:length], *(text[:length] for text in DIALECTS)], ["ar"])
    assert all(arabic)
    others = [SENTENCES[code][:length] for code in ("fa", "ur", "pnb", "sd", "ps", "ckb", "ug")]
    assert sum(_kept(others, ["ar"])) <= {10: 3, 20: 0, 40: 0}[length]


@pytest.mark.parametrize("document", [*DIALECTS, VOWELLED])
def test_dialects_and_vowelled_text_are_arabic(document: str) -> None:
    assert _language(document) == "ar"
    words = document.split()
    assert all(_kept([" ".join(words[first : first + 4]) for first in range(len(words) - 3)], ["ar"]))


@pytest.mark.parametrize("letter", "گچپڤڨژ")
def test_borrowed_letters_alone_are_no_ground_to_leave_text_out(letter: str) -> None:
    words = [f"{letter}لت", f"ال{letter}اع", f"ا{letter}ول", f"ي{letter}در", f"{letter}اعد", f"{letter}دام"]
    assert _kept([" ".join(words[:number]) for number in range(1, 7)], ["ar"]) == [True] * 6


MARKS = [chr(point) for point in (*range(0x64B, 0x660), 0x670, 0x6D6, 0x6E1, 0x640)]


@settings(deadline=None, max_examples=100)
@given(st.sampled_from([*SENTENCES.values(), *DIALECTS]), st.integers(8, 100), st.data())
def test_marks_change_nothing(sentence: str, length: int, data: st.DataObject) -> None:
    marks = data.draw(st.lists(st.sampled_from([*MARKS, ""]), min_size=length, max_size=length))
    letters = sentence[:length]
    marked = "".join(
        each + mark if "\u0621" <= each <= "\u064a" else each for each, mark in zip(letters, marks, strict=False)
    )
    assert _detect([marked], 65536) == _detect([letters], 65536)


@settings(deadline=None, max_examples=100)
@given(texts, st.lists(st.sampled_from(sorted(codes())), min_size=1, max_size=3), st.floats(0.01, 1))
def test_only_what_is_surely_in_another_language_is_left_out(document: str, keep: list[str], least: float) -> None:
    chosen = LanguageSettings(keep=keep, least_probability=least)
    found = detect_languages(*columns([document.encode()]), chosen)
    assert 0 <= found.unwanted[0] <= 1
    if found.language[0] not in keep:
        assert found.unwanted[0] >= np.float32(0.999) * found.probability[0] * (found.language[0] != "und")
    rule = "language" if found.language[0] not in keep and found.unwanted[0] >= np.float32(least) else None
    assert left_out(found, chosen) == [rule]
    assert _detect([document]) == [(found.language[0], found.probability.tolist()[0])]


@pytest.mark.parametrize("language", ["ar", "en", "fa", "fr", "pnb", "ps", "tr", "ug", "ur"])
def test_the_declaration_of_human_rights(real: Path, language: str) -> None:
    paragraphs = (real / "languages" / f"{language}.txt").read_text(encoding="utf-8").splitlines()
    found = [code for code, _ in _detect(["\n".join(paragraphs), *paragraphs])]
    assert found[0] == language
    assert found.count(language) >= len(found) - 1
    assert ("ar" in found) == (language == "ar")


def test_news(real: Path) -> None:
    articles = [path.read_text(encoding="utf-8") for path in sorted((real / "news").glob("*.txt"))]
    lines = [line for article in articles for line in article.splitlines() if len(line) > 20]
    assert {code for code, _ in _detect([*articles, *lines])} == {"ar"}
