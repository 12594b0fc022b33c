"""The ids of documents, by OpenSSL's functions and without them."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.bundles.documents import Documents
from transforms.bundles.listing import list_bundles
from transforms.bundles.reader import read_parts
from transforms.bundles.splits import plan_splits
from transforms.dedup import identities
from transforms.dedup.identities import DocumentIds
from transforms.dedup.kernels import DIGITS, write_decimal

_texts = st.lists(st.text("اب \n", min_size=1, max_size=9000).filter(str.strip), min_size=1, max_size=4)


def both_ways(documents: Documents, names: list[str]) -> list[DocumentIds]:
    functions = identities._openssl()
    assert functions is not None, "this Python's hashes are not OpenSSL's, or hidden"
    return [identities._by_kernel(documents, names, functions), identities._by_python(documents, names)]


@given(st.lists(_texts, min_size=1, max_size=3))
def test_ids_are_digests_of_bundle_place_and_text(bundles: list[list[str]]) -> None:
    with TemporaryDirectory() as folder:
        for number, texts in enumerate(bundles):
            content = "".join(f"<<<FILE>>> {each}\n{text}\n" for each, text in enumerate(texts))
            Path(folder, f"كتاب {number}.txt").write_text(content)
        (split,) = plan_splits(list_bundles([folder]), 1 << 20)
        ((part, documents),) = read_parts(split)
    names = [each.bundle.name for each in part.ranges]
    expected = []
    for row in range(len(documents.offset)):
        place = f"{names[documents.bundle[row]]}\0{documents.offset[row]}\0".encode()
        text = bytes(documents.text[documents.text_start[row] : documents.text_end[row]])
        expected.append(hashlib.sha256(place + text).hexdigest()[:32])
    for found in both_ways(documents, names):
        assert found.ids.to_pylist() == expected
        assert [f"{number:016x}" for number in found.numbers.tolist()] == [each[:16] for each in expected]


def test_a_split_without_documents_has_no_ids(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("<<<FILE>>> أول\n\n")
    (split,) = plan_splits(list_bundles([str(tmp_path)]), 1 << 20)
    ((_, documents),) = read_parts(split)
    for found in both_ways(documents, ["a.txt"]):
        assert (len(found.ids), len(found.numbers)) == (0, 0)


def test_ids_do_not_depend_on_the_text_around_a_document(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("<<<FILE>>> أول\nنص")
    (split,) = plan_splits(list_bundles([str(tmp_path)]), 1 << 20)
    ((_, documents),) = read_parts(split)
    (found,) = DocumentIds.of(documents, ["a.txt"]).ids.to_pylist()
    assert found == hashlib.sha256("a.txt\x000\0نص".encode()).hexdigest()[:32]


@pytest.fixture
def without_openssl(monkeypatch: pytest.MonkeyPatch) -> Callable[[object], None]:
    """A Python whose hashes come from somewhere else."""

    def import_another(module: object) -> None:
        monkeypatch.setattr(identities, "import_module", lambda _: module)

    return import_another


@pytest.mark.parametrize("module", [hashlib, object()])
def test_a_python_whose_openssl_is_out_of_reach_hashes_by_itself(
    without_openssl: Callable[[object], None], module: object, tmp_path: Path
) -> None:
    """Its hashes may be in the interpreter itself, or in a library without these functions."""
    without_openssl(module)
    assert identities._openssl.__wrapped__() is None


@given(st.integers(0, 2**63 - 1))
def test_decimal_digits(number: int) -> None:
    digits = np.zeros(DIGITS, np.uint8)
    first = write_decimal(number, digits)
    assert bytes(digits[first:]).decode() == str(number)
