"""The options that `ingest` and `watch` share, and the settings that they make."""

import argparse

from pipelines.cli import Parser
from pipelines.config import IngestSettings, load_settings


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
    common.add_argument("--threads", type=int, metavar="N", help="splits worked on at a time (default: the cores)")
    common.add_argument("--quiet", action="store_true", help="print errors only")
    common.set_defaults(run=None)
    return common


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
