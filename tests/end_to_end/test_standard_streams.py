"""Standard output and error that are closed, full, cut off or ASCII: no job stops for them, and no exit code lies."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import PROJECT, UNSEGMENTED
from tests.processes import holds_open, wait_until
from transforms.runs.catalog import committed_runs
from transforms.runs.lock import lock_output
from transforms.shards.checking import check_run
from transforms.storage import Folder

# Redirections, as a shell makes them.
CLOSED_OUT, CLOSED_ERROR, CLOSED = ">&-", "2>&-", "<&- >&- 2>&-"
FULL_OUT, FULL_ERROR, FULL = ">/dev/full", "2>/dev/full", ">/dev/full 2>/dev/full"
CUT_OUT, CUT_AFTER_A_LINE = "| true", "| head --lines 1 >/dev/null"
ALL = (CLOSED_OUT, CLOSED_ERROR, CLOSED, FULL_OUT, FULL_ERROR, FULL, CUT_OUT, CUT_AFTER_A_LINE)
NO_ROOM = "rafid: standard output cannot be written: No space left on device"
ASCII = {"PYTHONIOENCODING": "ascii"}
# Here names of files cannot be Arabic either: an argument that is, is bytes that stand for no text.
ASCII_LOCALE = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": ":strict"}


def rafid(line: str, streams: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """The ended process `rafid LINE`; the exit code is its own, even before a pipe."""
    command = f"{sys.executable} -m pipelines {line} {streams}; exit ${{PIPESTATUS[0]}}"
    return subprocess.run(
        ["bash", "-c", command],
        cwd=PROJECT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def corpus(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of two runs."""
    output = tmp_path_factory.mktemp("streams") / "out"
    for run in ("run-000", "run-001"):
        ended = rafid(
            f"ingest --input '{seeds}/bundle_{run[4:]}*' --output {output} --run {run} {' '.join(UNSEGMENTED)}"
        )
        assert (ended.returncode, ended.stderr) == (0, "")
    return output


def committed(output: Path) -> list[str]:
    return sorted(path.stem for path in (output / "manifests").iterdir())


@pytest.mark.parametrize(
    ("streams", "log_format"), [*((each, "text") for each in ALL), (FULL_OUT, "json"), (CUT_AFTER_A_LINE, "json")]
)
def test_a_job_runs_all_its_slices(streams: str, log_format: str, seeds: Path, tmp_path: Path) -> None:
    slices = "--set run.split_bytes=8kB --set run.max_bytes=30kB"
    job = f"ingest --input '{seeds}/*.txt' --output {tmp_path}/out --run r {' '.join(UNSEGMENTED)} {slices}"
    ended = rafid(f"{job} --log-format {log_format}", streams)
    told = {
        CLOSED_OUT: "rafid: standard output is closed; the work goes on\n",
        FULL_OUT: f"{NO_ROOM}; the work goes on\n",
    }
    assert (ended.returncode, ended.stderr) == (0, told.get(streams, ""))
    assert committed(tmp_path / "out") == [f"r-slice-{number:04d}" for number in range(4)]
    reports = sorted(path.stem for path in (tmp_path / "out" / "reports").iterdir())
    assert reports == ["index", *committed(tmp_path / "out")]
    output = Folder(str(tmp_path / "out"))
    assert [check_run(output, run) for run in committed_runs(output)] == [[]] * 4


# What a command prints is what it is for: it has failed where that cannot be printed, and is done when nobody reads on.
ANSWERS = (
    "runs {} list",
    "runs {} show run-000",
    "index {} show",
    "explain {} --sample 3",
    "export {} --to text",
    "--help",
)
# Here the work is, and its exit code says how it went.
WORKS = ("runs {} verify", "report {}", "runs {} remove run-001 --yes", "index {} compact")


@pytest.mark.parametrize("line", ANSWERS)
@pytest.mark.parametrize("streams", [CLOSED_OUT, FULL_OUT, CUT_OUT, FULL])
def test_an_answer_that_cannot_be_printed_is_an_error(streams: str, line: str, corpus: Path) -> None:
    ended = rafid(line.format(corpus), streams)
    told = {CLOSED_OUT: "rafid: standard output is closed\n", FULL_OUT: f"{NO_ROOM}\n"}
    assert ended.stderr == told.get(streams, "")
    assert ended.returncode == (0 if streams == CUT_OUT else 1)


@pytest.mark.parametrize("line", WORKS)
@pytest.mark.parametrize("streams", [CLOSED, FULL_OUT, FULL_ERROR, CUT_OUT])
def test_work_is_done_whoever_listens(streams: str, line: str, corpus: Path, tmp_path: Path) -> None:
    shutil.copytree(corpus, tmp_path / "out")
    shutil.rmtree(tmp_path / "out" / "reports")
    ended = rafid(line.format(tmp_path / "out"), streams)
    unshown = line.startswith("index") and streams in (CLOSED, FULL_OUT)
    assert ended.returncode == (1 if unshown else 0)  # the index is shown after it has been compacted
    if line.startswith("report"):
        reports = sorted(path.name for path in (tmp_path / "out" / "reports").iterdir())
        assert reports == ["index.html", "run-000.html", "run-001.html"]
    if "remove" in line:
        assert committed(tmp_path / "out") == ["run-000"]
    if line.startswith("index"):
        assert list((tmp_path / "out" / "index").glob("compact=*"))


