"""Completes commands and options of `rafid` in a shell."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from pipelines.cli import PLACES, Command, Parser, run
from pipelines.startup import imports_at_rest
from transforms import console
from transforms.errors import command_line

_SHELLS = ("bash", "zsh", "fish")
_EPILOG = """\
The script is printed; a shell reads it when it starts, for example:
  bash  eval "$(rafid completion bash)"           in ~/.bashrc
  zsh   rafid completion zsh > DIR/_rafid         DIR in fpath
  fish  rafid completion fish > ~/.config/fish/completions/rafid.fish

Exit codes: 0 done; 2 wrong use.
"""


def parser() -> Parser:
    """The command line."""
    command = Parser(prog=command_line("completion"), description=__doc__, epilog=_EPILOG)
    command.add_argument("shell", choices=_SHELLS, help="the shell")
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the script; returns the exit code."""
    return run(Command(parser, _complete), argv)


def _complete(arguments: argparse.Namespace) -> int:
    import shtab  # noqa: PLC0415 - nothing else needs it

    console.write(f"{shtab.complete(_whole(), shell=arguments.shell)}\n".encode())
    return 0


def _whole() -> Parser:
    """The command line of `rafid` with those of its commands."""
    import shtab  # noqa: PLC0415

    from pipelines.__main__ import COMMANDS  # noqa: PLC0415 - it imports this command when it is asked for

    whole = Parser(prog="rafid")
    whole.add_argument("--version", action="store_true", help="print the version")
    commands = whole.add_subparsers()
    for name, purpose in COMMANDS.items():
        with imports_at_rest():
            module = import_module(f"pipelines.{name}")
        own = module.parser()
        for action in own._actions:
            if action.metavar in PLACES:
                action.complete = shtab.FILE
        commands.add_parser(name, parents=[own], add_help=False, help=purpose, description=purpose)
    return whole


if __name__ == "__main__":
    sys.exit(main())
