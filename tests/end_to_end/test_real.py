"""Real bundles through the command line: nothing lost, everything in its place, every verdict as defined."""

import gzip
from pathlib import Path
from typing import NamedTuple

import pytest

from pipelines.ingest import main
from tests.conftest import UNSEGMENTED
from tests.corpus import Corpus, check_corpus, read_corpus
from tests.end_to_end.oracle import Place, decide, read_items, read_paragraphs
from transforms.settings import DedupSettings


class Ingested(NamedTuple):
    """A corpus and the bundles it was made of, by name."""

    corpus: Corpus
    bundles: dict[str, bytes]


def ingest(folder: Path, output: Path, *options: str) -> Ingested:
    """The `.txt` bundles of a folder, ingested, with everything checked that needs no oracle."""
    arguments = ["--input", f"{folder}/*.txt", "--output", str(output), "--run", "x", "--quiet", *UNSEGMENTED]
    assert main([*arguments, *options]) == 0
    bundles = {path.name: path.read_bytes() for path in folder.glob("*.txt")}
    return Ingested(check_corpus(output, "x", bundles), bundles)


def check_verdicts(ingested: Ingested, mode: str = "line") -> None:
    """The same kept paragraphs as by definition, and the same that stands for each duplicate."""
    corpus = ingested.corpus
    truth = decide(read_paragraphs(ingested.bundles, mode), DedupSettings())
    assert [Place(row["bundle"], offset, index) for row, _, index, offset in corpus.kept()] == truth.kept
    duplicates = {
        Place(row["bundle"], row["offset"], row["paragraph_index"]): (
            Place(row["kept_bundle"], row["kept_offset"], row["kept_paragraph_index"]),
            row["similarity"],
        )
        for row in corpus.duplicates
    }
    assert duplicates == truth.duplicates


def check_documents(ingested: Ingested) -> None:
    """Names and extents as a whole-file reader sees them; what it cannot read is rejected."""
    items = read_items(ingested.bundles)
    read = {(item.bundle, item.offset): (item.length, item.name) for item in items if item.text is not None}
    found = {(row["bundle"], row["offset"]): (row["length"], row["name"]) for row in ingested.corpus.documents}
    assert found.items() <= read.items()
    counts = ingested.corpus.manifest["counts"]["documents"]
    assert counts["kept"] + counts["duplicate"] == len(read)
    rejects = [(row["bundle"], row["offset"], row["length"], row["reason"]) for row in ingested.corpus.rejects]
    assert rejects == [(item.bundle, item.offset, item.length, item.name) for item in items if item.text is None]


def check_inputs(ingested: Ingested) -> None:
    sizes = {name: len(data) for name, data in ingested.bundles.items()}
    assert {each["name"]: each["size"] for each in ingested.corpus.manifest["inputs"]} == sizes
    assert ingested.corpus.manifest["bytes"] == sum(sizes.values())


@pytest.fixture(scope="module")
def news(real: Path, tmp_path_factory: pytest.TempPathFactory) -> Ingested:
    return ingest(real / "news", tmp_path_factory.mktemp("news") / "out")


@pytest.fixture(scope="module")
def planted(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Ingested:
    return ingest(seeds, tmp_path_factory.mktemp("seeds") / "out")


@pytest.fixture(scope="module")
def tirmidhi(real: Path, tmp_path_factory: pytest.TempPathFactory) -> Ingested:
    folder = tmp_path_factory.mktemp("tirmidhi")
    for path in (real / "tirmidhi").glob("bundle_*.txt.gz"):
        (folder / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
    return ingest(folder, folder / "out", "--set", "run.split_bytes=1MB")


def test_five_articles_without_delimiters(news: Ingested) -> None:
    check_documents(news)
    check_verdicts(news)
    check_inputs(news)
    assert news.corpus.manifest["preambles"] == 5
    assert [row["name"] for row in news.corpus.documents] == sorted(news.bundles)


def test_a_caption_given_twice_is_kept_once(news: Ingested) -> None:
    twice = [row for row in news.corpus.duplicates if row["bundle"].startswith("003_") and row["similarity"] == 1.0]
    assert [row["kept_bundle"] for row in twice if row["kept_doc_id"] == row["doc_id"]] == [twice[0]["bundle"]]


def test_five_articles_with_paragraphs_between_blank_lines(real: Path, tmp_path: Path) -> None:
    ingested = ingest(real / "news", tmp_path / "out", "--set", "input.paragraphs=blank_line")
    check_documents(ingested)
    check_verdicts(ingested, "blank_line")


def test_seeds(planted: Ingested) -> None:
    check_documents(planted)
    check_verdicts(planted)
    check_inputs(planted)


def test_seeds_with_paragraphs_between_blank_lines(seeds: Path, tmp_path: Path) -> None:
    ingested = ingest(seeds, tmp_path / "out", "--set", "input.paragraphs=blank_line")
    check_documents(ingested)
    check_verdicts(ingested, "blank_line")


def test_fourteen_editions(tirmidhi: Ingested, real: Path, tmp_path: Path) -> None:
    """The reference is of word triples alone."""
    check_documents(tirmidhi)
    check_inputs(tirmidhi)
    for name, data in tirmidhi.bundles.items():
        (tmp_path / name).write_bytes(data)
    settings = ("dedup.shingle.size=3", "dedup.numbers=ignore", "dedup.wordless=keep", "run.split_bytes=1MB")
    options = ["--quiet", "--run", "x", *UNSEGMENTED, *(option for each in settings for option in ("--set", each))]
    assert main(["--input", f"{tmp_path}/*.txt", "--output", str(tmp_path / "out"), *options]) == 0
    kept = [(row["name"], str(index)) for row, _, index, _ in read_corpus(tmp_path / "out", "x").kept()]
    lines = gzip.decompress((real / "tirmidhi" / "kept.tsv.gz").read_bytes()).decode().splitlines()
    assert kept == [tuple(line.split("\t")) for line in lines]
    assert tirmidhi.corpus.manifest["counts"]["paragraphs"]["in"] == 72599


def test_each_edition_begins_with_its_own_text(tirmidhi: Ingested, real: Path, tmp_path: Path) -> None:
    """The beginnings of the bundles, small enough for the oracle to name what stands for each duplicate."""
    for name, data in tirmidhi.bundles.items():
        (tmp_path / name).write_bytes(data[:200_000].rpartition(b"\n")[0])
    check_verdicts(ingest(tmp_path, tmp_path / "out", "--set", "run.split_bytes=64kB"))
