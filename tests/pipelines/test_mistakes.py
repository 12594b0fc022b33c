"""What people do wrong: each a command, its exit code, and the exact line that it ends with; see mistakes.txt too."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from pipelines.__main__ import main
from pipelines.config import IngestSettings
from tests.conftest import UNSEGMENTED

TEXT = "وصلت السفينة إلى الميناء قبل شروق الشمس\n"
# ESC and a direction override in a name: what a terminal would obey.
HOSTILE = "a\x1b[31m\u202eb.txt"
SHOWN = "a⟦U+001B⟧[31m⟦U+202E⟧b.txt"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with bundles in `in` and a corpus `out` of one run `x`, in which all duplicates are exact."""
    folder = tmp_path_factory.mktemp("mistakes")
    (folder / "in").mkdir()
    (folder / "in" / HOSTILE).write_text(f"<<<FILE>>> الميناء\n{TEXT}<<<FILE>>> ثانية\n{TEXT}", encoding="utf-8")
    (folder / "file").write_text("mine")
    (folder / "null.txt").write_bytes(b"PAR1\0\0")
    (folder / "twice.yaml").write_text("dedup:\n  threshold: 0.8\nrun: {threads: 2}\ndedup:\n  scope: off\n")
    (folder / "broken.yaml").write_text("dedup:\n\tthreshold: 0.8\n")
    for name, file, text in (("other", "rafid.json", '{"format": 2}'), ("notmine", "thesis.txt", "mine")):
        (folder / name).mkdir()
        (folder / name / file).write_text(text)
    assert main(["ingest", "--input", f"{folder}/in", "--output", f"{folder}/out", "--run", "x", *ASK]) == 0
    return folder


ASK = ("--quiet", "--set", "run.report=false", *UNSEGMENTED)


