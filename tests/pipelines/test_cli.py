"""What the commands share."""

import argparse
import os
import signal
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import complaints
from pipelines.__main__ import COMMANDS
from pipelines.cli import Command, Parser, pause, run, seconds, size, whole_number
from pipelines.complaints import complain, explained
from pipelines.ingest import parser as ingest_parser
from pipelines.runners.failures import keep_to_ourselves
from pipelines.runners.running import _beam_parser
from pipelines.watch import parser as watch_parser
from transforms.errors import RafidError, RunError, UnexpectedError, UsageError


def test_a_parser_raises_what_is_wrong() -> None:
    parser = Parser(prog="x")
    parser.add_argument("--number", type=int)
    assert parser.parse_args(["--number", "3"]).number == 3
    with pytest.raises(UsageError, match="argument --number: invalid int value: 'three'; see --help"):
        parser.parse_args(["--number", "three"])
    with pytest.raises(UsageError, match="unrecognized arguments: stray; see --help"):
        parser.parse_args(["stray"])


def test_a_complaint_has_its_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert complain(UsageError("output x: is a file")) == 2
    assert complain(RunError("a  b")) == 1
    assert capsys.readouterr() == ("", "rafid: output x: is a file\nrafid: a  b\n")


@given(message=st.text("ab \n\r\u2028\x0b\x1b"))
def test_a_complaint_is_one_line(message: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        printed: list[str] = []
        patch.setattr("transforms.console.tell", printed.append)
        complain(RunError(message))
        complain(UsageError(message))
    assert [len(line.splitlines()) for line in printed] == [1, 1]


def command(work: object, **options: object) -> Command:
    return Command(lambda: Parser(prog="x"), lambda _: work() if callable(work) else work, **options)  # type: ignore


def raising(error: BaseException) -> Command:
    def work() -> int:
        raise error

    return command(work)


@pytest.mark.parametrize("code", [0, 1, 2, 99])
def test_the_exit_code_is_the_commands_own(code: int) -> None:
    assert run(command(code), []) == code


def test_an_interrupted_command_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> int:
        os.kill(os.getpid(), signal.SIGINT)
        return 0

    assert run(command(work, interrupted="interrupted; again, please"), []) == 130
    assert capsys.readouterr() == ("", "rafid: interrupted; again, please\n")


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files, where nothing has been kept yet."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(complaints, "_traces", complaints._Traces())
    return tmp_path


def test_an_unexpected_error_is_a_line_and_a_file(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert run(raising(ZeroDivisionError("division\nby \x1bzero")), []) == 1
    (file,) = kept.iterdir()
    line = (
        f"rafid: unexpected error: ZeroDivisionError: division by ⟦U+001B⟧zero; the traceback is in {file}: "
        "send it to Rafid's maintainers\n"
    )
    assert capsys.readouterr() == ("", line * 2)
    assert file.name.startswith("rafid-error-")
    text = file.read_text(encoding="utf-8")
    assert "Traceback (most recent call last):" in text
    assert text.count("raise error") == 1
    assert text.splitlines()[1].startswith("rafid ")


def test_an_unexpected_error_of_a_stage_is_a_line_and_a_file(kept: Path) -> None:
    try:
        raise UnexpectedError("the run failed: x; nothing was committed") from KeyError("x")
    except UnexpectedError as error:
        line = str(explained(error))
    (file,) = kept.iterdir()
    assert line.startswith(f"the run failed: x; nothing was committed; the traceback is in {file}: ")
    assert "KeyError: 'x'" in file.read_text(encoding="utf-8")


def test_a_traceback_that_cannot_be_kept_is_said_to_be_lost(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(kept / "nowhere"))
    assert str(explained(ValueError("x"))) == (
        "unexpected error: ValueError: x; its traceback cannot be kept (No such file or directory)"
    )


def test_a_traceback_outlives_the_folder_of_a_runner(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A runner's own temporary files go with the process."""
    monkeypatch.setattr("logging.basicConfig", lambda **_: None)
    monkeypatch.setattr("threading.excepthook", None)
    monkeypatch.setattr("atexit.register", lambda *_, **__: None)
    keep_to_ourselves.__wrapped__()
    assert tempfile.gettempdir() != str(kept)
    explained(ValueError("y"))
    assert [path.name.startswith("rafid-error-") for path in kept.iterdir() if path.is_file()] == [True]


def memory_errors() -> list[Exception]:
    """How libraries say that there is no memory."""
    mapped = ImportError("libarrow.so: failed to map segment from shared object")
    nested = OSError("Could not find/load shared object file")
    nested.__context__ = OSError("libllvmlite.so: failed to map segment from shared object")
    stage = UnexpectedError("the run failed: malloc of size 64 failed; nothing was committed")
    stage.__cause__ = MemoryError("malloc of size 64 failed")
    return [MemoryError(), mapped, nested, stage, RuntimeError("can't start new thread")]


@pytest.mark.parametrize("error", memory_errors(), ids=lambda error: type(error).__name__)
def test_a_lack_of_memory_is_said_with_what_is_needed(error: Exception, kept: Path) -> None:
    line = str(explained(error))
    assert line.startswith("not enough memory")
    assert "a run takes 0.5 GB at least" in line
    assert list(kept.iterdir()) == []


def test_known_errors_are_left_alone(kept: Path) -> None:
    for error in (UsageError("a"), RunError("b"), RafidError("c")):
        assert explained(error) is error
    assert list(kept.iterdir()) == []


@pytest.mark.parametrize("text", ["1", "+3", "007"])
def test_whole_numbers(text: str) -> None:
    assert whole_number(1)(text) == int(text)


@pytest.mark.parametrize("text", ["", "0", "-3", "x", "1.5", "1e3", "٣", "1_000", "9" * 30])
def test_what_is_no_whole_number(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is not a whole number from 1 up"):
        whole_number(1)(text)


def test_sizes() -> None:
    assert (size("10TB"), size("3"), size("1KiB")) == (10**13, 3, 1024)
    for wrong in ("big", "", "-5", "nan", "infTB"):
        with pytest.raises(argparse.ArgumentTypeError, match="is not a size; write for example 500MB or 10TB"):
            size(wrong)


@pytest.mark.parametrize("text", ["0", "0s", "0.0ms"])
def test_a_pause_lasts(text: str) -> None:
    with pytest.raises(UsageError, match=r"--every .*: must be more than 0"):
        pause(text, "--every")


def test_times_have_an_end() -> None:
    assert pause("8784h", "--every") == 366 * 86400
    for endless in ("9999h", "9" * 400):
        with pytest.raises(UsageError, match="is more than a year"):
            seconds(endless, "--every")


def test_options_of_ingest_and_watch_are_the_same_where_they_are_shared() -> None:
    both = {
        name: [each.option_strings for each in parser()._actions]
        for name, parser in (("ingest", ingest_parser), ("watch", watch_parser))
    }
    shared = [names for names in both["ingest"] if names in both["watch"]]
    assert [names[0] for names in shared] == [
        *("-h", "--input", "--output", "--config", "--set", "--threads", "--quiet", "--lang", "--settle", "--every")
    ]


@pytest.mark.parametrize("parser", [ingest_parser, watch_parser])
def test_no_option_of_beams_is_taken_for_a_mistyped_one(parser: object) -> None:
    assert callable(parser)
    known = parser()
    names = set(_beam_parser()._option_string_actions) - set(known._option_string_actions) - {"--dry_run"}
    assert len(names) > 100
    known.check_unknown(sorted(names), only_near=True)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_and_exit_codes(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    from pipelines.__main__ import main  # noqa: PLC0415

    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.startswith(f"usage: python -m pipelines.{name} ")
    assert "Exit codes: 0 " in printed.out
