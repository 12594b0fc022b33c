"""The same text, compressed or in another encoding, gives the same corpus."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bundles.compressors import COMPRESSORS
from tests.corpus import Corpus, check_counts, read_corpus
from tests.plain_run import run_plainly

WRAPPINGS: dict[str, Callable[[bytes], bytes]] = {
    **COMPRESSORS,
    "utf-16-le": lambda data: ("\ufeff" + data.decode("utf-8")).encode("utf-16-le"),
    "utf-16-be": lambda data: ("\ufeff" + data.decode("utf-8")).encode("utf-16-be"),
    "utf-16 in zstd": lambda data: COMPRESSORS["zstd"](("\ufeff" + data.decode("utf-8")).encode("utf-16-le")),
}
Texts = dict[str, bytes]


def corpus_of(folder: Path, texts: Texts) -> Corpus:
    """The corpus of bundles, in splits of 1 MiB."""
    bundles = folder / "in"
    bundles.mkdir(parents=True)
    for name, data in texts.items():
        (bundles / name).write_bytes(data)
    run_plainly(folder / "out", [str(bundles)], 1 << 20)
    corpus = read_corpus(folder / "out", "x")
    check_counts(corpus)
    return corpus


def said(corpus: Corpus) -> list[object]:
    """What a corpus says of its text: all but where in the bytes of its bundles it was."""
    kept = sorted((row["bundle"], row["offset"], index, text, row["name"]) for row, text, index, _ in corpus.kept())
    documents: dict[tuple[str, int], int] = {}
    numbered = [
        (bundle, documents.setdefault((bundle, offset), len(documents)), *rest) for bundle, offset, *rest in kept
    ]
    removed = sorted(
        (
            row["bundle"],
            row["paragraph_index"],
            row["text"],
            row["rule"],
            row["similarity"],
            row["kept_paragraph_index"],
        )
        for row in corpus.duplicates
    )
    counts = corpus.manifest["counts"]
    return [numbered, removed, counts]


@pytest.fixture(scope="module")
def news(real: Path) -> Texts:
    return {path.name: path.read_bytes() for path in sorted((real / "news").glob("*.txt"))}


@pytest.fixture(scope="module")
def tirmidhi(real: Path) -> Texts:
    return {path.stem: gzip.decompress(path.read_bytes()) for path in sorted((real / "tirmidhi").glob("*.txt.gz"))}


@pytest.fixture(scope="module")
def plain(news: Texts, tirmidhi: Texts, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Corpus]:
    return {
        "news": corpus_of(tmp_path_factory.mktemp("news"), news),
        "tirmidhi": corpus_of(tmp_path_factory.mktemp("tirmidhi"), tirmidhi),
    }


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_the_tirmidhi_bundles(plain: dict[str, Corpus], tirmidhi: Texts, tmp_path: Path, wrapping: str) -> None:
    wrapped = {name: WRAPPINGS[wrapping](data) for name, data in tirmidhi.items()}
    assert said(corpus_of(tmp_path, wrapped)) == said(plain["tirmidhi"])


@pytest.mark.parametrize("wrapping", [*WRAPPINGS, "windows-1256"])
def test_the_news(plain: dict[str, Corpus], news: Texts, tmp_path: Path, wrapping: str) -> None:
    wrap = WRAPPINGS.get(wrapping, lambda data: data.decode("utf-8").encode("windows-1256"))
    corpus = corpus_of(tmp_path, {name: wrap(data) for name, data in news.items()})
    assert said(corpus) == said(plain["news"])
    expected = "utf-16-le" if wrapping == "utf-16 in zstd" else wrapping if wrapping not in COMPRESSORS else "utf-8"
    assert {row["encoding"] for row in corpus.documents} == {expected}


def test_every_paragraph_is_found_at_its_offset(tirmidhi: Texts, news: Texts, tmp_path: Path) -> None:
    encodings = {"a": "utf-8", "b": "utf-16-le", "c": "windows-1256"}
    (first, *_), (book, *_) = news.values(), tirmidhi.values()
    text = book[:300_000].decode("utf-8", "ignore")
    sources = {
        "a": text.encode(),
        "b": ("\ufeff" + text).encode("utf-16-le"),
        "c": first.decode("utf-8").encode("windows-1256"),
    }
    corpus = corpus_of(tmp_path, {"a": COMPRESSORS["zstd"](sources["a"]), "b": sources["b"], "c": sources["c"]})
    places = [(row["bundle"], offset, text) for row, text, _, offset in corpus.kept()]
    places += [(row["bundle"], row["offset"], row["text"]) for row in corpus.duplicates]
    assert {bundle for bundle, _, _ in places} == set(encodings)
    for bundle, offset, text in places:
        raw = text.encode(encodings[bundle])
        assert sources[bundle][offset : offset + len(raw)] == raw
