"""The join of a run: fingerprint files in, verdict files and figures out."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.dedup.samples import fingerprint_of
from transforms.bundles.splits import Split
from transforms.dedup.fingerprints import FingerprintedSplit, read_figures, write_fingerprint
from transforms.dedup.one_pass.join import join_run
from transforms.dedup.verdicts import read_verdicts
from transforms.runs.run import Run
from transforms.settings import DedupSettings
from transforms.storage import Folder

# Shingles of the paragraphs of two documents, and of one, and of none.
SPLITS = [
    [[[1, 2, 3, 4], [9]], [[1, 2, 3, 4]]],
    [],
    [[[2, 3, 4, 1, 1], [1, 2, 3, 4, 5], [], [], [8], [9, 9]]],
]


def fingerprinted(run: Run, splits: Sequence[list[list[list[int]]]] = SPLITS) -> list[FingerprintedSplit]:
    """The splits, their fingerprints written."""
    found = []
    for index, documents in enumerate(splits):
        split = Split(index, ())
        spread = [[[each << 48 for each in one] for one in document] for document in documents]
        write_fingerprint(run, split.id, fingerprint_of(spread, f"b{index}"))
        found.append(FingerprintedSplit(split, 0.25, sum(len(document) for document in documents)))
    return found


@pytest.mark.parametrize("store", ["local", "memory"])
@pytest.mark.parametrize("threads", [1, 4])
def test_every_split_gets_its_verdicts(tmp_path: Path, store: str, threads: int) -> None:
    run = Run(Folder(str(tmp_path) if store == "local" else f"memory://joining-{threads}"), "r1")
    splits = fingerprinted(run)
    join_run(run, splits, DedupSettings(), [], threads)
    verdicts = [
        [
            (row["paragraph"], row["rule"], row["similarity"], row["kept_doc_id"], row["kept_paragraph_index"])
            for row in read_verdicts(run, each.split.id, 1 << 30).to_pylist()
        ]
        for each in splits
    ]
    assert verdicts == [
        [(2, "exact", 1.0, "b0#0", 0)],
        [],
        [(0, "exact", 1.0, "b0#0", 0), (1, "near", 0.8, "b0#0", 0), (5, "exact", 1.0, "b0#0", 1)],
    ]


def test_figures_say_what_the_join_came_to(tmp_path: Path) -> None:
    run = Run(Folder(str(tmp_path)), "r1")
    figures = join_run(run, fingerprinted(run), DedupSettings(), [], 2)
    found = read_figures(run)
    counts = {"join", "paragraphs", "duplicates", "exact", "near", "of_earlier_runs", "fingerprint_seconds"}
    assert found.model_dump(include=counts) == {
        "join": "one_pass", "paragraphs": 9, "duplicates": 4, "exact": 3, "near": 1, "of_earlier_runs": 0,
        "fingerprint_seconds": 0.75,
    }  # fmt: skip
    assert found == figures
    assert figures.candidates >= 1
    assert figures.contenders >= 6
    assert figures.peak_memory_bytes > 1 << 20


def test_a_join_that_is_repeated_writes_the_same_verdicts(tmp_path: Path) -> None:
    run = Run(Folder(str(tmp_path)), "r1")
    written = []
    for threads in (1, 3):
        splits = fingerprinted(run)
        join_run(run, splits, DedupSettings(), [], threads)
        written.append([Path(run.folder.url, run.verdicts(each.split.id)).read_bytes() for each in splits])
    assert written[0] == written[1]


def test_the_threshold_is_that_of_the_settings(tmp_path: Path) -> None:
    run = Run(Folder(str(tmp_path)), "r1")
    assert join_run(run, fingerprinted(run), DedupSettings(threshold=0.81), [], 1).duplicates == 3


def test_a_run_without_documents_has_nothing_to_remove(tmp_path: Path) -> None:
    run = Run(Folder(str(tmp_path)), "r1")
    assert join_run(run, fingerprinted(run, [[], []]), DedupSettings(), [], 1).duplicates == 0
