"""The settings of the cluster, and what Beam is told of them."""

import pytest

from pipelines.config import FlinkSettings, load_settings
from pipelines.remedies import ConfigError
from pipelines.runners.running import beam_options
from tests.conftest import PROJECT


def test_no_master_means_no_cluster() -> None:
    assert FlinkSettings(workers="host:1").beam_arguments() == []


def test_beam_is_told_the_cluster_the_workers_and_the_parallelism() -> None:
    arguments = FlinkSettings(master="host:8081", parallelism=8, job_server_jar="a b.jar").beam_arguments()
    told = beam_options(arguments).get_all_options(drop_default=True)
    assert {name: told[name] for name in ("runner", "flink_master", "flink_job_server_jar", "parallelism")} == {
        "runner": "FlinkRunner",
        "flink_master": "host:8081",
        "flink_job_server_jar": "a b.jar",
        "parallelism": 8,
    }
    assert (told["environment_type"], told["environment_config"]) == ("EXTERNAL", "localhost:50000")


def test_the_command_line_goes_before_the_settings() -> None:
    arguments = [*FlinkSettings(master="host:8081").beam_arguments(), "--runner=DirectRunner"]
    assert beam_options(arguments).get_all_options()["runner"] == "FnApiRunner"


def test_the_shipped_settings_name_the_cluster_of_make_flink() -> None:
    flink = load_settings(str(PROJECT / "configs" / "flink.yaml"), [], {}).flink
    makefile = (PROJECT / "tests" / "flink" / "flink.mk").read_text(encoding="utf-8")
    assert f"FLINK_PORT ?= {str(flink.master).partition(':')[2]}" in makefile
    assert f"WORKERS_PORT ?= {flink.workers.partition(':')[2]}" in makefile


@pytest.mark.parametrize("wrong", ["parallelism=0", "timeout=-1", "poll=0", "outage=-1", "masters=x"])
def test_impossible_settings_are_refused(wrong: str) -> None:
    with pytest.raises(ConfigError, match=f"flink.{wrong.partition('=')[0]}"):
        load_settings(None, [f"flink.{wrong}"], {})


def test_options_of_beam_s_java_stand_below_beam() -> None:
    """Proves the two ways to give them, and that what they are called is checked; their job is in test_streams.py."""
    given = ["flink.beam.object_reuse=true", "flink.beam.shutdown_sources_after_idle_ms=9000"]
    beam = load_settings(None, given, {}).flink.beam
    assert beam == {"object_reuse": True, "shutdown_sources_after_idle_ms": 9000}
    with pytest.raises(ConfigError, match=r"--set flink\.beam\.objectReuse=true: flink\.beam\.objectReuse"):
        load_settings(None, ["flink.beam.objectReuse=true"], {})
