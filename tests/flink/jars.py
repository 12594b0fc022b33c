"""Jars for tests of the launcher: a stand-in for Beam's job server, compiled from our own source."""

import subprocess
import zipfile
from pathlib import Path

import apache_beam as beam

_HERE = Path(__file__).parent
_SOURCE = _HERE / "standin" / "FlinkPipelineRunner.java"


def compile_standin(javac: str, flink: Path, folder: Path) -> Path:
    """The folder of class files."""
    classes = folder / "classes"
    libraries = ":".join(str(jar) for jar in (flink / "lib").glob("*.jar"))
    subprocess.run([javac, "-nowarn", "-cp", libraries, "-d", classes, _SOURCE], check=True)
    return classes


def write_jar(path: Path, classes: Path | None, version: str = beam.__version__, **told: str) -> Path:
    """A jar with the class files, the release that Beam's jars name, and what the stand-in is told to do."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as jar:
        for file in classes.rglob("*.class") if classes else ():
            jar.write(file, str(file.relative_to(classes)))
        jar.writestr("org/apache/beam/sdk/sdk.properties", f"# release\nversion={version}\nsdk_version={version}\n")
        lines = (f"{key}={value.encode('unicode_escape').decode()}\n" for key, value in told.items())
        jar.writestr("standin.properties", "".join(lines))
    return path
