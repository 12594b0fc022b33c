"""The one place that prints: what a text holds is shown, never obeyed, and a stream that fails stops no work."""

import contextlib
import errno
import io
import json
import logging
import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from transforms.errors import RunError

if TYPE_CHECKING:  # imported where something is drawn: most commands print lines
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

# C0 and C1 but tab and line feed, line separators, and what overrides, embeds or isolates direction.
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffe\uffff]")
_WIDE = 240  # columns; a table is as wide as it must be, whatever the terminal: names are there to be copied


class ReaderLeft(Exception):  # noqa: N818 - says what happened
    """Whoever read standard output has seen enough: nothing is left to be done."""


def visible(text: str) -> str:
    """The text with control characters, and those that change the direction of what follows, as `⟦U+202E⟧`."""
    return _INVISIBLE.sub(lambda match: f"⟦U+{ord(match[0]):04X}⟧", text)


def say(*items: "str | RenderableType") -> None:
    """Prints lines, and things that rich draws, to standard output; drops what cannot be printed."""
    try:
        _print(sys.stdout, items)
    except (OSError, ValueError) as error:
        _silence(sys.stdout)
        if not _has_left(error):
            tell(f"rafid: {_why(error)}; the work goes on")


def tell(line: str) -> None:
    """Prints a line to standard error; drops it where that cannot be."""
    try:
        _print(sys.stderr, [line])
    except (OSError, ValueError):
        _silence(sys.stderr)
    except RuntimeError:  # a signal has come while a line was being printed, and is to be told of in between
        pass


def answer(*items: "str | RenderableType") -> None:
    """Prints what a command was asked for, as `say` does.

    Raises:
        ReaderLeft: nobody reads it any more.
        RunError: it cannot be printed.
    """
    try:
        _print(sys.stdout, items)
    except (OSError, ValueError) as error:
        _refuse(error)


def write(data: bytes) -> None:
    """Writes data that was asked for to standard output, byte for byte.

    Raises:
        ReaderLeft: nobody reads it any more.
        RunError: it cannot be written.
    """
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except (OSError, ValueError) as error:
        _refuse(error)


def event_line(facts: dict[str, Any]) -> str:
    """A JSON object in one line, in which nothing is invisible: such characters are escaped as JSON does it."""
    unicode = _is_unicode(sys.stdout) and _is_unicode(sys.stderr)
    return _INVISIBLE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(facts, ensure_ascii=not unicode))


def text(content: str, style: str = "") -> "Text":
    """A text for tables, with what it holds made visible."""
    from rich.text import Text  # noqa: PLC0415

    return Text(visible(content), style)


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    title: str = "",
    left: Collection[str] = (),
    plain: bool = False,
) -> "Table":
    """A table.

    Args:
        heads: of its columns.
        rows: of cells.
        title: above it.
        left: the columns that are aligned to the left; the others hold numbers.
        plain: draw no frame and no lines between columns, which take room.
    """
    from rich.box import HEAVY_HEAD  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    box = None if plain else HEAVY_HEAD
    drawn = Table(title=text(title) if title else None, title_justify="left", box=box, pad_edge=not plain)
    for head in heads:
        drawn.add_column(text(head), justify="left" if head in left else "right", no_wrap=True)
    for row in rows:
        drawn.add_row(*map(text, row))
    return drawn


@contextlib.contextmanager
def status(line: str) -> Iterator[None]:
    """Shows a line in a terminal while something lasts."""
    with drawing().status(text(line)):
        yield


def drawing() -> "Console":
    """A console of rich that draws on standard error again and again, and is silent once that has failed."""
    return _drawer(_Tolerant(sys.stderr))


def is_watched() -> bool:
    """True if standard error is a terminal: somebody looks at it while it is written to."""
    return sys.stderr.isatty()


