"""The common part of all commands: parsing, a line for every error, exit codes, signals, types of their options."""

import argparse
import difflib
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from pipelines.complaints import complain
from pipelines.config import IngestSettings, load_settings
from pipelines.views.translation import LANGUAGES, speaking
from transforms import console
from transforms.errors import UsageError
from transforms.settings import at_home, parse_size

INTERRUPTED = 130  # the exit code after SIGINT, as shells have it
PLACES = ("FILE", "PATH", "PATTERN", "OUTPUT", "FOLDER")  # metavars of what names a file or a folder
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|)")
_YEAR = 366 * 86400.0
_UNITS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0}


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are `UsageError`s; argparse itself prints its usage and exits."""

    def __init__(self, **options: Any) -> None:
        options = {"formatter_class": argparse.RawDescriptionHelpFormatter, "allow_abbrev": False, **options}
        super().__init__(**options)

    def error(self, message: str) -> NoReturn:
        """Raises UsageError."""
        raise UsageError(f"{message} See --help" if message.endswith("?") else f"{message}; see --help")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """As argparse does it; but an option that is mistyped is named before anything else that is wrong."""
        given = list(sys.argv[1:] if args is None else args)
        try:
            return super().parse_known_args(given, namespace)
        except UsageError:
            options = [each for each in given if each.startswith("--") and each != "--"]
            known = self._options()
            self.check_unknown([each for each in options if each.partition("=")[0] not in known], only_near=True)
            raise

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        """The value of an argument; what names a file or a folder may begin with `~` or `$HOME`."""
        return super()._get_value(action, at_home(arg_string) if action.metavar in PLACES else arg_string)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Raises ArgumentError for a choice that there is not, and names the one that is most like it."""
        choices = list(map(str, action.choices or ()))
        if action.choices is not None and value not in action.choices:
            near = difflib.get_close_matches(str(value), choices, 1)
            said = f"invalid choice: {value!r} (choose from {', '.join(map(repr, choices))})"
            raise argparse.ArgumentError(action, f"{said}; did you mean {near[0]}?" if near else said)

    def print_help(self, file: Any = None) -> None:
        """Prints the help where all is printed."""
        del file
        console.answer(*self.format_help().splitlines())

    def check_unknown(self, unknown: Sequence[str], *, only_near: bool = False) -> None:
        """Raises UsageError for the first argument that no option takes, and names the option that is most like it.

        Args:
            unknown: the arguments.
            only_near: let those pass that are like no option.
        """
        for each in unknown:
            name, options = each.partition("=")[0], self._options()
            if name in options:
                raise UsageError(f"{each}: not an option of this action; see its --help")
            near = difflib.get_close_matches(name, options, 1, cutoff=0.8)
            if near:
                raise UsageError(f"{each}: unknown option; did you mean {near[0]}? See --help")
            if not only_near:
                kind = "option" if each.startswith("-") else "argument"
                raise UsageError(f"{each}: unknown {kind}; see --help")

    def _options(self) -> list[str]:
        """The names of all options, those of sub-commands included."""
        inner = [each.choices for each in self._actions if isinstance(each, argparse._SubParsersAction)]
        parsers = [parser for choices in inner for parser in (choices or {}).values()]
        return [*self._option_string_actions, *(name for parser in parsers for name in parser._options())]


@dataclass(frozen=True)
class Command:
    """A command that a person runs.

    Attributes:
        parser: makes its command line.
        work: does what its arguments ask for, and returns the exit code.
        interrupted: what an interrupted one says.
        beam: whether options that it does not know are Apache Beam's; they are in `arguments.beam`.
    """

    parser: Callable[[], Parser]
    work: Callable[[argparse.Namespace], int]
    interrupted: str = "interrupted"
    beam: bool = False


def run(command: Command, argv: Sequence[str] | None = None) -> int:
    """Runs a command from its arguments to its end; whatever goes wrong is one line on standard error.

    Args:
        command: what is run.
        argv: its arguments; None for those of the process.

    Returns:
        The exit code: the command's own; 1 for an error after work has begun, 2 for wrong use, 130 after SIGINT.
    """
    console.begin()
    try:
        arguments = _parse(command, argv)
        with speaking(getattr(arguments, "lang", None)):
            return command.work(arguments)
    except console.ReaderLeft:
        return 0
    except KeyboardInterrupt:
        console.tell(f"rafid: {command.interrupted}")
        return INTERRUPTED
    except Exception as error:
        return complain(error)
    finally:
        console.end()


