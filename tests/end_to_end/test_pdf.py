"""A text that was typed and the same text out of a PDF: segmented alike, and duplicates paragraph by paragraph."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.ingest import main
from tests.conftest import SHARED, UNSEGMENTED
from tests.corpus import read_corpus
from tests.pdf import from_pdf, shaped
from tests.segmentation.samples import tables, words
from transforms.characters.table import PASSED_OVER, members
from transforms.dedup.shingles import fold_words
from transforms.segmentation.embedded import EmbeddedSegmenter

PARAGRAPHS = [
    "رممت البلدية الجسر الحجري القديم فوق الوادي وأعادت فتحه للمشاة بعد ثلاثة أشهر من الأعمال الليلية",
    "وقال المهندسون إن الأحجار الأصلية رقمت واحدة واحدة قبل فكها ثم أعيدت إلى مواضعها الأولى بلا إسمنت",
    "ويؤدي الجسر إلى سوق العطارين حيث تباع الأعشاب والتوابل منذ قرون ولا يدخلها اليوم إلا المشاة",
]
_PASSED_OVER = dict.fromkeys(map(ord, members(PASSED_OVER)))
_SEGMENTER = EmbeddedSegmenter(tables())

typed = st.lists(words, min_size=1, max_size=12).map(" ".join)


def segmented(text: str) -> str:
    data = np.frombuffer(text.encode(), np.uint8)
    out, _ = _SEGMENTER.segment_buffer(data, np.zeros(1, np.int64), np.array([len(data)]))
    return out.tobytes().decode()


@pytest.mark.parametrize(
    ("word", "forms"), [("كتاب", "ﻛﺘﺎﺏ"), ("الأنباء", "ﺍﻷﻧﺒﺎﺀ"), ("بلا", "ﺑﻼ"), ("مسؤول", "ﻣﺴﺆﻭﻝ"), ("إلى", "ﺇﻟﻰ")]
)
def test_words_are_shaped_as_fonts_do(word: str, forms: str) -> None:
    assert shaped(word) == forms


@settings(deadline=None, max_examples=300)
@given(typed, st.integers(0, 4))
def test_words_of_a_pdf_are_those_that_were_typed(text: str, hyphens: int) -> None:
    assert fold_words(from_pdf(text, hyphens), "arabic-2") == fold_words(text, "arabic-2")


@settings(deadline=None, max_examples=300)
@given(typed, st.integers(0, 4))
def test_words_of_a_pdf_are_segmented_as_those_that_were_typed(text: str, hyphens: int) -> None:
    assert segmented(from_pdf(text, hyphens)).translate(_PASSED_OVER) == segmented(text)


@pytest.mark.parametrize("hyphens", [0, 3])
def test_paragraphs_of_a_pdf_are_duplicates_and_stay_as_they_came(tmp_path: Path, hyphens: int) -> None:
    copies = [from_pdf(each, hyphens) for each in PARAGRAPHS]
    documents = [("1", PARAGRAPHS), ("2", copies)]
    bundle = "\n".join(line for name, lines in documents for line in (f"<<<FILE>>>{name}", *lines))
    (tmp_path / "a.txt").write_text(bundle, encoding="utf-8")
    options = ["--output", str(tmp_path / "out"), "--run", "r", "--quiet", "--set", "run.report=false", *UNSEGMENTED]
    assert main(["--input", str(tmp_path / "a.txt"), *options]) == 0
    corpus = read_corpus(tmp_path / "out", "r")
    assert [row["text"] for row in corpus.documents] == ["\n".join(PARAGRAPHS)]
    assert [(row["rule"], row["text"]) for row in corpus.duplicates] == [("exact", each) for each in copies]


@pytest.mark.parametrize(("name", "removed"), [("2-pdf", 3), ("3-ligature", 3), ("4-isolates", 3), ("5-softhyphen", 3)])
def test_cases_of_pdfs(tmp_path: Path, name: str, removed: int) -> None:
    folder = SHARED / "cases" / "pdf" / "in"
    if not folder.is_dir():
        pytest.skip("no folder shared/cases beside the project")
    (tmp_path / "in").mkdir()
    for each in ("1-web", name):
        (tmp_path / "in" / f"{each}.txt").write_bytes((folder / f"{each}.txt").read_bytes())
    options = ["--output", str(tmp_path / "out"), "--run", "r", "--quiet", "--set", "run.report=false", *UNSEGMENTED]
    assert main(["--input", str(tmp_path / "in"), *options]) == 0
    assert len(read_corpus(tmp_path / "out", "r").duplicates) == removed
