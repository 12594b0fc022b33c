"""Paragraphs: trimmed, found where they stand, the same for every split size."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bundles.oracle import WHITE, paragraphs_of, paragraphs_with_splits, read_bundle
from transforms.bundles.documents import find_paragraphs
from transforms.bundles.errors import BundleError
from transforms.bundles.listing import list_bundles
from transforms.bundles.reader import read_documents
from transforms.bundles.splits import plan_splits

SHARED = Path(__file__).parents[2].parent / "shared"
PIECES = [
    *WHITE,
    "\r\n",
    "\n",
    "\r",
    "\n\n",
    "\n<<<FILE>>>",
    "\ufeff",
    "\x00",
    "\x1c",
    "\u200f",
    "خبر",
    "a",
    "\u2013",
    "²",
    "㐀",
    "و",
    " é",
]
texts = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)


def _find(folder: Path, text: str, mode: str, target: int = 1 << 20) -> list[tuple[str, int, str]]:
    (folder / "a.txt").write_bytes(text.encode())
    return paragraphs_with_splits(list_bundles([str(folder)]), target, mode)


@settings(deadline=None, max_examples=300)
@given(texts, st.sampled_from(["line", "blank_line"]), st.integers(1, 50))
def test_paragraphs_are_those_of_the_oracle(
    tmp_path_factory: pytest.TempPathFactory, text: str, mode: str, target: int
) -> None:
    found = _find(tmp_path_factory.mktemp("bundles"), text, mode, target)
    items = [item for item in read_bundle("a.txt", text.encode()) if item.text is not None]
    assert [paragraph for _, _, paragraph in found] == [
        p for item in items for p in paragraphs_of(item.text or "", mode)
    ]
    for _, offset, paragraph in found:
        assert text.encode()[offset:].startswith(paragraph.encode())


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("line", ["الفقرة الأولى", "وسطرها الثاني", "الفقرة الثانية", "ثالثة"]),
        ("blank_line", ["الفقرة الأولى\r\nوسطرها الثاني", "الفقرة الثانية", "ثالثة"]),
    ],
)
def test_modes(tmp_path: Path, mode: str, expected: list[str]) -> None:
    text = "\u00a0الفقرة الأولى\r\nوسطرها الثاني \r\n\u3000\r\nالفقرة الثانية\n\nثالثة"
    assert [paragraph for _, _, paragraph in _find(tmp_path, text, mode)] == expected


def test_a_paragraph_ends_with_its_document(tmp_path: Path) -> None:
    assert _find(tmp_path, "<<<FILE>>>\na\n<<<FILE>>>\nb", "blank_line") == [("a.txt", 11, "a"), ("a.txt", 24, "b")]


def test_another_mode_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x")
    (split,) = plan_splits(list_bundles([str(tmp_path)]), 100)
    with pytest.raises(BundleError, match="paragraphs: page: not a mode; use one of line, blank_line"):
        find_paragraphs(read_documents(split), "page")


def test_the_columns_have_the_promised_types(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x\ny")
    (split,) = plan_splits(list_bundles([str(tmp_path)]), 100)
    paragraphs = find_paragraphs(read_documents(split), "line")
    assert [c.dtype for c in (paragraphs.start, paragraphs.end, paragraphs.document)] == [np.int64, np.int64, np.int32]
    assert paragraphs.document.tolist() == [0, 0]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared real texts are not beside the project")
@pytest.mark.parametrize("mode", ["line", "blank_line"])
@pytest.mark.parametrize("target", [1_000, 65_536, 1 << 30])
def test_real_news(mode: str, target: int) -> None:
    folder = SHARED / "real" / "news"
    found = paragraphs_with_splits(list_bundles([str(folder)]), target, mode)
    whole = [path.read_bytes().decode("utf-8").removeprefix("\ufeff") for path in sorted(folder.iterdir())]
    assert [paragraph for _, _, paragraph in found] == [p for text in whole for p in paragraphs_of(text, mode)]
    for name, offset, paragraph in found:
        assert (folder / name).read_bytes()[offset:].startswith(paragraph.encode())


@pytest.mark.parametrize("text", ["من راجح إنها تامة و", "a é", "قال: \u00a0و", "x \u2003", "  و  ", "\u0085و\u0085"])
def test_a_short_last_word_behind_a_space_keeps_all_its_bytes(tmp_path: Path, text: str) -> None:
    assert [paragraph for _, _, paragraph in _find(tmp_path, text, "line")] == [text.strip()]
