"""Paragraphs to test with, and the arrays that the code under test takes them as."""

import random
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from hypothesis import strategies as st

from tests.dedup.oracle import Removed
from transforms.dedup.fingerprints import DOCUMENT_FIELDS, Fingerprint
from transforms.dedup.folding.profiles import PROFILES
from transforms.dedup.numbers.sets import NumberSets
from transforms.dedup.shingles import ShingleSets, shingle_sets
from transforms.dedup.verdicts import Decision
from transforms.settings import DedupSettings, ShingleSettings

# Few words, some of which fold to the same: equal and similar paragraphs are frequent.
WORDS = [
    *("قال", "رسول", "الله", "ﷲ", "كِتَاب", "كتاب", "ﻛﺘﺎﺏ", "إلى", "الى", "٣", "3", "۴", "4م", "٤م", "b𞸀", "،", "—"),
    *("هٰذا", "هذا", "مَٰلك", "مالك", "هدىٰ", "الأرض", "ا\u0654رض", "ﷺ"),
]
SEPARATORS = [" ", "  ", "، ", "\u00a0", "-", "\n"]
# What UTF-8 takes one, two, three and four bytes for, at both ends, and what folding drops, exchanges and parts by.
CHARACTERS = [
    *"\0\1aZ_\x7f\x80é\u07ff\u0800ﷲ\ud7ff\ue000\uffff𐤀𞸀\U0010ffff", *"مأىة٤۴ـ َْٰ\u200f\ufeff", *" \u00a0\u3000.،؟🌙",
    *"هذليكوحنٰٰھیﻻﷺﱛﳙﺣﻢﹰ\ufe73ﮤ", *"\u00ad\u0301\u034f\u061c\u0654\u06e5\u08f0\u180e\u200b\u2066\ufe0f\U000e0101",
]  # fmt: skip

sentences = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(SEPARATORS)), max_size=12).map(
    lambda pairs: "".join(word + separator for word, separator in pairs)
)
texts = st.text(st.sampled_from(CHARACTERS), max_size=30)


