"""The figures of a report are those of the files: recounted here in plain Python, row by row."""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.ingest import main
from tests.conftest import UNSEGMENTED
from transforms.dedup.differences import Difference
from transforms.shards.corpus import Corpus
from transforms.shards.figures import Figures, figures_of, sample_near, size_label


@pytest.fixture(scope="module")
def figures(corpus: Corpus) -> Figures:
    return figures_of(corpus, "r")


def rows(corpus: Corpus, ledger: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = corpus.dataset(ledger).to_table().to_pylist()
    return found


def test_no_report_is_written_unless_asked_for(corpus: Corpus) -> None:
    assert {path.name for path in corpus.folder.local_path().iterdir()} & {"reports", "README.md"} == set()


def test_clusters_are_the_kept_paragraphs_with_most_duplicates(corpus: Corpus, figures: Figures) -> None:
    sizes = Counter((row["kept_doc_id"], row["kept_paragraph_index"]) for row in rows(corpus, "duplicates"))
    expected = sorted((size for size in sizes.values() if size > 1), reverse=True)[:12]
    assert [each.size for each in figures.clusters] == expected
    for each in figures.clusters:
        assert sizes[each.place["kept_doc_id"], each.place["kept_paragraph_index"]] == each.size
        assert each.text


def test_boilerplate_is_what_most_documents_have(corpus: Corpus, figures: Figures) -> None:
    owners: dict[tuple[object, ...], set[object]] = {}
    longest: Counter[tuple[object, ...]] = Counter()
    for row in rows(corpus, "duplicates"):
        kept = (row["kept_doc_id"], row["kept_paragraph_index"])
        owners.setdefault(kept, set()).add(row["doc_id"])
        longest[kept] = max(longest[kept], len(str(row["text"]).encode()))
    expected = [len(those) for kept, those in owners.items() if len(those) > 2 and longest[kept] <= 160]
    assert [each.documents for each in figures.boilerplate] == sorted(expected, reverse=True)[:12]


def test_the_matrix_has_all_that_a_few_bundles_have_in_common(corpus: Corpus, figures: Figures) -> None:
    pairs = Counter((row["bundle"], row["kept_bundle"]) for row in rows(corpus, "duplicates"))
    names = [one.name for one, _ in figures.matrix]
    found = {(one.name, other): n for one, counts in figures.matrix for other, n in zip(names, counts, strict=True)}
    assert len(names) <= 20
    if len({name for pair in pairs for name in pair}) <= 20:
        assert {pair: count for pair, count in found.items() if count} == pairs


def test_similarities_count_the_near_duplicates(corpus: Corpus, figures: Figures) -> None:
    near = [row["similarity"] for row in rows(corpus, "duplicates") if row["rule"] == "near"]
    assert sum(count for _, count in figures.similarities) == len(near) == figures.manifest.dedup.near


def test_documents_are_counted_once_each(corpus: Corpus, figures: Figures) -> None:
    documents = rows(corpus, "documents")
    assert sum(count for _, count in figures.text.lengths) == len(documents)
    assert {name: kept for name, kept, _ in figures.languages} == Counter(row["language"] for row in documents)
    assert {name: kept for name, kept, _ in figures.encodings} == Counter(row["encoding"] for row in documents)


def test_rejects_are_those_of_the_manifest(figures: Figures) -> None:
    assert Counter(row["reason"] for row in figures.rejects) == figures.manifest.rejects


def test_kept_copies_that_are_much_shorter_are_shown(tmp_path: Path) -> None:
    long = " ".join(f"كلمة{number}" for number in range(40))
    words = long.split()
    lines = [" ".join(words[:30]), long, f"{' '.join(words[:30])} زائدة", " ".join(words[5:])]
    (tmp_path / "a.txt").write_text("\n".join(lines))
    given = ["--input", str(tmp_path / "a.txt"), "--output", str(tmp_path / "out"), "--run", "r", "--quiet"]
    assert main([*given, *UNSEGMENTED]) == 0
    shortened = figures_of(Corpus(str(tmp_path / "out")), "r").shortened
    assert shortened.count == len(shortened.rows) == 1
    assert shortened.rows[0]["offset"] == len(lines[0].encode()) + 1
    assert shortened.rows[0]["lost"] == len(long.encode()) - len(lines[0].encode())
    page = (tmp_path / "out/reports/r.html").read_text()
    assert "1 near-duplicate was longer than the kept paragraph" in page


def test_pairs_are_marked_where_they_differ(corpus: Corpus, figures: Figures) -> None:
    assert len(figures.pairs) == min(20, figures.manifest.dedup.near)
    for pair in figures.pairs:
        assert any(each.difference == Difference.WORD for each in [*pair.removed, *pair.kept])
        assert len(pair.removed) <= 62


@pytest.mark.parametrize("count", [0, 1, 3, 1000])
def test_samples_are_spread_over_all(corpus: Corpus, count: int) -> None:
    near = [row for row in rows(corpus, "duplicates") if row["rule"] == "near"]
    sample = sample_near(corpus, None, count)
    assert isinstance(sample, pa.Table)
    assert len(sample) == min(count, len(near))
    assert all(row in near for row in sample.to_pylist())


@pytest.mark.parametrize(("size", "label"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (1 << 40, "1.0 TiB")])
def test_sizes_are_for_people(size: int, label: str) -> None:
    assert size_label(size) == label
