"""The one place that prints: nothing of a text is obeyed, every encoding takes everything, no stream stops work."""

import io
import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms import console
from transforms.errors import RunError

ANY = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)  # lone surrogates included
HOSTILE = "\x1b]0;title\x07\x1b[31mأحمر\u202e\x9b2J[bold]x[/x]:smile:"
SHOWN = "⟦U+001B⟧]0;title⟦U+0007⟧⟦U+001B⟧[31mأحمر⟦U+202E⟧⟦U+009B⟧2J[bold]x[/x]:smile:"


class Stream(io.TextIOWrapper):
    """A stream over memory that may be a terminal."""

    def __init__(self, encoding: str = "utf-8", *, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="\n")
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def shown(self) -> str:
        return bytes(self.buffer.getbuffer()).decode(self.encoding)  # type: ignore[attr-defined]


class Failing(Stream):
    """A stream that cannot be flushed."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def flush(self) -> None:
        raise self._error


@contextmanager
def streams(out: Stream | None = None, err: Stream | None = None) -> Iterator[tuple[Stream, Stream]]:
    """Standard output and error inside the block; pytest would put its own in the place of a fixture's."""
    with pytest.MonkeyPatch.context() as patch:
        found = out or Stream(), err or Stream()
        patch.setattr(sys, "stdout", found[0])
        patch.setattr(sys, "stderr", found[1])
        yield found


def printed(monkeypatch: pytest.MonkeyPatch, *items: object, encoding: str = "utf-8", terminal: bool = False) -> str:
    stream = Stream(encoding, terminal=terminal)
    monkeypatch.setattr(sys, "stdout", stream)
    console.say(*items)  # type: ignore[arg-type]
    return stream.shown()


@given(text=ANY)
def test_what_is_visible_has_nothing_that_is_obeyed(text: str) -> None:
    shown = console.visible(text)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", shown)
    assert re.sub("⟦U\\+([0-9A-F]{4})⟧", lambda match: chr(int(match[1], 16)), shown) == text or "⟦U+" in text


@given(line=ANY, encoding=st.sampled_from(["utf-8", "ascii", "cp1256", "latin-1"]))
def test_a_line_is_one_line_in_every_encoding(line: str, encoding: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        shown = printed(patch, line, encoding=encoding)
    assert shown.endswith("\n")
    assert len(shown.splitlines()) == 1


def test_a_line_shows_what_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert printed(monkeypatch, f"{HOSTILE}\nx") == f"{SHOWN}⟦U+000A⟧x\n"
    assert printed(monkeypatch, "نص", encoding="ascii") == "\\u0646\\u0635\n"


@pytest.mark.parametrize("terminal", [False, True])
def test_a_table_shows_what_it_holds(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    table = console.table(["name", "[/x]"], [[HOSTILE, "1"]], title=HOSTILE, left=["name"])
    shown = printed(monkeypatch, table, terminal=terminal)
    assert shown.count(SHOWN) == 2
    assert "[/x]" in shown
    styles = re.findall("\x1b[^m]*m", shown)
    assert all(re.fullmatch("\x1b\\[[0-9;]*m", style) and style != "\x1b[31m" for style in styles)
    assert bool(styles) == terminal


def test_a_table_of_plain_strings_is_harmless_too(monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.table import Table  # noqa: PLC0415

    table = Table("a")
    table.add_row(HOSTILE)
    shown = printed(monkeypatch, table)
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_a_table_is_as_wide_as_it_must_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    assert "a" * 150 in printed(monkeypatch, console.table(["name"], [["a" * 150]]))


def test_a_table_in_ascii_has_a_box_in_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    assert printed(monkeypatch, console.table(["n"], [["1"]]), encoding="ascii").isascii()


@given(facts=st.dictionaries(ANY, ANY | st.integers() | st.lists(ANY)))
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1256"])
def test_an_event_is_one_line_of_json_that_says_the_same(encoding: str, facts: dict[str, object]) -> None:
    with streams(Stream(encoding)) as (out, _):
        console.say(console.event_line(facts))
    assert len(out.shown().splitlines()) == 1
    assert console.visible(out.shown()) == out.shown()
    assert json.loads(out.shown()) == facts


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(28, "No space left on device"), "standard output cannot be written: No space left on device"),
        (OSError(9, "Bad file descriptor"), "standard output is closed"),
        (ValueError("I/O operation on closed file."), "standard output is closed"),
        (BrokenPipeError(32, "Broken pipe"), ""),
    ],
)
def test_what_cannot_be_said_is_dropped(error: Exception, told: str) -> None:
    with streams(Failing(error)) as (_, err):
        console.say("line")
        assert err.shown() == (f"rafid: {told}; the work goes on\n" if told else "")
        with pytest.raises(RunError if told else console.ReaderLeft) as caught:
            console.answer("line")
    assert str(caught.value) == told


@pytest.mark.parametrize("error", [OSError(28, ""), BrokenPipeError(), ValueError(), RuntimeError("reentrant call")])
def test_what_cannot_be_told_is_dropped(error: Exception) -> None:
    with streams(err=Failing(error)) as (out, _):
        console.tell("line")
    assert out.shown() == ""


def test_logs_are_lines_without_tracebacks() -> None:
    handler = console.LogHandler()
    ours = logging.LogRecord("rafid.windows", logging.WARNING, "", 0, "a\x1b\nb %s", ("c",), None)
    try:
        raise KeyError("نص")
    except KeyError:
        theirs = logging.LogRecord("beam", logging.ERROR, "", 0, "failed", (), sys.exc_info())
    with streams() as (_, err):
        for record in (ours, theirs):
            handler.emit(record)
    assert err.shown() == "rafid: a⟦U+001B⟧ b c\nrafid: beam: failed (KeyError: 'نص')\n"
