"""However the input is cut: the same documents, paragraphs and verdicts, and those that the oracle finds."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.ingest import main
from tests.conftest import UNSEGMENTED
from tests.corpus import Corpus, check_corpus
from tests.end_to_end.oracle import Place, decide, read_paragraphs
from tests.plain_run import run_plainly
from transforms.settings import DedupSettings

WHOLE = 1 << 30
SENTENCES = [
    "قال الراوي إن القافلة وصلت إلى الواحة قبل غروب الشمس بساعة",
    "قال الرَّاوي إنّ القافلة وصلت إلى الواحه قبل غروب الشمس بساعة",  # the same, folded
    "قال الراوي إن القافلة وصلت إلى الواحة قبل غروب الشمس بساعتين",  # near
    "وكان الناس ينتظرون عند البئر منذ الصباح الباكر",
    "وكان الناس ينتظرون عند البئر منذ الصباح الباكر ولم يصل أحد",
    "تابعونا",
    "٣ كانون الثاني ٢٠٢١",
    "3 كانون الثاني 2021",
    "* * *",
    "\u00a0عمود \t ",
]
PIECES = [
    *[sentence + "\n" for sentence in SENTENCES],
    *[sentence + "\r\n" for sentence in SENTENCES[:4]],
    "\n<<<FILE>>> مقال\n",
    "\n<<<FILE>>>\n",
    "\r<<<FILE>>>\tخبر \r\n",
    "نص <<<FILE>>> في وسط السطر\n",
    "\n",
    "\r",
    "\n\n",
    "\ufeff",
    "\x00",
    "<<<FILE",
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=25).map(lambda pieces: "".join(pieces).encode())
JUNK = st.sampled_from([b"\xff", b"\xd8", b"\xc8\xe3\xe1", b"\xef\xbb", b"\xed\xa0\x80"])
BYTES = st.lists(TEXTS | JUNK, max_size=5).map(b"".join)
PARTS = st.integers(2, 12)


def ingest(folder: Path, bundles: list[bytes], split_bytes: int, mode: str = "line") -> Corpus:
    """The corpus of bundles, without Beam, found right in all that needs no oracle."""
    (folder / "in").mkdir(exist_ok=True)
    named = {f"{number}.txt": data for number, data in enumerate(bundles)}
    for name, data in named.items():
        (folder / "in" / name).write_bytes(data)
    output = folder / f"out-{split_bytes}"
    run_plainly(output, [str(folder / "in")], split_bytes, mode)
    return check_corpus(output, "x", named)


def cut(bundles: list[bytes], parts: int) -> int:
    """The size of splits that cuts the bundles into about so many."""
    return max(1, sum(map(len, bundles)) // parts)


def everything(corpus: Corpus) -> dict[str, Any]:
    """All that a corpus says of its input; where which file ends is the splits' own affair."""
    manifest = {key: corpus.manifest[key] for key in ("counts", "bytes", "preambles")}
    inputs = [(each["name"], each["size"], each["sha256"]) for each in corpus.manifest["inputs"]]
    rejects = sorted(corpus.rejects, key=lambda row: (row["bundle"], row["offset"]))
    return {
        **manifest,
        "inputs": inputs,
        "documents": corpus.documents,
        "duplicates": corpus.duplicates,
        "filtered": corpus.filtered,
        "rejects": rejects,
    }


@settings(deadline=None, max_examples=40)
@given(st.lists(BYTES, min_size=1, max_size=3), PARTS, st.sampled_from(["line", "blank_line"]))
@example([b""], 1, "line")
@example([b"<<<FILE>>>"], 10, "line")
@example([b"\xff\xff\xc8\xe3\xe1\xc8\xe3\xe1"], 2, "line")
@example([b"\xef\xbb\xbf<<<FILE>>> a\nb\n<<<FILE>>>"], 28, "line")
def test_any_cut_gives_the_same(bundles: list[bytes], parts: int, mode: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        whole = ingest(Path(folder), bundles, WHOLE, mode)
        assert everything(ingest(Path(folder), bundles, cut(bundles, parts), mode)) == everything(whole)


@settings(deadline=None, max_examples=40)
@given(st.lists(TEXTS, min_size=1, max_size=3), PARTS, st.sampled_from(["line", "blank_line"]))
def test_any_cut_gives_what_is_defined(bundles: list[bytes], parts: int, mode: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        corpus = ingest(Path(folder), bundles, cut(bundles, parts), mode)
    named = {f"{number}.txt": data for number, data in enumerate(bundles)}
    truth = decide(read_paragraphs(named, mode), DedupSettings())
    assert [Place(row["bundle"], offset, index) for row, _, index, offset in corpus.kept()] == truth.kept
    places = [(row, ("bundle", "offset", "paragraph_index")) for row in corpus.duplicates]
    removed = [Place(*(row[key] for key in keys)) for row, keys in places]
    instead = [Place(*(row[f"kept_{key}"] for key in keys)) for row, keys in places]
    similarity = [row["similarity"] for row in corpus.duplicates]
    assert dict(zip(removed, zip(instead, similarity, strict=True), strict=True)) == truth.duplicates


@pytest.mark.parametrize("folder", ["news", "seeds"])
def test_real_bundles_cut_small_middling_and_whole(folder: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    source = request.getfixturevalue("seeds") if folder == "seeds" else request.getfixturevalue("real") / "news"
    named = {path.name: path.read_bytes() for path in source.glob("*.txt")}
    found = []
    for size in ("1kB", "64kB", "1GB"):
        options = ["--run", "x", "--quiet", *UNSEGMENTED, "--set", f"run.split_bytes={size}"]
        assert main(["--input", f"{source}/*.txt", "--output", str(tmp_path / size), *options]) == 0
        found.append(everything(check_corpus(tmp_path / size, "x", named)))
    assert found[0] == found[2]
    assert found[1] == found[2]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_change_nothing(threads: int, seeds: Path, tmp_path: Path) -> None:
    named = {path.name: path.read_bytes() for path in seeds.glob("*.txt")}
    options = ["--run", "x", "--quiet", *UNSEGMENTED, "--set", "run.split_bytes=4kB", "--threads"]
    for count in (3, threads):
        output = str(tmp_path / str(count))
        assert main(["--input", f"{seeds}/*.txt", "--output", output, *options, str(count)]) == 0
    first, second = (check_corpus(tmp_path / str(count), "x", named).manifest["files"] for count in (3, threads))
    assert first == second