@st.composite
def corpora(draw: st.DrawFn, paragraphs: int = 24) -> list[str]:
    """Paragraphs of which many are others with a word or two exchanged."""
    found = draw(st.lists(sentences | texts, min_size=1, max_size=paragraphs // 2))
    for _ in range(draw(st.integers(0, paragraphs // 2))):
        words = draw(st.sampled_from(found)).split(" ")
        words[draw(st.integers(0, len(words) - 1))] = draw(st.sampled_from(WORDS))
        found.append(" ".join(words))
    return found


fractions = st.tuples(st.integers(1, 12), st.integers(1, 12)).map(lambda pair: min(pair) / max(pair))
thresholds = st.floats(0.3, 1.0) | fractions.filter(lambda each: each >= 0.3)
sizes = st.lists(st.integers(1, 4), min_size=1, max_size=3)
definitions = st.builds(
    DedupSettings,
    threshold=thresholds,
    scope=st.sampled_from(["corpus", "corpus", "document", "off"]),
    shingle=st.builds(ShingleSettings, unit=st.sampled_from(["word", "character"]), size=st.integers(1, 5) | sizes),
    numbers=st.sampled_from(["inner", "ignore", "equal"]),
    wordless=st.sampled_from(["exact", "keep"]),
    minimum_words=st.sampled_from([0, 0, 1, 2, 4]),
    fold=st.sampled_from(PROFILES),
)


def encode(
    paragraphs: Sequence[str], between: str = "\n"
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """UTF-8 that holds all paragraphs, and where each begins and ends in it."""
    encoded = [each.encode() for each in paragraphs]
    gap = between.encode()
    sizes = np.array([len(each) for each in encoded], np.int64)
    start = np.cumsum(sizes + len(gap)) - sizes - len(gap)
    return np.frombuffer(gap.join(encoded), np.uint8), start, start + sizes


def sets_of(paragraphs: Sequence[str], settings: DedupSettings, documents: Sequence[int] | None = None) -> ShingleSets:
    """The shingle sets of paragraphs; without `documents` all are of one."""
    text, start, end = encode(paragraphs)
    document = np.zeros(len(start), np.uint64) if documents is None else np.array(documents, np.uint64)
    return shingle_sets(text, start, end, document, settings)


def cut(sets: ShingleSets, at: Sequence[int]) -> list[ShingleSets]:
    """The sets in splits, cut before the paragraphs `at`, ascending."""
    edges = [0, *at, len(sets.offsets) - 1]
    offsets = [sets.offsets[first : last + 1] for first, last in pairwise(edges)]
    numbers = [sets.numbers.take(np.arange(first, last)) for first, last in pairwise(edges)]
    return [
        ShingleSets(sets.shingles[each[0] : each[-1]], each - each[0], own, sets.wordless[first:last])
        for each, own, (first, last) in zip(offsets, numbers, pairwise(edges), strict=True)
    ]


def removed(decision: Decision) -> Removed:
    """A decision as the oracle states it."""
    partners = zip(decision.kept.tolist(), decision.similarity.tolist(), strict=True)
    return dict(zip(decision.removed.tolist(), partners, strict=True))


def bulletins(count: int, seed: int = 0) -> Iterator[str]:
    """Weather bulletins of one template: a city and three numbers."""
    cities = [
        "عمّان",
        "بغداد",
        "دمشق",
        "بيروت",
        "القاهرة",
        "تونس",
        "الرباط",
        "صنعاء",
        "مسقط",
        "الدوحة",
        "المنامة",
        "الخرطوم",
    ]
    choose = random.Random(seed)
    for _ in range(count):
        high, low, wind = choose.randint(15, 44), choose.randint(-5, 14), choose.randint(5, 60)
        yield (
            f"أعلنت مديرية الأرصاد الجوية أن الطقس في {choose.choice(cities)} يكون اليوم معتدلا نهارا وباردا ليلا "
            f"وتبلغ درجة الحرارة العظمى {high} درجة مئوية وتنخفض الصغرى إلى {low} درجات وتهب الرياح "
            f"شمالية غربية خفيفة السرعة تنشط أحيانا إلى {wind} كيلومترا في الساعة."
        )


def fingerprint_of(documents: Sequence[Sequence[Sequence[int]]], bundle: str = "أخبار.txt") -> Fingerprint:
    """A fingerprint: for each document the shingles of each paragraph; places and names follow from the order."""
    paragraphs = [each for document in documents for each in document]
    names = [f"{bundle}#{number}" for number in range(len(documents))]
    columns = {
        "doc_id": names,
        "bundle": [bundle] * len(documents),
        "offset": [1000 * number for number in range(len(documents))],
        "length": [1000] * len(documents),
        "name": ["مقال"] * len(documents),
        "encoding": ["utf-8"] * len(documents),
        "repaired": pa.array([0] * len(documents), pa.int32()),
        "language": ["ar" if number % 2 else None for number in range(len(documents))],
        "language_probability": [0.5 if number % 2 else None for number in range(len(documents))],
        "filter_rule": [None] * len(documents),
        "filter_reason": [None] * len(documents),
    }
    return Fingerprint(
        documents=pa.table(columns, schema=pa.schema(DOCUMENT_FIELDS)),
        first_paragraph=np.cumsum([0, *map(len, documents)]).astype(np.int64),
        offset=np.arange(len(paragraphs), dtype=np.int64) * 20,
        length=np.arange(len(paragraphs), dtype=np.int64) + 11,
        sets=ShingleSets(
            np.array([each for one in paragraphs for each in one], np.uint64),
            np.cumsum([0, *map(len, paragraphs)]).astype(np.int64),
            NumberSets(np.full(len(paragraphs), 7, np.uint64), np.arange(len(paragraphs) + 1)),
            np.array([each == [7] for each in paragraphs], np.uint8),
        ),
        facts={"bytes": 1000 * len(documents), "digests": {bundle: "00ff"}},
    )


fingerprints = st.lists(st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=3), max_size=3), max_size=4).map(
    fingerprint_of
)