@pytest.fixture(autouse=True)
def _in_the_folder(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    yield
    os.chdir(before)


NO_FILE = (
    "matches no file; check the spelling, quote wildcards (names like .x, _x, x.tmp, x.part and x~ are passed over)"
)
NO_PLACE = "is not BUNDLE@OFFSET or BUNDLE@ROW:OFFSET, for example news/a.txt@1042, or of a table web.parquet@17:0"
INGEST = f"ingest --input in --output new {' '.join(ASK)}"
MISTAKES = [
    # rafid
    ("ingst", 2, "ingst: unknown command; did you mean ingest?"),
    ("--verison", 2, "--verison: unknown option; did you mean --version? See --help"),
    ("--bogus", 2, "--bogus: unknown option; see --help"),
    # explain
    (
        "explain out",
        2,
        "one of the arguments --paragraph --document --bundle --sample --text --what-if is required; see --help",
    ),
    ("explain out --sample -3", 2, "argument --sample: -3: is not a whole number from 1 up; see --help"),
    ("explain out --sample x", 2, "argument --sample: x: is not a whole number from 1 up; see --help"),
    ("explain out --sample 0", 2, "argument --sample: 0: is not a whole number from 1 up; see --help"),
    ("explain out --sample", 2, "argument --sample: expected one argument; see --help"),
    ("explain out --sample 1 --limit 0", 2, "argument --limit: 0: is not a whole number from 1 up; see --help"),
    ("explain out --sample 1 --run zzz", 2, "out: has no committed run zzz; its runs: x"),
    ("explain out --sample 1 --text a", 2, "argument --text: not allowed with argument --sample; see --help"),
    ("explain out --smaple 1 --text a", 2, "--smaple: unknown option; did you mean --sample? See --help"),
    ("explain out --text=", 2, "--text: is empty; give it the text of a paragraph"),
    ("explain out --paragraph a.txt", 2, f"--paragraph a.txt: {NO_PLACE}"),
    ("explain out --paragraph a@-1", 2, f"--paragraph a@-1: {NO_PLACE}"),
    ("explain out --paragraph a@²", 2, f"--paragraph a@²: {NO_PLACE}"),
    (
        f"explain out --paragraph a@{'9' * 5000}",
        2,
        f"--paragraph a@{'9' * 5000}: {NO_PLACE}",
    ),
    ("explain out --paragraph a@1:2:3", 2, f"--paragraph a@1:2:3: {NO_PLACE}"),
    (
        "explain out --paragraph a.parquet@17:0",
        2,
        "a.parquet@17:0: no paragraph of the corpus begins there; offsets stand in documents/ and duplicates/",
    ),
    (
        "explain out --paragraph a@999999999999999999",
        2,
        "a@999999999999999999: no paragraph of the corpus begins there; offsets stand in documents/ and duplicates/",
    ),
    (
        f"explain out --paragraph {HOSTILE}@1",
        2,
        f"{SHOWN}@1: no paragraph of the corpus begins there; offsets stand in documents/ and duplicates/",
    ),
    (
        "explain nowhere --sample 1",
        2,
        "output nowhere: holds no committed run; write one with python -m pipelines.ingest",
    ),
    # ingest
    (
        f"{INGEST} --assume big",
        2,
        "argument --assume: big: is not a size; write for example 500MB or 10TB; see --help",
    ),
    (f"{INGEST} --outptu x", 2, "--outptu: unknown option; did you mean --output? See --help"),
    (f"{INGEST} --dry_run", 2, "--dry_run: unknown option; did you mean --dry-run? See --help"),
    (f"{INGEST} --bogus", 2, "--bogus: unknown option, neither Rafid's nor Beam's; see --help"),
    (f"{INGEST} --threads many", 2, "argument --threads: many: is not a whole number from 0 up; see --help"),
    (f"{INGEST} --input {HOSTILE}", 2, f"input {SHOWN}: {NO_FILE}"),
    (
        f"{INGEST} --log-format xml",
        2,
        "argument --log-format: invalid choice: 'xml' (choose from 'text', 'json'); see --help",
    ),
    (f"{INGEST} --streaming --every 0s", 2, "--every 0s: must be more than 0; write for example 500ms or 30s"),
    (f"{INGEST} --streaming --window 1ms", 2, "--window 1ms: must be at least 100ms"),
    (f"{INGEST} --streaming --settle 99999h", 2, "--settle 99999h: is more than a year"),
    # watch
    ("watch --input in --output new --every 0", 2, "--every 0: must be more than 0; write for example 500ms or 30s"),
    (
        "watch --input in --output new --metrics-port 70000",
        2,
        "argument --metrics-port: 70000: is not a port, a number from 0 to 65535; see --help",
    ),
    ("watch --output new", 2, "no input: name bundles with --input, for example --input 'seeds/*.txt'"),
    # export, report
    (
        "export out --to parquet",
        2,
        "argument --to: invalid choice: 'parquet' (choose from 'text', 'jsonl', 'huggingface', 'delta'); see --help",
    ),
    ("export out", 2, "the following arguments are required: --to; see --help"),
    ("export out --to text --run zzz", 2, "out: has no committed run zzz; its runs: x"),
    ("export out --to text --file file", 2, "--file file: is there already; name a new file"),
    ("export out --to text --file none/x", 1, "--file none/x: cannot be written: No such file or directory"),
    ("report out --run zzz", 2, "out: has no committed run zzz; its runs: x"),
    ("report", 2, "the following arguments are required: OUTPUT; see --help"),
    ("report nowhere", 2, "output nowhere: holds no committed run; write one with python -m pipelines.ingest"),
    # runs, index
    ("runs in", 2, "output in: not a folder that Rafid wrote; it would hold rafid.json"),
    (
        "runs out lst",
        2,
        "argument action: invalid choice: 'lst' (choose from 'list', 'show', 'verify', 'overlap', 'diff', 'remove'); "
        "did you mean list? See --help",
    ),
    ("runs out overlap x", 2, "overlap: is of all runs; leave out x"),
    ("runs out overlap --top 0", 2, "argument --top: 0: is not a whole number from 1 up; see --help"),
    ("runs out show", 2, "show: name a run, for example python -m pipelines.runs out show RUN"),
    ("runs out list --sources", 2, "--sources: goes with verify, not with list"),
    ("runs out remove x", 2, "run x: not removed; add --yes to remove it"),
    ("runs out list x y", 2, "y: goes with diff, not with list"),
    ("index in", 2, "output in: not a folder that Rafid wrote; it would hold rafid.json"),
    # farasa
    ("farasa", 2, "the following arguments are required: COMMAND; see --help"),
    (
        "farasa sgment",
        2,
        "argument COMMAND: invalid choice: 'sgment' (choose from 'fetch', 'segment', 'info'); "
        "did you mean segment? See --help",
    ),
    ("farasa segment --udno", 2, "--udno: unknown option; did you mean --undo? See --help"),
    (
        "farasa segment --data none",
        2,
        "none: Farasa's data is not there; run: python -m pipelines.farasa fetch --to none",
    ),
    ("farasa segment --undo none", 2, "none: cannot be read: No such file or directory"),
    ("farasa segment --undo in", 2, "in: cannot be read: Is a directory"),
    (
        "farasa segment --undo null.txt",
        2,
        "null.txt: is not UTF-8 text: it holds null bytes; python -m pipelines.export makes text",
    ),
    # what is mistyped comes first, whatever else is wrong
    ("ingest --outptu x", 2, "--outptu: unknown option; did you mean --output? See --help"),
    ("ingest --threads many --outptu=x", 2, "--outptu=x: unknown option; did you mean --output? See --help"),
    ("explain --smaple 1", 2, "--smaple: unknown option; did you mean --sample? See --help"),
    ("export --file new", 2, "the following arguments are required: OUTPUT, --to; see --help"),
    ("farasa segment --dta x --norm=1", 2, "--dta: unknown option; did you mean --data? See --help"),
    # worker_pool, completion
    (
        "worker_pool --port x",
        2,
        "argument --port: x: is not a port, a number from 0 to 65535; see --help",
    ),
    (
        "completion tcsh",
        2,
        "argument shell: invalid choice: 'tcsh' (choose from 'bash', 'zsh', 'fish'); see --help",
    ),
    # kernels
    ("kernels --nope", 2, "--nope: unknown option; see --help"),
]


def more_mistakes() -> Iterator[tuple[str, int, str]]:
    """Those of mistakes.txt, in which a command follows a dollar, and its exit code and line stand below it."""
    lines = Path(__file__).with_name("mistakes.txt").read_text(encoding="utf-8").splitlines()
    for command, end in pairwise(lines):
        if command.startswith("$ "):
            yield command[2:], int(end[0]), end[2:]


@pytest.mark.parametrize(("line", "code", "error"), [*MISTAKES, *more_mistakes()], ids=lambda value: str(value)[:60])
def test_a_mistake_is_one_line(
    line: str, code: int, error: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(folder.rglob("*"))
    assert main(line.split(" ")) == code
    assert capsys.readouterr() == ("", f"rafid: {error}\n")
    assert sorted(folder.rglob("*")) == before


def test_there_is_no_command_without_its_mistakes() -> None:
    from pipelines.__main__ import COMMANDS  # noqa: PLC0415

    assert {line.split(" ")[0] for line, *_ in MISTAKES} >= COMMANDS.keys()


def test_markup_in_a_name_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("[/x]", "[bold]x[/bold]", ":smile:"):
        assert main(["explain", "out", "--bundle", name]) == 2
        assert f"--bundle {name}: no run has taken" in capsys.readouterr().err


@pytest.mark.parametrize("line", [f"{INGEST} --dry-run", "explain out --sample 1", "runs out show x"])
def test_control_characters_of_a_name_are_shown(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert main(line.split()) == 0
    assert_shown(capsys)


def assert_shown(capsys: pytest.CaptureFixture[str]) -> None:
    printed = capsys.readouterr()
    assert SHOWN in printed.out
    assert not {"\x1b", "\u202e"} & set(printed.out + printed.err)


def test_control_characters_of_a_name_are_shown_in_a_notice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--input", str(tmp_path / "in"), "--output", str(tmp_path / "out"), "--new-only", *ASK[1:]]
    (tmp_path / "in").mkdir()
    for text in (TEXT, f"{TEXT}ونص جديد\n"):
        (tmp_path / "in" / HOSTILE).write_text(text, encoding="utf-8")
        capsys.readouterr()
        assert main(["ingest", *arguments]) == 0
    assert_shown(capsys)


DAMAGED = [
    *(
        ("documents", line)
        for line in (f"explain {{}} --bundle {HOSTILE}", "explain {} --text نص", "export {} --to text")
    ),
    *(("duplicates", line) for line in ("explain {} --sample 1", f"explain {{}} --document {'0' * 32}", "report {}")),
]


@pytest.mark.parametrize("damage", ["missing", "empty", "cut"])
@pytest.mark.parametrize(("ledger", "line"), DAMAGED)
def test_a_shard_that_is_damaged_is_named_in_one_line(
    ledger: str, line: str, damage: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(folder / "out", tmp_path / "out")
    (shard,) = (tmp_path / "out" / ledger / "run=x").iterdir()
    os.truncate(shard, 0 if damage == "empty" else shard.stat().st_size // 2)
    if damage == "missing":
        shard.unlink()
    assert main(line.format(tmp_path / "out").split()) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    (error,) = printed.err.splitlines()
    assert error.startswith(f"rafid: {tmp_path}/out: ")
    assert str(shard) in error
    assert error.endswith(f"; python -m pipelines.runs {tmp_path}/out verify says what is damaged")


def test_where_all_duplicates_are_exact_a_sample_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "out", "--sample", "5"]) == 0
    first, *pair = capsys.readouterr().out.splitlines()
    assert first == "No near-duplicates; 1 paragraphs were removed as exact repeats."
    assert pair[0].strip() == "exact  similarity 1.0000"


@pytest.mark.parametrize(("strict", "code"), [((), 0), (("--strict",), 1)])
@pytest.mark.parametrize(
    ("content", "options", "why"),
    [
        (b"<<<FILE>>> a\n\x00\x01\x02\n", (), "all 1 documents were rejected; rejects/ says why"),
        (b"", (), "all 1 documents were rejected; rejects/ says why"),
        (
            b"<<<FILE>>> a\nThe ship came into the harbour before the sun had risen over it\n",
            ("--set", "language.keep=[ar]"),
            "all 1 documents were left out; filtered/ says by which rule",
        ),
    ],
)
def test_a_run_that_takes_nothing_in_says_so(
    content: bytes,
    options: tuple[str, ...],
    why: str,
    strict: tuple[str, ...],
    code: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    given = ["--input", str(tmp_path / "a.txt"), "--output", str(tmp_path / "out"), "--run", "x", *ASK]
    assert main(["ingest", *given, *options, *strict]) == code
    assert capsys.readouterr() == ("", f"rafid: run x: {why}\n")
    assert (tmp_path / "out" / "manifests" / "x.json").exists()


def test_a_run_that_only_repeats_is_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    given = ["--input", str(tmp_path / "a.txt"), "--output", str(tmp_path / "out"), "--strict", *ASK]
    assert [main(["ingest", *given, "--run", name]) for name in ("x", "y")] == [0, 0]
    assert capsys.readouterr() == ("", "")


def test_help_loads_no_kernel() -> None:
    program = "import sys; from pipelines.kernels import main; main(['--help'])"
    check = f"import atexit; atexit.register(lambda: print('llvmlite' in sys.modules)); {program}"
    ended = subprocess.run([sys.executable, "-c", f"import sys; {check}"], capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("usage: ")
    assert ended.stdout.splitlines()[-1] == "False"


def test_no_setting_is_explained_by_a_pattern() -> None:
    """A person is told what to write, not a regular expression."""
    assert '"pattern"' not in json.dumps(IngestSettings.model_json_schema())
