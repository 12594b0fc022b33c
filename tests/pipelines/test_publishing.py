"""Reports and the card: what a killed process has left to be written is written by the next."""

from pathlib import Path

from pipelines.job import listed_input, run_job
from pipelines.views.publishing import publish
from tests.plain_job import PlainRunner, settings_for, write_bundles
from transforms.runs.run import Run
from transforms.storage import Folder


def test_a_report_that_is_due_is_made_up(tmp_path: Path) -> None:
    write_bundles(tmp_path / "in", {"a.txt": "قال الراوي إن النهر كان يفيض\n"})
    job, output = settings_for(tmp_path / "out", tmp_path / "in", run__id="x"), Folder(str(tmp_path / "out"))
    for generation in range(2):
        list(run_job(listed_input(job).bundles, job, PlainRunner(job), in_process=True, reports=True))  # killed here
        assert not output.exists("reports/x.html")  # nor is one of the run before taken for its own
        assert output.exists(Run(output, "x", generation).report_note())
        assert list(publish(output)) == [output.at("reports/x.html")]
        assert sorted(output.names("reports")) == ["index.html", "x.html"]
        assert output.exists("README.md")
    assert list(publish(output)) == []


def test_a_run_that_nobody_wants_a_report_of_gets_none(tmp_path: Path) -> None:
    write_bundles(tmp_path / "in", {"a.txt": "نص أول\n"})
    job, output = settings_for(tmp_path / "out", tmp_path / "in", run__id="x"), Folder(str(tmp_path / "out"))
    list(run_job(listed_input(job).bundles, job, PlainRunner(job), in_process=True))
    output.write(Run(output, "gone").report_note(), b"")
    assert list(publish(output)) == []
    assert output.names("reports") == ["index.html"]
