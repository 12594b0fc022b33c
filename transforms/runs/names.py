"""The names of runs, and of the files that carry them: what may be a name, and whose file one is."""

import re

from transforms.errors import UsageError

LEDGER_FOLDERS = ("documents", "duplicates", "filtered", "rejects")
MOST_LETTERS = 100  # of a name that somebody gives; a slice adds its number
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
_ID = re.compile(r"([^~]+)(?:~([1-9][0-9]{0,8}))?")
_SLICE = re.compile(r"-slice-([0-9]{4,})$")
_OF_GENERATION = re.compile(r"~([0-9]+)\.parquet(?:\.[0-9a-f]{8}\.tmp)?$")
# What readers that guess the types of partitions take for a number, a date or a truth value: 007 and 7 would be one.
_VALUE = re.compile(
    r"[0-9]+\.?[0-9]*([eE]-?[0-9]+)?[dDfFlL]?|0[xX][0-9A-Fa-f.]+([pP]-?[0-9]+)?|0[bB][01_]+"
    r"|([0-9]{8}|[0-9]+([-.])[0-9]{1,2}\4[0-9]{1,4})(T[0-9]{6}(\.[0-9]+)?Z?)?"
    r"|(?i:nan|inf|infinity|null|none|true|false|epoch)"
)


def check_name(name: str) -> str:
    """The name of a run, wherever it comes from: it is part of paths.

    Raises:
        UsageError: it cannot be one.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"run {name[:200]!r}: cannot be the name of a run; it has 1 to {MOST_LETTERS} letters a-z, digits, "
            "'.', '_' and '-', and begins with a letter or digit"
        )
    return name


def check_new_name(name: str) -> str:
    """The name that somebody gives a run.

    Raises:
        UsageError: it cannot be one, only a slice can have it, or readers would take it for a number or a date.
    """
    check_name(name)
    if len(name) > MOST_LETTERS:
        raise UsageError(f"run {name}: has {len(name)} characters; choose a name of at most {MOST_LETTERS}")
    if name == "index":
        raise UsageError("run index: reports/index.html is the page of the corpus; choose another name")
    if _SLICE.search(name):
        raise UsageError(
            f"run {name}: names like this are those of slices; choose one that does not end in -slice-NNNN"
        )
    if _VALUE.fullmatch(name):
        raise UsageError(
            f"run {name}: readers of the corpus would take this name for a number, a date or a truth value; "
            f"choose another, for example run-{name}"
        )
    return name


def job_of(name: str) -> str:
    """The name of the job that a run is of."""
    return _SLICE.sub("", name)


def slice_name(job: str, number: int) -> str:
    """The name of a slice of a job."""
    return f"{job}-slice-{number:04d}"


def slice_number(name: str) -> int | None:
    """The number that a slice has in its name; None for the name of another run."""
    found = _SLICE.search(name)
    return int(found[1]) if found else None


def run_id(name: str, generation: int) -> str:
    """The id of a run: its name, and its generation where it replaces an earlier run of that name."""
    return f"{name}~{generation}" if generation else name


def parse_id(text: str) -> tuple[str, int]:
    """The name and generation in an id.

    Raises:
        UsageError: it is none.
    """
    found = _ID.fullmatch(text)
    if found is None:
        check_name(text)
        raise UsageError(f"run {text[:200]!r}: is not the id of a run")
    return check_name(found[1]), int(found[2] or 0)


def shard_path(ledger: str, name: str, generation: int, split: str) -> str:
    """The path of a split's file of one of `LEDGER_FOLDERS`; all generations of a name lie in one folder."""
    return f"{ledger}/run={name}/{run_id(split, generation)}.parquet"


def generation_of(file: str) -> int:
    """The generation that a file in a ledger's folder of a run is of; it may be one that is still being written."""
    found = _OF_GENERATION.search(file)
    return int(found[1]) if found else 0


def is_shard(path: str, name: str, generation: int) -> bool:
    """True for the path of a file of this run in one of `LEDGER_FOLDERS`."""
    ledger, _, rest = path.partition("/")
    folder, _, file = rest.partition("/")
    named = ledger in LEDGER_FOLDERS and folder == f"run={name}" and re.fullmatch(r"[^/\0]+\.parquet", file)
    return bool(named) and file[0] != "." and generation_of(file) == generation
