"""The first pass over a split: its documents, where their paragraphs are, and their shingles."""

import gzip
import hashlib
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dedup.samples import sets_of
from transforms.bundles.listing import list_bundles
from transforms.bundles.reader import Documents, read_parts
from transforms.bundles.splits import plan_splits
from transforms.dedup import first_pass
from transforms.dedup.fingerprints import Fingerprint
from transforms.dedup.first_pass import fingerprint_split, paragraph_bounds
from transforms.language.settings import LanguageSettings
from transforms.settings import DedupSettings

NEWS = "تمهيد\n<<<FILE>>> أول\nقال رسول الله\n\n  وسكت \r\n<<<FILE>>> ثان\n، . \nقال رسول الله\n\nنعم"
OTHER = "\ufeff<<<FILE>>> أول\nقال رسول الله\n<<<FILE>>> فارغ\n\n<<<FILE>>> مكسور\n".encode() + b"\xff\n"


def fingerprints(
    folder: Path, split_bytes: int, mode: str = "line", definition: DedupSettings | None = None
) -> list[tuple[Documents, Fingerprint]]:
    """What is read of two bundles, and its fingerprint, split by split."""
    (folder / "a.txt").write_bytes(NEWS.encode())
    (folder / "b.txt").write_bytes(OTHER)
    splits = plan_splits(list_bundles([str(folder)]), split_bytes)
    return [
        (documents, fingerprint_split(part, documents, mode, definition or DedupSettings()))
        for split in splits
        for part, documents in read_parts(split)
    ]


def test_documents_have_ids_of_bundle_place_and_text(tmp_path: Path) -> None:
    ((_, fingerprint),) = fingerprints(tmp_path, 1 << 20)
    rows = fingerprint.documents.to_pylist()
    assert [(row["bundle"], row["name"]) for row in rows] == [
        ("a.txt", "a.txt"), ("a.txt", "أول"), ("a.txt", "ثان"), ("b.txt", "أول")
    ]  # fmt: skip
    place = NEWS.encode().index("<<<FILE>>> أول".encode())
    text = "قال رسول الله\n\n  وسكت \r\n".encode()
    assert rows[1]["offset"] == place
    assert rows[1]["doc_id"] == hashlib.sha256(f"a.txt\0{place}\0".encode() + text).hexdigest()[:32]
    assert len({row["doc_id"] for row in rows}) == 4


@pytest.mark.parametrize("split_bytes", [1 << 20, 60, 7])
def test_paragraphs_are_found_again_in_the_text(tmp_path: Path, split_bytes: int) -> None:
    texts, bundles = [], {"a.txt": NEWS.encode(), "b.txt": OTHER}
    for documents, fingerprint in fingerprints(tmp_path, split_bytes):
        names = fingerprint.documents.column("bundle").to_pylist()
        start, end = paragraph_bounds(documents, fingerprint)
        for paragraph, document in enumerate(fingerprint.paragraph_document()):
            texts.append(documents.text[start[paragraph] : end[paragraph]].tobytes())
            offset, length = fingerprint.offset[paragraph], fingerprint.length[paragraph]
            assert bundles[names[document]][offset : offset + length] == texts[-1]
    expected = ["تمهيد", "قال رسول الله", "وسكت", "، .", "قال رسول الله", "نعم", "قال رسول الله"]
    assert [each.decode() for each in texts] == expected


def test_blank_lines_may_part_paragraphs(tmp_path: Path) -> None:
    ((documents, fingerprint),) = fingerprints(tmp_path, 1 << 20, "blank_line")
    start, end = paragraph_bounds(documents, fingerprint)
    texts = [documents.text[first:last].tobytes().decode() for first, last in zip(start, end, strict=True)]
    assert texts == ["تمهيد", "قال رسول الله", "وسكت", "، . \nقال رسول الله", "نعم", "قال رسول الله"]
    assert fingerprint.paragraph_index().tolist() == [0, 0, 1, 0, 1, 0]


def test_shingles_are_those_of_the_paragraphs(tmp_path: Path) -> None:
    ((_, fingerprint),) = fingerprints(tmp_path, 1 << 20)
    expected = sets_of(
        ["تمهيد", "قال رسول الله", "وسكت", "، .", "قال رسول الله", "نعم", "قال رسول الله"], DedupSettings()
    )
    assert fingerprint.sets.offsets.tolist() == expected.offsets.tolist() == [0, 1, 3, 4, 5, 7, 8, 10]
    assert fingerprint.sets.shingles.tolist() == expected.shingles.tolist()


