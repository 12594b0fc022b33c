"""Bundles as people make them, through the whole job: where documents begin, what is text, what is passed over."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.ingest import main
from tests.bundles.oracle import paragraphs_of
from tests.conftest import SHARED, UNSEGMENTED
from tests.corpus import Corpus, check_files, read_corpus

NEWS = [
    "أعلنت بلدية المدينة الساحلية عن افتتاح حديقة عامة جديدة قرب الميناء القديم",
    "وصلت القافلة إلى الواحة عند الغروب وباتت ليلتها تحت أشجار النخيل",
    "قال مدير المتحف إن المعرض يضم مخطوطات نادرة من القرن الرابع الهجري",
    "فاز المنتخب في مباراة الأمس بهدفين مقابل هدف وحيد للفريق الضيف",
]


def ingested(folder: Path, *options: str, output: str = "out") -> Corpus:
    """The corpus of a folder; its counts balance and its files are those of the manifest."""
    out = folder.parent / output
    assert main(["--input", str(folder), "--output", str(out), "--run", "x", "--quiet", *UNSEGMENTED, *options]) == 0
    check_files(out, "x")
    return read_corpus(out, "x")


def names(corpus: Corpus) -> list[str]:
    return [row["name"] for row in sorted(corpus.documents, key=lambda row: (row["bundle"], row["offset"]))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.mark.parametrize("split", [64, 1 << 20])
def test_marks_padding_and_utf16_before_delimiters(folder: Path, split: int) -> None:
    pieces = [
        b"\xef\xbb\xbf<<<FILE>>>one\n" + NEWS[0].encode() + b"\n",
        b"\xef\xbb\xbf\xef\xbb\xbf<<<FILE>>>two\n" + ("\ufeff" + NEWS[1] + "\r\n").encode("utf-16-le"),
        b"<<<FILE>>>three\n" + NEWS[2].encode() + b"\n" + bytes(5000),
        b"<<<FILE>>>four\n" + ("\ufeff" + NEWS[3] + "\u2028").encode("utf-16-be"),
        b"<<<FILE>>>five\n" + (NEWS[0] + " ثانيا\u2029").encode(),
        b"<<<FILE>>>six\n" + NEWS[1].encode("cp1256") + b" \x1a",
    ]
    (folder / "all.txt").write_bytes(b"".join(pieces))
    corpus = ingested(folder, "--set", f"run.split_bytes={split}", "--set", "dedup.threshold=1")
    assert names(corpus) == ["one", "two", "three", "four", "five"]  # and six repeats two
    assert {row["text"] for row in corpus.duplicates} == {NEWS[1]}
    assert {row["name"]: row["text"] for row in corpus.documents} == {
        "one": NEWS[0], "two": NEWS[1], "three": NEWS[2], "four": NEWS[3], "five": f"{NEWS[0]} ثانيا"
    }  # fmt: skip
    data = b"".join(pieces)
    for row, text, _, offset in corpus.kept():
        assert data[offset:].startswith(text.encode(row["encoding"]))


def test_a_loop_over_windows_1256_files_keeps_names_and_texts(folder: Path) -> None:
    loop = b"".join(
        f"<<<FILE>>>مقالات/خبر {number} الرياضة والاقتصاد.txt\n".encode() + text.encode("cp1256") + b"\n"
        for number, text in enumerate(NEWS)
    )
    (folder / "a.txt").write_bytes(loop)
    corpus = ingested(folder)
    assert names(corpus) == [f"مقالات/خبر {number} الرياضة والاقتصاد.txt" for number in range(4)]
    assert {row["encoding"] for row in corpus.documents} == {"windows-1256"}
    assert [row["text"] for row in corpus.documents] == NEWS


def test_what_looks_like_a_delimiter_is_in_the_manifest_and_the_report(folder: Path) -> None:
    text = f"<<<FILE>>>a\n{NEWS[0]}<<<FILE>>>b\n{NEWS[1]}\n <<<FILE>>>c\n{NEWS[2]}\n<<<file>>>d\n{NEWS[3]}\n"
    (folder / "a.txt").write_text(text, encoding="utf-8")
    corpus = ingested(folder)
    found = corpus.manifest["findings"]
    assert {kind: entry["count"] for kind, entry in found.items()} == {
        "delimiter_inside_line": 1, "delimiter_indented": 1, "delimiter_misspelt": 1
    }  # fmt: skip
    data = text.encode()
    assert found["delimiter_inside_line"]["places"] == [
        {"bundle": "a.txt", "offset": data.index(b"<<<FILE>>>b"), "excerpt": "<<<FILE>>>b"}
    ]
    report = (folder.parent / "out" / "reports" / "x.html").read_text(encoding="utf-8")
    assert "1 delimiter stands inside a line" in report
    assert "&lt;&lt;&lt;FILE&gt;&gt;&gt;b" in report
    lenient = ingested(folder, "--set", "input.delimiter=lenient", output="lenient")
    assert names(lenient) == ["a", "c"]
    assert set(lenient.manifest["findings"]) == {"delimiter_inside_line", "delimiter_misspelt"}


def test_files_that_are_not_taken_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.txt", "B.TEXT", ".hidden.txt", "_und.txt", "z.tmp", "LICENSE", "read.md", "d.json"):
        (folder / name).write_text(NEWS[len(name) % 4], encoding="utf-8")
    (folder / "c.txt.gz").write_bytes(gzip.compress(NEWS[2].encode()))
    (folder / "empty.txt").write_bytes(b"")
    (folder / "lost.txt").symlink_to(folder / "nowhere")
    (folder / ".git").mkdir()
    corpus = ingested(folder)
    assert sorted(each["name"] for each in corpus.manifest["inputs"]) == ["B.TEXT", "a.txt", "c.txt.gz", "empty.txt"]
    assert {each["url"].removeprefix(f"{folder}/"): each["reason"] for each in corpus.manifest["passed_over"]} == {
        ".git/": "hidden", ".hidden.txt": "hidden", "_und.txt": "hidden", "z.tmp": "unfinished", "LICENSE": "ending",
        "read.md": "ending", "d.json": "ending", "lost.txt": "broken_link",
    }  # fmt: skip
    assert [(row["bundle"], row["reason"]) for row in corpus.rejects] == [("empty.txt", "empty_document")]
    assert main(["--input", str(folder), "--output", str(folder.parent / "dry"), "--dry-run"]) == 0
    printed = capsys.readouterr().out
    for said in (
        "3 files passed over, hidden",
        "1 file passed over, unfinished",
        "3 files passed over, of another ending",
    ):
        assert said in printed
    assert "z.tmp" in printed
    root = json.dumps(str(folder))
    both = ingested(folder, "--input", f"{folder}/*.md", "--set", f"input.root={root}", output="both")
    assert "read.md" in {each["name"] for each in both.manifest["inputs"]}
    assert "read.md" not in str(both.manifest["passed_over"])


BAD = NEWS[0].encode() + b"\xff " + NEWS[1].encode() + b"\n" + NEWS[2].encode() + b" \xed\xa0\xbd\xed\xb8\x80\n"


def test_damaged_utf8_is_repaired_when_asked(folder: Path) -> None:
    data = b"<<<FILE>>>bad\n" + BAD + b"<<<FILE>>>good\n" + NEWS[3].encode() + b"\n"
    (folder / "a.txt").write_bytes(data)
    strict = ingested(folder, output="strict")
    assert [row["reason"] for row in strict.rejects] == ["not_text"]
    assert strict.manifest["repaired"] == {"documents": 0, "characters": 0}
    corpus = ingested(folder, "--set", "input.repair=bytes")
    rows = {row["name"]: row for row in corpus.documents}
    assert (rows["bad"]["repaired"], rows["good"]["repaired"]) == (2, 0)
    assert rows["bad"]["text"] == f"{NEWS[0]}\ufffd {NEWS[1]}\n{NEWS[2]} 😀"
    assert rows["bad"]["paragraph_offset"] == [14, 14 + BAD.index(b"\n") + 1]
    (reject,) = corpus.rejects
    assert (reject["reason"], reject["payload"]) == ("repaired", data[: data.index(b"<<<FILE>>>good")])
    assert corpus.manifest["counts"]["documents"] == {"in": 2, "kept": 2, "duplicate": 0, "filtered": 0, "rejected": 0}
    assert corpus.manifest["rejects"] == {"repaired": 1}
    assert corpus.manifest["repaired"] == {"documents": 1, "characters": 2}


def test_one_rule_for_control_characters(folder: Path) -> None:
    wholes = {"few": f"{NEWS[0]}\x1b[0m\n{NEWS[1]}", "many": NEWS[2].replace(" ", "\x01"), "padded": f"{NEWS[3]}\0\0\0"}
    for encoding in ("utf-8", "cp1256", "utf-16-le", "utf-16-be"):
        for name, text in wholes.items():
            mark = "\ufeff" if encoding.startswith("utf-16") else ""
            (folder / f"{name}.{encoding}.txt").write_bytes((mark + text).encode(encoding))
    corpus = ingested(folder, "--set", "dedup.threshold=1")
    assert sorted(row["bundle"].partition(".")[0] for row in corpus.rejects) == ["many"] * 4
    assert {row["reason"] for row in corpus.rejects} == {"not_text"}
    texts = [text for _, text, _, _ in corpus.kept()] + [row["text"] for row in corpus.duplicates]
    assert sorted(set(texts)) == sorted([*paragraphs_of(wholes["few"], "line"), NEWS[3]])
    assert len(texts) == 12


CASES: dict[str, dict[str, Any]] = {
    "bom-concat": {"kept": ["one", "two"]},
    "cat-loop": {"kept": ["i", "j", "f", "d", "e", "a", "b", "c"], "findings": {"delimiter_inside_line": 2}},
    "cesu8": {"kept": ["ok"], "rejects": {"not_text": 3}},
    "dos": {"documents": 7},
    "nul-pad": {"kept": ["a", "b"], "paragraphs": 3},
    "binary-utf8": {"rejects": {"not_text": 3}},
    "utf8-name-1256-text": {"kept": ["مقالات/أخبار الرياضة والاقتصاد اليوم.txt"] * 4},
    "gz": {"kept": ["g6", "g7", "g4", "g3", "g1", "g2", "g5"]},
    "lineends": {"paragraphs": 8},
    "delims": {
        "documents": 6,
        "findings": {"delimiter_inside_line": 1, "delimiter_indented": 2, "delimiter_misspelt": 1},
    },
}


@pytest.mark.skipif(not (SHARED / "cases").is_dir(), reason="no folder shared/cases beside the project")
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("split", [64, 1 << 20])
def test_shared_cases(tmp_path: Path, case: str, split: int) -> None:
    out, expected = tmp_path / "out", CASES[case]
    asked = ["--input", str(SHARED / "cases" / case / "in"), "--output", str(out), "--run", "x", "--quiet"]
    assert main([*asked, *UNSEGMENTED, "--set", f"run.split_bytes={split}"]) == 0
    corpus = read_corpus(out, "x")
    manifest = corpus.manifest
    found = {kind: entry["count"] for kind, entry in manifest["findings"].items()}
    assert found == expected.get("findings", {})
    if "kept" in expected:
        assert names(corpus) == expected["kept"]
    if "documents" in expected:
        assert manifest["counts"]["documents"]["kept"] == expected["documents"]
    if "paragraphs" in expected:
        assert manifest["counts"]["paragraphs"]["in"] == expected["paragraphs"]
    if "rejects" in expected:
        assert manifest["rejects"] == expected["rejects"]
