"""Looking texts up gives what comparing word 3-grams one by one gives."""

from pathlib import Path

import pytest

from pipelines.ingest import main
from tests.conftest import UNSEGMENTED
from tests.dedup.oracle import shingles
from transforms.settings import DedupSettings
from transforms.shards.corpus import Corpus
from transforms.shards.lookup import Likeness, most_alike, settings_of, shingles_of


@pytest.fixture(scope="module", params=["line", "blank_line"])
def corpus(request: pytest.FixtureRequest, seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    output = str(tmp_path_factory.mktemp("corpus") / "out")
    for run, pattern in (("one", "bundle_000*"), ("two", "bundle_00[12]*")):
        arguments = ["--input", f"{seeds}/{pattern}.txt", "--output", output, "--run", run, "--quiet"]
        assert main([*arguments, "--set", f"input.paragraphs={request.param}", *UNSEGMENTED]) == 0
    return Corpus(output)


def kept(corpus: Corpus) -> list[tuple[dict[str, object], int, str]]:
    rows = [row for m in corpus.manifests for row in corpus.dataset("documents", [m.run]).to_table().to_pylist()]
    return [(row, index, text) for row in rows for index, text in corpus.paragraphs(row).items()]


def by_definition(corpus: Corpus, text: str, settings: DedupSettings) -> tuple[float, str] | None:
    wanted = shingles(text, settings)
    best = None
    for _, _, other in kept(corpus):
        own = shingles(other, settings)
        similarity = len(own & wanted) / len(own | wanted) if own & wanted else 0.0
        if similarity and (best is None or similarity > best[0]):
            best = (similarity, other)
    return best


def test_every_kept_paragraph_is_found_where_it_is(corpus: Corpus) -> None:
    settings = settings_of(corpus)
    for row, index, text in kept(corpus)[::9]:
        if shingles_of(text, settings):
            found = most_alike(corpus, text, settings)
            assert isinstance(found, Likeness)
            assert (found.similarity, found.text) == (1.0, text)
            assert (found.place["run"], found.place["doc_id"]) == (row["run"], row["doc_id"])
            assert found.place["paragraph_index"] == index


@pytest.mark.parametrize(
    "text", ["المصدر: وكالة السنديان", "افتتحت مدينة السنديان صباح أمس مكتبتها العامة", "لا شيء من هذا هنا", "", "..."]
)
def test_the_most_alike_is_that_of_the_definition(corpus: Corpus, text: str) -> None:
    settings = settings_of(corpus)
    found = most_alike(corpus, text, settings)
    assert (None if found is None else (found.similarity, found.text)) == by_definition(corpus, text, settings)


def test_removed_paragraphs_are_found_with_their_similarity(corpus: Corpus) -> None:
    rows = corpus.dataset("duplicates").to_table()
    for row, other in list(zip(rows.to_pylist(), corpus.kept_texts(rows), strict=True))[::5]:
        found = most_alike(corpus, row["text"], settings_of(corpus))
        assert found is not None
        assert found.similarity >= row["similarity"]
        assert found.similarity > row["similarity"] or found.text == other