def test_the_scope_document_parts_the_sets_of_documents(tmp_path: Path) -> None:
    ((_, fingerprint),) = fingerprints(tmp_path, 1 << 20, definition=DedupSettings(scope="document"))
    assert len(set(fingerprint.sets.shingles.tolist())) == len(fingerprint.sets.shingles)


def test_the_cut_into_splits_changes_no_id_and_no_set(tmp_path: Path) -> None:
    def rows(split_bytes: int) -> list[tuple[dict[str, object], list[int]]]:
        found = []
        for _, each in fingerprints(tmp_path, split_bytes, definition=DedupSettings(scope="document")):
            edges = each.sets.offsets[each.first_paragraph]
            sets = [each.sets.shingles[first:last].tolist() for first, last in pairwise(edges)]
            found += list(zip(each.documents.to_pylist(), sets, strict=True))
        return found

    assert rows(1 << 20) == rows(50) == rows(11)


def test_facts_count_each_byte_and_digest_each_bundle_once(tmp_path: Path) -> None:
    facts = [fingerprint.facts for _, fingerprint in fingerprints(tmp_path, 40)]
    assert sum(each["bytes"] for each in facts) == len(NEWS.encode()) + len(OTHER)
    assert sum(each["rejected"] for each in facts) == 2
    assert sum(each["preambles"] for each in facts) == 1
    assert [name for each in facts for name in each["digests"]] == ["a.txt", "b.txt"]
    digests = {name: digest for each in facts for name, digest in each["digests"].items()}
    assert digests == {
        "a.txt": hashlib.sha256(NEWS.encode()).hexdigest(), "b.txt": hashlib.sha256(OTHER).hexdigest()
    }  # fmt: skip


PIECES = st.sampled_from(
    [b"<<<FILE>>> 1", b"\n", "قال رسول الله".encode(), b"\xff\xfe", b"\0", b"{", b"\x1f\x8b", b" "]
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(PIECES, max_size=12).map(b"".join), min_size=1, max_size=4), st.integers(1, 80))
def test_digests_are_those_of_the_bytes_of_bundles(contents: list[bytes], split_bytes: int) -> None:
    contents = [*contents, gzip.compress(contents[0]), contents[0].decode("utf-8", "replace").encode("utf-16")]
    with TemporaryDirectory() as folder:
        for number, content in enumerate(contents):
            (Path(folder) / f"{number}.txt").write_bytes(content)
        found: dict[str, str] = {}
        for split in plan_splits(list_bundles([folder]), split_bytes):
            for part, documents in read_parts(split):
                found |= fingerprint_split(part, documents, "line", DedupSettings()).facts["digests"]
    assert found == {f"{at}.txt": hashlib.sha256(each).hexdigest() for at, each in enumerate(contents)}


def test_a_bundle_that_a_split_holds_whole_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_again: list[str] = []
    digest = first_pass.digest_bundle
    monkeypatch.setattr(first_pass, "digest_bundle", lambda each: read_again.append(each.name) or digest(each))
    (tmp_path / "c.txt").write_bytes(gzip.compress(NEWS.encode()))
    fingerprints(tmp_path, 1 << 20)
    assert read_again == ["c.txt"]  # its text is not its bytes
    fingerprints(tmp_path, 60)
    assert read_again[1:] == ["a.txt", "b.txt", "c.txt"]


def test_documents_that_are_left_out_are_compared_with_nothing(tmp_path: Path) -> None:
    english = "The committee shall meet at the request of any of its members and decide by majority vote. " * 4
    arabic = "قال رسول الله صلى الله عليه وسلم إنما الأعمال بالنيات وإنما لكل امرئ ما نوى. " * 4
    (tmp_path / "a.txt").write_text(f"<<<FILE>>> 1\n{english}\n{english}\n<<<FILE>>> 2\n{arabic}\n")
    (split,) = plan_splits(list_bundles([str(tmp_path)]), 1 << 20)
    ((part, documents),) = read_parts(split)
    found = fingerprint_split(part, documents, "line", DedupSettings(), LanguageSettings(keep=["ar"]))
    assert found.documents.column("filter_rule").to_pylist() == ["language", None]
    assert found.documents.column("language").to_pylist() == ["en", "ar"]
    assert np.diff(found.sets.offsets).tolist() == [0, 0, len(arabic.split()) - 1]
    assert found.length.tolist() == [len(english) - 1, len(english) - 1, len(arabic.encode()) - 1]