@pytest.mark.parametrize("streams", [CLOSED, FULL_OUT, CUT_OUT])
def test_verify_says_by_its_exit_code_what_it_cannot_print(streams: str, corpus: Path, tmp_path: Path) -> None:
    shutil.copytree(corpus, tmp_path / "out")
    next((tmp_path / "out" / "documents" / "run=run-001").iterdir()).unlink()
    assert rafid(f"runs {tmp_path}/out verify", streams).returncode == 1


@pytest.mark.parametrize("streams", [CLOSED_ERROR, FULL_ERROR, CLOSED, FULL])
def test_an_error_that_cannot_be_printed_has_its_exit_code(streams: str) -> None:
    ended = rafid("runs nowhere", streams)
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", "")


@pytest.mark.parametrize(
    "line", [*ANSWERS[:4], *WORKS[:2], "explain {} --bundle خبر", "runs {} show خبر", "report خبر"]
)
def test_an_ascii_terminal_is_shown_everything(line: str, corpus: Path) -> None:
    ended = rafid(line.format(corpus), **ASCII)
    assert ended.returncode == (2 if "خبر" in line else 0)
    assert len(ended.stderr.splitlines()) == (1 if ended.returncode else 0)
    assert (ended.stdout + ended.stderr).isascii()
    if "خبر" in line:
        assert "\\u062e\\u0628\\u0631" in ended.stdout + ended.stderr


@pytest.mark.parametrize(("line", "code"), [("explain {} --sample 3", 0), ("runs {} list", 0), ("runs {} show خبر", 2)])
def test_an_ascii_locale_is_shown_everything(line: str, code: int, corpus: Path) -> None:
    ended = rafid(line.format(corpus), **ASCII_LOCALE)
    assert ended.returncode == code
    assert len(ended.stderr.splitlines()) == (1 if code else 0)
    assert (ended.stdout + ended.stderr).isascii()


def test_a_job_on_an_ascii_terminal(tmp_path: Path) -> None:
    """Arabic in the names of the bundle and the output; JSON stays JSON."""
    bundle, output = tmp_path / "أخبار.txt", tmp_path / "مدونة"
    bundle.write_text("<<<FILE>>> الميناء\nوصلت السفينة إلى الميناء قبل شروق الشمس\n", encoding="utf-8")
    job = f"ingest --input {bundle} --output {output} {' '.join(UNSEGMENTED)}"
    assert rafid(f"{job} --dry-run", **ASCII).returncode == 0
    ended = rafid(f"{job} --log-format json", **ASCII)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.isascii()
    summary, notice = [json.loads(line) for line in ended.stdout.splitlines()]
    assert (summary["event"], summary["output"]) == ("committed", str(output))
    assert (notice["event"], notice["message"]) == ("notice", f"{output}/reports/{summary['run']}.html")
    ended = rafid(f"{job} --new-only", **ASCII)
    assert (ended.returncode, ended.stdout, ended.stderr) == (99, "1 bundles were taken before\nnothing new\n", "")


def test_data_on_standard_output_is_utf8_whatever_the_terminal(corpus: Path) -> None:
    plain = rafid(f"export {corpus} --to text").stdout
    assert "السنديان" in plain
    assert rafid(f"export {corpus} --to text", PYTHONIOENCODING="ascii").stdout == plain


def test_standard_input_that_is_closed_is_an_error_of_use() -> None:
    ended = rafid("farasa segment --undo -", "<&-")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "rafid: standard input: cannot be read: Bad file descriptor\n"


def test_an_interrupted_job_says_so_in_one_line(seeds: Path, corpus: Path) -> None:
    arguments = ["--input", f"{seeds}/*.txt", "--output", str(corpus), "--run", "x", "--wait", *UNSEGMENTED]
    with lock_output(Folder(str(corpus)), "other"):
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines.ingest", *arguments],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_until(lambda: holds_open(process.pid, corpus / ".lock"))
        time.sleep(0.2)  # from opening the lock to waiting for it
        process.send_signal(signal.SIGINT)
        printed = process.communicate(timeout=180)
    assert (process.returncode, *printed) == (130, "", "rafid: interrupted; what is not committed is not there\n")


def test_an_unexpected_error_is_a_line_that_names_a_file(tmp_path: Path, seeds: Path) -> None:
    """A module that is broken stands for what nobody foresaw."""
    (tmp_path / "sitecustomize.py").write_text(
        "import transforms.bundles.listing as m\ndef broken(*_, **__): raise LookupError('no\\nsuch\\x1b')\n"
        "m.list_input = broken\n"
    )
    (tmp_path / "temporary").mkdir()
    places = {"PYTHONPATH": f"{tmp_path}:{PROJECT}", "TMPDIR": str(tmp_path / "temporary")}
    ended = rafid(f"ingest --input '{seeds}' --output {tmp_path}/out", **places)
    (file,) = (tmp_path / "temporary").iterdir()
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        f"rafid: unexpected error: LookupError: no such⟦U+001B⟧; the traceback is in {file}: "
        "send it to Rafid's maintainers\n"
    )
    assert "Traceback (most recent call last)" in file.read_text(encoding="utf-8")
