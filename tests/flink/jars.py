"""Jars for tests of the launcher: stand-ins for the job server of Beam, and a translation of graphs for Flink."""

import argparse
import hashlib
import re
import subprocess
import sys
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import apache_beam as beam

from pipelines.cli import Command, Parser, run
from transforms.errors import RunError

_HERE = Path(__file__).parent
_SOURCE = _HERE / "standin" / "FlinkPipelineRunner.java"
_TRANSLATION = _HERE / "translation"
_RELEASE = "org/apache/beam/sdk/sdk.properties"
_SERVICES = "META-INF/services/"
_OUR_SERVICES = {
    f"{_SERVICES}org.apache.beam.sdk.util.construction.NativeTransforms$IsNativeTransform": (
        b"org.apache.beam.runners.flink.Reshuffles"
    )
}
# What must not come twice: signatures, modules, and what Flink brings or what the jar has of its own.
_LEFT_OUT = re.compile(rf"META-INF/(?!services/)|.*module-info\.class$|.*/$|{_RELEASE}$")


def compile_standin(javac: str, flink: Path, folder: Path) -> Path:
    """The folder of class files."""
    return _compile(javac, [_SOURCE], (flink / "lib").glob("*.jar"), folder / "classes")


def _compile(javac: str, sources: Iterable[Path], libraries: Iterable[Path], classes: Path) -> Path:
    path = ":".join(map(str, libraries))
    subprocess.run([javac, "-nowarn", "-Xlint:-options", "-cp", path, "-d", classes, *sources], check=True)
    return classes


def write_jar(path: Path, classes: Path | None, version: str = beam.__version__, **told: str) -> Path:
    """A jar with the class files, the release that Beam's jars name, and what the stand-in is told to do."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as jar:
        for file in classes.rglob("*.class") if classes else ():
            jar.write(file, str(file.relative_to(classes)))
        jar.writestr(_RELEASE, _release(version))
        lines = (f"{key}={value.encode('unicode_escape').decode()}\n" for key, value in told.items())
        jar.writestr("standin.properties", "".join(lines))
    return path


def _release(version: str) -> str:
    return f"# release\nversion={version}\nsdk_version={version}\n"


def build_translation(javac: str, flink: Path, libraries: Path, jar: Path) -> None:
    """Writes the jar whose job runs the graph inside Flink's tasks, with all that it needs; see translation/.

    Args:
        javac: the compiler.
        flink: the Flink that it is compiled for.
        libraries: the folder of Beam's jars and of those that they need.
        jar: the file.
    """
    parts = _checked(libraries)
    with tempfile.TemporaryDirectory(dir=jar.parent) as folder:
        sources = sorted(_TRANSLATION.glob("*.java"))
        classes = _compile(javac, sources, [*parts, *(flink / "lib").glob("*.jar")], Path(folder) / "classes")
        new = Path(folder) / jar.name
        with zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as whole:
            for file in sorted(classes.rglob("*.class")):
                whole.write(file, str(file.relative_to(classes)))
            whole.writestr(_RELEASE, _release(beam.__version__))
            _add_parts(whole, parts)
        new.rename(jar)


def _checked(libraries: Path) -> list[Path]:
    """The jars in the folder that translation/jars.sha256 lists, each with its digest."""
    listed = [line.split() for line in (_TRANSLATION / "jars.sha256").read_text().splitlines()]
    for digest, name in listed:
        found = hashlib.sha256((libraries / name).read_bytes()).hexdigest()
        if found != digest:
            raise RunError(f"{libraries / name}: has the digest {found}, not {digest}; see {_TRANSLATION}/jars.sha256")
    return [libraries / name for _, name in listed]


def _add_parts(whole: zipfile.ZipFile, parts: Sequence[Path]) -> None:
    """Adds the contents of jars; of a name that several have the first counts, but services are put together."""
    services = defaultdict(set, {name: {provider} for name, provider in _OUR_SERVICES.items()})
    seen: set[str] = set()
    for part in parts:
        with zipfile.ZipFile(part) as jar:
            for name in jar.namelist():
                if name.startswith(_SERVICES) and not name.endswith("/"):
                    services[name] |= set(jar.read(name).splitlines())
                elif name not in seen and not _LEFT_OUT.match(name):
                    seen.add(name)
                    whole.writestr(name, jar.read(name))
    for name, lines in services.items():
        whole.writestr(name, b"\n".join(sorted(lines)))


def parser() -> Parser:
    """The command line."""
    command = Parser(prog="python -m tests.flink.jars", description="Builds the jar of translation/.")
    command.add_argument("--flink", type=Path, required=True, help="the Flink installation")
    command.add_argument("--libraries", type=Path, required=True, help="the folder of the jars that it needs")
    command.add_argument("--jar", type=Path, required=True, help="the file to be written")
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Builds the jar of translation/; returns the exit code."""
    return run(Command(parser, _build), argv)


def _build(asked: argparse.Namespace) -> int:
    build_translation("javac", asked.flink, asked.libraries, asked.jar)
    return 0


if __name__ == "__main__":
    sys.exit(main())
