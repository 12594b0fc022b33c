"""The partitioned join decides what the one-pass join decides, and names the same kept paragraphs."""

from pathlib import Path

import numpy as np
import pyarrow.dataset as ds
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.ingest import main
from tests.conftest import UNSEGMENTED
from tests.corpus import read_corpus
from tests.dedup.partitioned.plain import numbered, partitioned_join
from tests.dedup.samples import bulletins, corpora, cut, definitions, sets_of
from transforms.dedup.one_pass.join import decide
from transforms.dedup.partitioned import stages
from transforms.dedup.partitioned.resolution import Known, resolve
from transforms.dedup.partitioned.stages import CopyBlock, EdgeBlock, GivenBlock, positions
from transforms.dedup.shingles import ShingleSets
from transforms.runs.run import Run
from transforms.settings import DedupSettings
from transforms.storage import Folder


def one_pass(splits: list[ShingleSets], threshold: float) -> dict[int, tuple[int, float]]:
    found = decide(splits, threshold)
    pairs = zip(found.kept.tolist(), found.similarity.tolist(), strict=True)
    return dict(zip(found.removed.tolist(), pairs, strict=True))


@settings(deadline=None, max_examples=150)
@given(corpora(), definitions, st.sampled_from([1, 7, 64]), st.sampled_from([1, 2, 256]), st.data())
def test_both_joins_decide_the_same(
    paragraphs: list[str], definition: DedupSettings, partitions: int, most: int, data: st.DataObject
) -> None:
    """Groups of more than `most` sets go by their sets: 1 sends all that way, 256 pairs all."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(paragraphs)), max_size=4)))
    splits = list(cut(sets_of(paragraphs, definition), cuts))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stages, "MOST_IN_A_GROUP", most)
        found = partitioned_join(splits, definition.threshold, partitions)
    assert numbered(found, splits) == one_pass(splits, definition.threshold)


@pytest.mark.parametrize("partitions", [1, 7, 64])
def test_bulletins_of_one_template(partitions: int) -> None:
    splits = list(cut(sets_of(bulletins(3000), DedupSettings()), [700, 701, 2500]))
    assert numbered(partitioned_join(splits, 0.7, partitions), splits) == one_pass(splits, 0.7)


def test_no_block_that_passes_between_workers_is_above_eight_megabytes() -> None:
    entries = 1_000_000
    block = EdgeBlock(np.zeros(entries, np.int64), np.zeros(entries, np.int64), np.zeros(entries))
    pieces = list(stages.chunks(block))
    assert sum(map(len, pieces)) == entries
    assert max(sum(column.nbytes for column in piece.columns()) for piece in pieces) <= 8 << 20


def test_a_paragraph_of_an_earlier_run_stands_before_equally_similar_ones() -> None:
    first, second, third = (int(positions(0, np.array([number]))[0]) for number in range(3))
    known = Known.of(
        [
            EdgeBlock(np.array([second, third]), np.array([first, first]), np.array([0.8, 0.8])),
            GivenBlock(np.array([second]), np.array([0.8])),
            CopyBlock(np.array([third + 1]), np.array([third])),
        ]
    )
    found = resolve(known, lambda _: pytest.fail("no dense sets"), np.zeros(1 << 22, np.uint8), 0.7)
    assert found.removed.tolist() == [second, third, third + 1]
    assert found.kept.tolist() == [-1, first, first]
    assert found.similarity.tolist() == [0.8, 0.8, 0.8]


@pytest.mark.parametrize("partitions", [1, 64])
def test_the_graph_writes_the_same_corpus(tmp_path: Path, real: Path, seeds: Path, partitions: int) -> None:
    """Two runs, so that the second is decided against the index of the first."""
    rows = {}
    for join in ("one_pass", "partitioned"):
        output = tmp_path / join
        given_options = ["--set", f"dedup.join={join}", "--set", f"dedup.partitions={partitions}", "--quiet"]
        given_options += ["--output", str(output), "--set", "run.split_bytes=20kB"]
        assert main(["--input", f"{real}/news/*.txt", "--run", "a", *given_options]) == 0
        assert (
            main(["--input", f"{real}/news/00[02]*.txt", "--input", f"{seeds}/*.txt", "--run", "b", *given_options])
            == 0
        )
        folders = ("documents", "duplicates")
        rows[join] = [ds.dataset(output / folder, partitioning="hive").to_table().to_pylist() for folder in folders]
    assert rows["partitioned"] == rows["one_pass"]
    assert any(row["kept_run"] == "a" and row["run"] == "b" for row in rows["one_pass"][1])


def test_runs_of_one_name_in_one_process_read_their_own_files(tmp_path: Path) -> None:
    """A run that was removed had other splits under the same numbers; one that is replaced has too."""
    output = tmp_path / "out"
    command = ["--output", str(output), "--run", "x", "--quiet", *UNSEGMENTED, "--set", "dedup.join=partitioned"]
    for number, text in enumerate(("نص أول عن النهر والحقول", "نص ثان عن البئر والقرية", "نص ثالث عن المدينة")):
        (tmp_path / f"{number}.txt").write_text(f"{text}\n{text}\n", encoding="utf-8")
        assert main(["--input", str(tmp_path / f"{number}.txt"), *command]) == 0
        corpus = read_corpus(output, "x")
        assert [row["text"] for row in corpus.documents] == [text]
        assert [(row["text"], row["similarity"]) for row in corpus.duplicates] == [(text, 1.0)]
        if number == 0:
            Run(Folder(str(output)), "x").remove()
