"""The estimate of a run's size."""

import pytest

from pipelines.config import IngestSettings
from pipelines.ingest import main
from pipelines.views.summary import estimate


@pytest.mark.parametrize(
    ("size", "in_process", "partitioned"),
    [(1 << 30, True, False), (10 << 40, True, False), (1 << 30, False, False), (10 << 40, False, True)],
)
def test_auto_spreads_the_join_of_a_large_input_on_a_cluster(size: int, in_process: bool, partitioned: bool) -> None:
    expected = estimate(size, IngestSettings(), in_process=in_process)
    assert expected.partitioned is partitioned
    assert expected.splits == size >> 25


def test_text_stays_where_it_is_and_sets_pass_only_in_the_partitioned_join() -> None:
    joins = ({"dedup": {"join": name}} for name in ("one_pass", "partitioned"))
    one, many = (estimate(100 << 30, IngestSettings.model_validate(each), in_process=False) for each in joins)
    assert one.shuffled_bytes < 0.01 * one.text_bytes < many.shuffled_bytes < 1.2 * many.text_bytes


def test_dry_run_prints_the_estimate(capsys: pytest.CaptureFixture[str], seeds: object, tmp_path: object) -> None:
    assert main(["--input", f"{seeds}/*.txt", "--output", f"{tmp_path}/out", "--dry-run", "--assume", "10TB"]) == 0
    assert "10,000,000,000,000  bytes of text, 298,024 splits" in capsys.readouterr().out
