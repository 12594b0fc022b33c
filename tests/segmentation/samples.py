"""A small model of Arabic affixes, stems and templates with invented figures, and words and texts to try it on."""

import random
from collections.abc import Sequence
from functools import cache
from itertools import pairwise, product

import numpy as np
from hypothesis import strategies as st

from transforms.segmentation.compiling import compile_tables
from transforms.segmentation.model import LISTS, Model, Priors
from transforms.segmentation.ranking import best_parse
from transforms.segmentation.records import Tables
from transforms.segmentation.segmenter import Segmenter
from transforms.segmentation.words import LETTERS


def split(text: str) -> tuple[str, ...]:
    return tuple(text.split())


PREFIXES = split("و ف ب ك ل س ال لل")
SUFFIXES = split("ه ها ك ي هما كما نا كم هم هن كن ا ان ين ون وا ات ت ن ة")
PREFIX_CHAINS = ("", *split("و+ ف+ ب+ ك+ ل+ س+ ال+ و+ال+ و+ب+ و+س+ ف+س+ ب+ال+ ل+ال+ و+ل+ال+ ف+ل+ال+ ل+ك+"))
SUFFIX_CHAINS = (
    "",
    *split("+ه +ها +ك +ي +هم +كما +ا +ان +ين +ون +ات +ت +ة +ت+ه +ت+ك +ت+ين +ات+هم +ي+نا +ين+ا +نا+ه +ي+ك"),
)
STEMS = (
    "",
    *split("كتاب كتب مكتب مكتبة مدرسة مدرس علم عالم معلوم قال قول يقول دراسة اتصال ازدحام مستشفى قاضي قاضى هدى"),
    *split("آمن مسؤول رئيس سؤال دول دولة سماء مرأة لجنة إدارة أحمد لبنان الذي من سأل سس على علي ملك ملكة استقلال"),
    *split("لالا وردة فكرة بيت كلب سهل يد تأمين نص كان"),
)
TEMPLATES = split(
    "fE fEl fElp fAEl mfEl mfElp fEAl fEAlp fEyl mfEwl AftEAl AstfEAl yfEl fElC fElY fEly mstfEl AftEl fwAEl tfEyl "
    "fEA}l fElAn fEll fEyEl Y <fEAl >fEl fElA'"
)
ROOTS = split("ktb drs Elm qwl wSl zHm Amn sAl rAs mlk Hmd bny hdy qDy nSS ydd ydA klb byt kwn slm shl")


def _chances(keys: Sequence[str], seed: int) -> dict[str, float]:
    chance = random.Random(seed)
    return {key: chance.uniform(1e-6, 1) for key in keys}


@cache
def model() -> Model:
    """The model; the same figures every time."""
    chance = random.Random(5)
    forms = [*STEMS, *(stem + suffix for stem in STEMS for suffix in ("ه", "ت", "ة", "ات")), "و" * 40]
    pairs = list(product(PREFIX_CHAINS, SUFFIX_CHAINS))
    words = ["والكتاب", "للعلم", "وكان", "كتابي"]
    parses = [("و+ال+;كتاب;",), ("ل+;لعلم;",), ("و+;كان;", "و+ك+;ان;"), (";كتاب;+ي", ";كتابي;")]
    return Model(
        weights=(
            -0.1,
            -0.04,
            0.13,
            0.18,
            0.11,
            0.5,
            0.2,
            -0.2,
            0.44,
            0.26,
            -0.06,
            0.05,
            -0.18,
            0.02,
            0.7,
            0.17,
            0.15,
            0.6,
        ),
        prefixes=frozenset(PREFIXES),
        suffixes=frozenset(SUFFIXES),
        counts={form: chance.uniform(-7, -1) for form in forms if chance.random() < 0.7},
        lists={name: frozenset(form for form in forms if chance.random() < 0.3) for name in LISTS},
        tokenised=dict(zip(words, parses, strict=True)),
        prefix_chains=_chances(PREFIX_CHAINS, 1),
        suffix_chains=_chances(SUFFIX_CHAINS, 2),
        likely_prefix_chains=_chances(PREFIX_CHAINS[:-3], 3),
        likely_suffix_chains=_chances(SUFFIX_CHAINS[:-3], 4),
        suffixes_given_prefixes={pair: chance.uniform(1e-6, 1) for pair in pairs if chance.random() < 0.6},
        prefixes_given_suffixes={pair: chance.uniform(1e-6, 1) for pair in pairs if chance.random() < 0.6},
        template_counts=_chances([each for each in TEMPLATES if each != "fElY"], 6),
        templates=_chances(TEMPLATES, 7),
        roots=_chances(ROOTS, 8),
        priors=Priors(0.78, 0.7, 0.42, 3.4536),
    )


@cache
def tables() -> Tables:
    """The model, compiled."""
    return compile_tables(model())


@cache
def twin(word: str) -> str:
    """The word in segments, by the definition."""
    return best_parse(word, model()).text()


def buffer(paragraphs: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The paragraphs as bytes, and where each starts and ends."""
    encoded = [each.encode() for each in paragraphs]
    bounds = np.cumsum([0, *map(len, encoded)])
    return np.frombuffer(b"".join(encoded), np.uint8), bounds[:-1], bounds[1:]


def segment_texts(segmenter: Segmenter, paragraphs: Sequence[str]) -> list[str]:
    """The paragraphs as the segmenter writes them."""
    out, offsets = segmenter.segment_buffer(*buffer(paragraphs))
    return [out[first:last].tobytes().decode() for first, last in pairwise(offsets)]


def _surface(chains: Sequence[str]) -> list[str]:
    return [chain.replace("+", "") for chain in chains]


# Words that make something of affixes, and words of any letters.
words = st.one_of(
    st.tuples(*map(st.sampled_from, (_surface(PREFIX_CHAINS), STEMS, _surface(SUFFIX_CHAINS)))).map("".join),
    st.lists(st.sampled_from([*PREFIXES, *SUFFIXES]), max_size=6).map("".join),
    st.text("وسلاكتيهن", max_size=9),
    st.text("سسسفوءهماكيل", max_size=8),
    st.text(LETTERS, max_size=12),
    st.text(LETTERS, min_size=18, max_size=70),
).filter(bool)
_SIGNS = [
    *split("@ :// :/ www. ww. https://ar.example/ + # _ C++ گ ٱ ﷲ ﻻ ۥ أٔ ﴾"),
    *split("ﻭ ﺍﻟ ﻛﺘﺎﺏ ﻪ ﷺ ﷴ ﭐ ﮔ ﱠ ﹷ ﴼ ﵐ ا\u0654 و\u064e\u0654 ي\u0654 ا\u0655 ا\u0653"),
    *"\u00ad\u200c\u202b\u2067\x01\x1c\U00010efd",
    *"\ue000\U00010ec2\U000e0041\ufffe",
]
_SPACES = [*" \n\t\x1c\x85\u00a0\u2003\u3000\u1680\u2028\u200f\u200b\ufeff", "\r\n"]
# Words with marks, other scripts, white space of all kinds, what opens an address, and all of Unicode.
pieces = st.one_of(
    words,
    st.text("وكتابـًَُِّْٰۖۡؐ", min_size=1, max_size=8),
    st.sampled_from(_SIGNS),
    st.sampled_from(_SPACES),
    st.text(max_size=6),
)
texts = st.lists(pieces, max_size=12).map("".join)