class LogHandler(logging.Handler):
    """Shows records of Python's logging as a line each on standard error; one of a library has its logger's name.

    A traceback is cut to the error itself.

    Args:
        timed: begin the lines with the time.
    """

    def __init__(self, *, timed: bool = False) -> None:
        super().__init__()
        self._timed = timed

    def emit(self, record: logging.LogRecord) -> None:
        """Prints the record."""
        ours = record.name.split(".")[0] == "rafid"
        line = record.getMessage() if ours else f"{record.name}: {record.getMessage()}"
        if record.exc_info and record.exc_info[1] is not None:
            line = f"{line} ({type(record.exc_info[1]).__name__}: {record.exc_info[1]})"
        start = f"{datetime.fromtimestamp(record.created):%Y-%m-%d %H:%M:%S}" if self._timed else "rafid:"
        tell(f"{start} {' '.join(line.split())}")


def begin() -> None:
    """Makes the standard streams fit to be printed to, whatever this process was started with.

    Where one was closed, the next file to be opened would take its place, and be printed to. What stands there instead
    refuses to be written to.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_WRONLY if mode == "r" else os.O_RDONLY)  # the lowest free number is this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
    logging.basicConfig(handlers=[LogHandler()], level=logging.WARNING)


def end() -> None:
    """Leaves nothing for Python to print when the process ends, when it would change the exit code if that failed."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            _silence(stream)


def _print(stream: TextIO, items: "Iterable[str | RenderableType]") -> None:
    """Prints to a stream.

    Raises:
        OSError: it cannot be written to.
        ValueError: it is closed.
    """
    for item in items:
        shown = f"{_line(item)}\n" if isinstance(item, str) else _drawn(stream, item)
        encoding = stream.encoding or "utf-8"
        stream.write(shown.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def _line(content: str) -> str:
    return visible(content).replace("\n", "⟦U+000A⟧")


def _drawn(stream: TextIO, item: "RenderableType") -> str:
    """A drawing as text, with escape codes of styles where the stream is a terminal, and with none of its texts'."""
    from rich.segment import Segment, Segments  # noqa: PLC0415

    sheet = _Sheet(stream)
    console = _drawer(sheet)
    console.width = max(console.width, console.measure(item, options=console.options.update(max_width=_WIDE)).minimum)
    lines = console.render_lines(item, pad=False, new_lines=True)
    harmless = [Segment(visible(part.text), part.style, part.control) for line in lines for part in line]
    console.print(Segments(harmless), end="")
    return sheet.getvalue()


def _drawer(file: Any) -> "Console":
    """A console of rich over a file, which takes nothing in a text for markup."""
    from rich.console import Console  # noqa: PLC0415

    return Console(file=file, markup=False, highlight=False, emoji=False, force_jupyter=False)


class _Sheet(io.StringIO):
    """A buffer that is drawn on as if it were a stream."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The stream's: some boxes cannot be drawn in ASCII."""
        return self._stream.encoding or "utf-8"

    def isatty(self) -> bool:
        """True if the stream is a terminal: others have no styles."""
        return self._stream.isatty()


class _Tolerant:
    """A stream that is silent once it has failed, for what draws again and again."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, content: str) -> int:
        """Writes what the stream takes; returns the length of the text."""
        with self._tolerance():
            self._stream.write(content)
        return len(content)

    def flush(self) -> None:
        """Flushes the stream if it can be."""
        with self._tolerance():
            self._stream.flush()

    @contextlib.contextmanager
    def _tolerance(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError):
            _silence(self._stream)


def _silence(stream: TextIO) -> None:
    """Lets what is printed to a stream from now on, and what it still holds, go nowhere."""
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
        stream.flush()


def _refuse(error: OSError | ValueError) -> NoReturn:
    _silence(sys.stdout)
    if _has_left(error):
        raise ReaderLeft from error
    raise RunError(_why(error)) from error


def _has_left(error: Exception) -> bool:
    return isinstance(error, BrokenPipeError)


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, ValueError) or error.errno == errno.EBADF:
        return "standard output is closed"
    return f"standard output cannot be written: {error.strerror or error}"


def _is_unicode(stream: TextIO) -> bool:
    return (stream.encoding or "utf-8").lower().startswith("utf")
