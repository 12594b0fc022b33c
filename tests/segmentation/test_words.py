"""Words in text: cut out, spliced with their segments, and put together again."""

import pytest
from hypothesis import given, settings

from tests.segmentation.samples import texts
from transforms.characters.table import PASSED_OVER, members, read_forms
from transforms.segmentation.words import FOREIGN, FORMS, LETTERS, desegment, segment_text, splice, strip


def marked(word: str) -> str:
    """What stands in for a segmenter: shows each word that is looked up."""
    return f"+{word}+"


def test_farasa_knows_36_letters() -> None:
    assert len(LETTERS) == 36
    assert LETTERS[0] + LETTERS[-1] == "ءي"
    classes = [LETTERS, FOREIGN, FORMS, members(PASSED_OVER)]
    assert len(set().union(*classes)) == sum(map(len, classes))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", ""),
        ("كتب زيد", "+كتب+ +زيد+"),
        ("(والكتاب)، 12", "(+والكتاب+)، 12"),
        ("#اليوم_الوطني", "#+اليوم+_+الوطني+"),
        ("عام2020م", "+عام+2020+م+"),
        ("الـiPhone", "+الـ+iPhone"),
        ("وَالكِتَابُ", "+وَالكِتَابُ+"),
        ("سِـتّة", "+سِـتّة+"),
        ("الكتابۖ", "+الكتابۖ+"),
        ("ـــ َ", "ـــ َ"),
        ("@محمد_علي كتب", "@محمد_علي +كتب+"),
        ("قال:@محمد", "+قال+:@محمد"),
        ("https://ar.example/كتاب كتاب", "https://ar.example/كتاب +كتاب+"),
        ("www.موقع.com\u00a0كتاب", "www.موقع.com\u00a0+كتاب+"),
        ("بريد info@كتاب.com", "+بريد+ info@كتاب.com"),
        ("ww.كتاب :/كتاب", "ww.+كتاب+ :/+كتاب+"),
        ("گوگل پارک", "گوگل پارک"),
        ("ٱلرحمن", "ٱلرحمن"),
        ("ا\u0653من و\u064e\u0654", "+ا\u0653من+ +و\u064e\u0654+"),
        ("محمدﷺ", "+محمد+ﷺ"),
        ("﴿كتاب﴾", "﴿+كتاب+﴾"),
        ("ﻛﺘﺎﺏ ﻷﻥ وﷲ", "+كتاب+ +لأن+ +والله+"),
        ("ﻣَﻜﹿﺘﹷب ﴼ", "+مَكﹿتﹷب+ +اً+"),
        ("ﭘﺪﺭ ﭐﻟﻜﺘﺎﺏ كتابﮒ", "ﭘﺪﺭ ﭐﻟﻜﺘﺎﺏ كتابﮒ"),
        ("كتاب\u200fه ال\u00adكتاب", "+كتاب\u200fه+ +ال\u00adكتاب+"),
        ("\u202bكتاب\u202c ك\u08f0تاب", "\u202b+كتاب\u202c+ +ك\u08f0تاب+"),
        ("لهۥ كـ\x07تاب\x00", "+لهۥ+ +كـ\x07تاب\x00+"),
        ("❤\ufe0f+1 e\u0301", "❤\ufe0f+1 e\u0301"),
        ("😀كتاب😀", "😀+كتاب+😀"),
    ],
)
def test_only_words_are_looked_up_and_all_else_stays(text: str, written: str) -> None:
    assert segment_text(text, marked) == written


@settings(deadline=None, max_examples=300)
@given(texts)
def test_words_are_looked_up_without_marks(text: str) -> None:
    looked_up: list[str] = []
    written = segment_text(text, lambda word: looked_up.append(word) or word)
    assert read_forms(written) == read_forms(text)
    assert all(word and set(word) <= set(LETTERS) for word in looked_up)
    assert all(word in strip(read_forms(text)) for word in looked_up)


