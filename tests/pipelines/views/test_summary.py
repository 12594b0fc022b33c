"""What a run prints."""

from pathlib import Path

import pytest

from pipelines.config import IngestSettings
from pipelines.job import Slice
from pipelines.views.summary import estimate, print_plan, print_summary
from tests.plain_run import run_plainly
from transforms.bundles.listing import Bundle
from transforms.runs.manifest import Manifest
from transforms.storage import Folder


@pytest.fixture(scope="module")
def manifest(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return run_plainly(tmp_path_factory.mktemp("summary"), [f"{seeds}/*.txt"], 1 << 20)


def test_a_summary_has_every_figure(manifest: Manifest, capsys: pytest.CaptureFixture[str]) -> None:
    print_summary(Folder("/data/[corpus]"), manifest.model_copy(update={"bytes": 123456789, "preambles": 31}))
    printed = capsys.readouterr().out
    assert "Run x" in printed
    for name, tally in manifest.counts.by_kind().items():
        (row,) = [
            line.replace("│", " ").split() for line in printed.splitlines() if f" {name} " in line and "│" in line
        ]
        assert row == [name, *(f"{count:,}" for count in tally.values())]
    dedup = manifest.dedup
    for said in (f"{dedup.exact:,} exact and {dedup.near:,} near", "123,456,789 bytes read", "31 documents"):
        assert said in printed
    assert "/data/[corpus]/manifests/x.json" in printed


def test_a_plan_of_many_bundles_is_cut_short(capsys: pytest.CaptureFixture[str]) -> None:
    bundles = [Bundle(f"[b]{number:03d}.txt", f"/in/{number}", 1000, "", "") for number in range(50)]
    expected = estimate(50_000, IngestSettings(), in_process=True)
    print_plan(bundles, [Slice((), 0, 1)], IngestSettings(), expected)
    printed = capsys.readouterr().out
    assert "[b]019.txt" in printed
    assert "[b]020.txt" not in printed
    assert "… and 30 more" in printed
    assert "50,000  bytes in 50 bundles" in printed
    assert [line for line in expected.lines() if line.strip() not in printed] == []