def _parse(command: Command, argv: Sequence[str] | None) -> Any:
    parser = command.parser()
    arguments, unknown = parser.parse_known_args(argv)
    parser.check_unknown(unknown, only_near=command.beam)
    arguments.beam = unknown
    return arguments


def whole_number(at_least: int) -> Callable[[str], int]:
    """The type of an option that takes a whole number of at least so much."""

    def convert(text: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", text) or int(text) < at_least:
            raise argparse.ArgumentTypeError(f"{text}: is not a whole number from {at_least} up")
        return int(text)

    return convert


def port_number(text: str) -> int:
    """The type of an option that takes a port."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text}: is not a port, a number from 0 to 65535")
    return int(text)


def size(text: str) -> int:
    """The type of an option that takes a number of bytes."""
    try:
        return int(parse_size(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text}: is not a size; write for example 500MB or 10TB") from error


def seconds(text: str, option: str) -> float:
    """The seconds of a time like 30s, 500ms, 5m or 1h; a number alone is seconds.

    Raises:
        UsageError: it is none, or more than a year.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise UsageError(f"{option} {text}: is not a time; write for example 500ms, 30s, 5m or 1h")
    given = float(found[1]) * _UNITS[found[2]]
    if given > _YEAR:
        raise UsageError(f"{option} {text}: is more than a year")
    return given


def pause(text: str, option: str) -> float:
    """The seconds of a time between two looks at something.

    Raises:
        UsageError: it is no time, or none passes.
    """
    if not seconds(text, option):
        raise UsageError(f"{option} {text}: must be more than 0; write for example 500ms or 30s")
    return seconds(text, option)


def settle_seconds(given: str | None, paths: Sequence[str]) -> float:
    """The seconds for which a bundle must have been still: as given with --settle, or as suits where the bundles are.

    Raises:
        UsageError: it is no time.
    """
    from transforms.filesystems import is_local  # noqa: PLC0415 - it brings Arrow along

    if given is not None:
        return seconds(given, "--settle")
    return 10.0 if all(is_local(path) for path in paths) else 60.0


def say_once(say: Callable[[str], None]) -> Callable[[str], None]:
    """A function that says a line unless it has said it before."""
    said: set[str] = set()

    def once(line: str) -> None:
        if line not in said:
            said.add(line)
            say(line)

    return once


def job_options() -> Parser:
    """A parser of the options of both, to be a parent of theirs."""
    common = Parser(add_help=False)
    common.add_argument(
        "--input", action="extend", nargs="+", metavar="PATTERN", help="files, a folder or a pattern; may be repeated"
    )
    common.add_argument("--output", metavar="FOLDER", help="the folder that the corpus is written to")
    common.add_argument("--config", metavar="FILE", help="settings in YAML; see configs/")
    common.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="assignments",
        help="one setting, for example dedup.threshold=0.8; may be repeated",
    )
    common.add_argument(
        "--threads", type=whole_number(0), metavar="N", help="splits worked on at a time (default: the cores)"
    )
    common.add_argument("--quiet", action="store_true", help="print errors only")
    add_language(common)
    common.set_defaults(run=None)
    return common


def add_language(parser: argparse.ArgumentParser) -> None:
    """Adds the option of commands that speak the reader's language."""
    parser.add_argument("--lang", choices=LANGUAGES, help="of reports and summaries (default: the locale's)")


def add_arrival_options(group: argparse._ActionsContainer, *, every: str) -> None:
    """Adds the options that say how bundles arrive; `every` is the default of the time between two looks."""
    group.add_argument(
        "--settle", metavar="TIME", help="how long a bundle must have been still (default: 10s; in a store 60s)"
    )
    group.add_argument("--every", metavar="TIME", help=f"between two looks at the input (default: {every})")


def settings_of(arguments: argparse.Namespace) -> IngestSettings:
    """The complete settings that a command line asks for.

    Raises:
        ConfigError: a setting is unknown or impossible.
    """
    given = {
        "input.paths": arguments.input,
        "output": arguments.output,
        "run.id": arguments.run,
        "run.threads": arguments.threads,
    }
    overrides = {key: value for key, value in given.items() if value is not None}
    return load_settings(arguments.config, arguments.assignments, overrides)