def test_only_words_are_written_with_the_letters_of_presentation_forms() -> None:
    text = "ﭘﺪﺭ @ﻛﺘﺎﺏ ﻛﺘﺎﺏﮔ ﷺ ﹰ"
    assert segment_text(text, marked) == text


@pytest.mark.parametrize(
    ("word", "letters"),
    [
        ("أَنْبَاء", "أنباء"),
        ("ا\u0654ن", "أن"),
        ("ا\u064e\u0654ن", "أن"),
        ("إ\u0654ن", "إن"),
        ("ا\u0654\u0655", "أ"),
        ("س\u0654ل", "سل"),
        ("\u0654ل", "ل"),
        ("م\u200cس\u00adؤول", "مسؤول"),
        ("رَحۡمَةࣰ", "رحمة"),
    ],
)
def test_words_are_looked_up_by_their_letters(word: str, letters: str) -> None:
    assert strip(word) == letters


@pytest.mark.parametrize(
    ("word", "segmented", "written"),
    [
        ("والكتاب", "و+ال+كتاب", "و+ال+كتاب"),
        ("وَالْكِتَابُ", "و+ال+كتاب", "وَ+الْ+كِتَابُ"),
        ("الـكتاب", "ال+كتاب", "الـ+كتاب"),
        ("لِلْكِتابِ", "ل+ال+كتاب", "لِ+الْ+كِتابِ"),
        ("وَللكتاب", "و+ل+ال+كتاب", "وَ+ل+ال+كتاب"),
        ("لل", "لال", "لال"),
        ("هـ", "+ه", "+هـ"),
        ("َه", "+ه", "َ+ه"),
        ("بالا\u0654نباء", "ب+ال+أنباء", "ب+ال+ا\u0654نباء"),
        ("وَ", "و+", "وَ+"),
    ],
)
def test_marks_stay_behind_their_letter(word: str, segmented: str, written: str) -> None:
    assert splice(word, segmented) == written


def test_norm_folds_letters_of_words_and_drops_their_marks() -> None:
    text = "أُمّةٌ إلى آمِن مسؤول رئيس ١٢ ـ ٱلـ @أمة"
    assert segment_text(text, str, norm=True) == "امه الي امن مسءول رءيس ١٢ ـ ٱلـ @أمة"
    assert segment_text("و\u0654 ﺋ ﻷ\u0651 ئ\u0654", str, norm=True) == "ء ء لا ء"


@pytest.mark.parametrize(
    ("segmented", "text"),
    [
        ("و+ال+كتاب", "والكتاب"),
        ("ل+ال+كتاب", "للكتاب"),
        ("وَ+لِ+الْ+كِتابِ", "وَلِلْكِتابِ"),
        ("ف+ل+ال+علم (ل+ال+علم)", "فللعلم (للعلم)"),
        ("ل+التزام", "لالتزام"),
        ("ل+اله لِ+الّهِ، و+لال+ه", "لله لِلّهِ، ولله"),
        ("ل+الذي ف+ل+الَّذِينَ", "للذي فللَّذِينَ"),
        ("ل+الهي ل+اله+نا", "لالهي لالهنا"),
        ("كل+ال+شيء", "كلالشيء"),
        ("\u202bل+ال+كتاب", "\u202bللكتاب"),
        ("و+ال+ا\u0654نباء\u200f+ه", "والا\u0654نباء\u200fه"),
        ("\u200f+966 ❤\ufe0f+1", "\u200f+966 ❤\ufe0f+1"),
        ("+ه و+ كتاب+ه+م", "ه و كتابهم"),
        ("C++ 5+3 +966 @a+b", "C++ 5+3 +966 @a+b"),
        ("ت+م\nب+ه", "تم\nبه"),
    ],
)
def test_segments_are_put_together(segmented: str, text: str) -> None:
    assert desegment(segmented) == text


@settings(deadline=None, max_examples=200)
@given(texts)
def test_what_has_no_segments_is_left_alone(text: str) -> None:
    text = text.replace("+", "")
    assert desegment(text) == text
