"""The two stages on Beam: every split fingerprinted, every split with its verdicts, whatever the order they come in."""

from collections.abc import Sequence
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.testing import test_pipeline
from apache_beam.testing.util import assert_that, equal_to

from tests.runs.samples import header
from transforms.bundles.beam import ListSplits
from transforms.bundles.listing import list_bundles
from transforms.bundles.splits import Split, plan_splits
from transforms.dedup.beam import Fingerprinted, FingerprintSplit, JoinRun
from transforms.dedup.fingerprints import read_figures, read_fingerprint
from transforms.dedup.verdicts import read_verdicts
from transforms.language.settings import LanguageSettings
from transforms.runs.manifest import Opening
from transforms.runs.run import Run
from transforms.settings import DedupSettings, ReadSettings
from transforms.storage import Folder

TEXT = "\n".join(["قال رسول الله", "وسكت"] * 20)


@pytest.fixture
def splits(tmp_path: Path) -> list[Split]:
    """Five splits of one bundle of ten documents."""
    documents = "".join(f"<<<FILE>>> {number}\n{TEXT}\nرقم {number}\n" for number in range(10))
    bundle = tmp_path / "input" / "a.txt"
    bundle.parent.mkdir()
    bundle.write_text(documents)
    found = plan_splits(list_bundles([str(bundle)]), len(documents.encode()) // 5 + 1)
    assert len(found) == 5
    return found


def fingerprint(run: Run, threads: int) -> FingerprintSplit:
    return FingerprintSplit(run.folder, ReadSettings(), "line", LanguageSettings(), DedupSettings(), threads)


def split_of(fingerprinted: Fingerprinted) -> tuple[str, Split]:
    return fingerprinted[0], fingerprinted[1].split


@pytest.mark.parametrize(("threads", "batch"), [(1, 1), (3, 2)])
def test_every_split_is_fingerprinted(tmp_path: Path, splits: Sequence[Split], threads: int, batch: int) -> None:
    run = Run(Folder(str(tmp_path / "out")), "r1")
    with test_pipeline.TestPipeline() as pipeline:
        batches = pipeline | ListSplits("r1", splits, batch)
        done = batches | fingerprint(run, threads) | "Splits" >> beam.Map(split_of)
        assert_that(done, equal_to([("r1", split) for split in splits]))
    files = [read_fingerprint(run, each.id) for each in splits]
    assert sum(len(each.documents) for each in files) == 10
    assert sum(len(each.offset) for each in files) == 410


def test_the_join_decides_in_input_order_and_hands_the_splits_on(tmp_path: Path, splits: Sequence[Split]) -> None:
    run = Run(Folder(str(tmp_path / "out")), "r1")
    run.open(Opening(header=header(), splits=len(splits)))
    with test_pipeline.TestPipeline() as pipeline:
        batches = (
            pipeline
            | ListSplits("r1", list(reversed(splits)), 1)
            | fingerprint(run, 2)
            | JoinRun(run.folder, DedupSettings(), threads=2, batch=2)
        )
        wanted = [splits[:2], splits[2:4], splits[4:]]
        assert_that(batches, equal_to([("r1", tuple(each)) for each in wanted]))
    verdicts = [read_verdicts(run, each.id, 1 << 30).to_pylist() for each in splits]
    kept = {(row["kept_bundle"], row["kept_paragraph_index"]) for rows in verdicts for row in rows}
    assert kept == {("a.txt", 0), ("a.txt", 1)}
    assert {row["kept_doc_id"] for rows in verdicts for row in rows} == {
        read_fingerprint(run, splits[0].id).documents.column("doc_id")[0].as_py()
    }
    assert read_figures(run).duplicates == sum(map(len, verdicts)) == 10 * 40 - 2
