"""The look at Beam's job-server jar before it is submitted: every jar that cannot work is named in one line."""

from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.utils.subprocess_server import JavaJarServer

from pipelines.runners.flink_job import check_jar, job_server_jar
from tests.flink.jars import write_jar
from transforms.errors import UsageError

_ENTRY = "org/apache/beam/runners/flink/FlinkPipelineRunner.class"
_NAME = f"beam-runners-flink-1.20-job-server-{beam.__version__}.jar"


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    """A folder of class files as the job server has them."""
    (tmp_path / "classes" / _ENTRY).parent.mkdir(parents=True)
    (tmp_path / "classes" / _ENTRY).write_bytes(b"\xca\xfe\xba\xbe")
    return tmp_path / "classes"


def test_the_right_jar_is_taken(tmp_path: Path, classes: Path) -> None:
    """Proves that Beam's own name and release pass, whatever the patch of Flink; not that a real jar has this form."""
    jar = write_jar(tmp_path / _NAME, classes)
    check_jar(str(jar), "1.20.5")
    assert job_server_jar(PipelineOptions([f"--flink_job_server_jar={jar}"]), "1.20.0") == str(jar)


def test_a_missing_jar_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.jar: is not there; see docs/flink\.md"):
        check_jar(str(tmp_path / "none.jar"), "1.20.5")


@pytest.mark.parametrize("content", [b"", b"no jar", b"PK\x03\x04 torn"])
def test_a_file_that_is_no_jar_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "some.jar").write_bytes(content)
    with pytest.raises(UsageError, match=r"some\.jar: is not Beam's Flink job server"):
        check_jar(str(tmp_path / "some.jar"), "1.20.5")


def test_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not Beam's Flink job server"):
        check_jar(str(tmp_path), "1.20.5")


def test_another_jar_of_beam_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not Beam's Flink job server"):
        check_jar(str(write_jar(tmp_path / "core.jar", None)), "1.20.5")


def test_a_jar_of_another_beam_is_named(tmp_path: Path, classes: Path) -> None:
    jar = write_jar(tmp_path / "old.jar", classes, version="2.60.0")
    with pytest.raises(
        UsageError, match=rf"is of Beam 2\.60\.0, this is Beam {beam.__version__}; take the jar of this"
    ):
        check_jar(str(jar), "1.20.5")


def test_a_jar_for_another_flink_is_named(tmp_path: Path, classes: Path) -> None:
    jar = write_jar(tmp_path / _NAME, classes)
    with pytest.raises(UsageError, match=r"is for Flink 1\.20, the cluster is 2\.2\.1; take its jar"):
        check_jar(str(jar), "2.2.1")


def test_the_jar_that_beam_has_fetched_before_is_taken_and_looked_at(
    tmp_path: Path, classes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves that no setting means Beam's own jar for the cluster's Flink, from Beam's folder; nothing is fetched."""
    monkeypatch.setattr(JavaJarServer, "JAR_CACHE", str(tmp_path))
    jar = write_jar(tmp_path / _NAME, classes)
    assert job_server_jar(PipelineOptions([]), "1.20.5") == str(jar)
    write_jar(tmp_path / _NAME, classes, version="2.60.0")
    with pytest.raises(UsageError, match=r"is of Beam 2\.60\.0"):
        job_server_jar(PipelineOptions([]), "1.20.5")


def test_a_jar_that_cannot_be_fetched_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves the error without a network; the place that Beam would ask is one where nobody listens."""
    monkeypatch.setattr(JavaJarServer, "JAR_CACHE", str(tmp_path / "jars"))
    monkeypatch.setattr(JavaJarServer, "MAVEN_CENTRAL_REPOSITORY", "http://127.0.0.1:1")
    monkeypatch.setattr(JavaJarServer, "GOOGLE_MAVEN_MIRROR", "http://127.0.0.1:1")
    with pytest.raises(
        UsageError, match=r"flink\.job_server_jar: not set, and Beam could not fetch the jar for Flink 2"
    ):
        job_server_jar(PipelineOptions([]), "2.2.1")
