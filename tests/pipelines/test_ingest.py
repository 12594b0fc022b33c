"""The command line: what it says and does, and one line for whatever is wrong."""

import json
import os
from pathlib import Path

import pytest

from pipelines.batch import NOTHING_NEW
from pipelines.ingest import main
from tests.conftest import UNSEGMENTED
from tests.corpus import files_below, read_corpus

SENTENCE = "وصلت السفينة إلى الميناء قبل شروق الشمس"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "أخبار.txt"
    path.parent.mkdir()
    path.write_text(f"<<<FILE>>> الميناء\n{SENTENCE}\n<<<FILE>>> ثانية\n{SENTENCE}\n", encoding="utf-8")
    return path


def wrong(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """The one line that wrong use ends with; nothing else is printed."""
    assert main([*UNSEGMENTED, *map(str, arguments)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("rafid: ")
    assert printed.err.endswith("\n")
    assert len(printed.err.splitlines()) == 1
    return printed.err


def test_a_run_ends_with_a_summary(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--input", str(bundle), "--output", str(tmp_path / "out"), "--run", "first", *UNSEGMENTED]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    for said in ("Run first", "1 exact and 0 near duplicates", f"{bundle.stat().st_size:,} bytes read"):
        assert said in printed.out
    assert f"{tmp_path}/out/manifests/first.json" in printed.out
    assert [row["text"] for row in read_corpus(tmp_path / "out", "first").documents] == [SENTENCE]


def test_a_quiet_run_says_nothing(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--input", str(bundle), "--output", str(tmp_path / "out"), "--quiet", *UNSEGMENTED]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_run_without_a_name_is_named_by_the_time(bundle: Path, tmp_path: Path) -> None:
    assert main(["--input", str(bundle), "--output", str(tmp_path / "out"), "--quiet", *UNSEGMENTED]) == 0
    (manifest,) = (tmp_path / "out" / "manifests").iterdir()
    assert manifest.stem.endswith("Z")
    assert read_corpus(tmp_path / "out", manifest.stem).manifest["run"] == manifest.stem


def test_the_manifest_holds_what_the_run_was(bundle: Path, tmp_path: Path) -> None:
    arguments = ["--input", str(bundle), "--output", str(tmp_path / "out"), "--run", "x", "--quiet", *UNSEGMENTED]
    assert main([*arguments, "--set", "dedup.threshold=0.9"]) == 0
    manifest = read_corpus(tmp_path / "out", "x").manifest
    fixed = ["run", "state", "inputs", "settings", "versions", "counts", "files", "dedup", "seconds"]
    assert [key for key in fixed if key not in manifest] == []
    assert manifest["settings"]["dedup"]["threshold"] == 0.9
    assert manifest["settings"]["input"]["paths"] == [str(bundle)]
    assert manifest["inputs"][0]["name"] == "أخبار.txt"
    assert {"url", "size", "modified", "sha256"} <= manifest["inputs"][0].keys()
    assert {"join", "candidates", "duplicates", "seconds"} <= manifest["dedup"].keys()
    assert {"fingerprint", "join", "write", "total"} <= manifest["seconds"].keys()
    assert {"rafid", "apache-beam", "numba", "numpy", "pyarrow"} <= manifest["versions"].keys()


def test_a_dry_run_shows_and_writes_nothing(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--input", str(bundle), "--output", str(tmp_path / "out"), "--set", "run.split_bytes=64"]
    assert main([*arguments, "--dry-run"]) == 0
    printed = capsys.readouterr().out
    assert f"{bundle.stat().st_size:>14,}  أخبار.txt" in printed
    assert "1 bundles, 4 splits, 1 runs" in printed
    settings = json.loads(printed[printed.index("{") :])
    assert (settings["run"]["split_bytes"], settings["dedup"]["threshold"]) == (64, 0.7)
    assert not (tmp_path / "out").exists()


def test_several_files_after_one_option(tmp_path: Path) -> None:
    """What a shell makes of a pattern that is not quoted."""
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(f"{name} {SENTENCE}")
    files = [str(tmp_path / "a.txt"), str(tmp_path / "b.txt")]
    assert main(["--input", *files, "--output", str(tmp_path / "out"), "--run", "x", "--quiet", *UNSEGMENTED]) == 0
    assert len(read_corpus(tmp_path / "out", "x").manifest["inputs"]) == 2


def test_outputs_may_be_urls(bundle: Path, tmp_path: Path) -> None:
    assert (
        main(
            ["--input", f"file://{bundle}", "--output", f"file://{tmp_path}/out", "--run", "x", "--quiet", *UNSEGMENTED]
        )
        == 0
    )
    assert len(read_corpus(tmp_path / "out", "x").documents) == 1


def test_relative_outputs(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["--input", "in", "--output", "out", "--run", "x", "--quiet", *UNSEGMENTED]) == 0
    assert len(read_corpus(tmp_path / "out", "x").documents) == 1


def test_no_input_and_no_output(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no input: name bundles with --input" in wrong(capsys, "--output", tmp_path / "out")
    assert "no output: name a folder with --output" in wrong(capsys, "--input", bundle)
    assert "input.paths.0: ''" in wrong(capsys, "--input", "", "--output", tmp_path / "out")
    assert "output: ''" in wrong(capsys, "--input", bundle, "--output", "")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [("*.text", "matches no file"), ("nowhere/*.txt", "matches no file"), ("link", "no file behind this link")],
)
def test_input_that_is_not_there(tmp_path: Path, pattern: str, found: str, capsys: pytest.CaptureFixture[str]) -> None:
    if pattern == "link":
        (tmp_path / "link").symlink_to(tmp_path / "gone")
    error = wrong(capsys, "--input", tmp_path / pattern, "--output", tmp_path / "out")
    assert f"input {tmp_path}/{pattern}: " in error
    assert found in error
    assert not (tmp_path / "out").exists()


def test_input_that_cannot_be_read(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "pipe: not a regular file" in wrong(capsys, "--input", tmp_path / "pipe", "--output", tmp_path / "out")
    bundle.chmod(0)
    if not os.access(bundle, os.R_OK):  # root reads everything
        assert "no permission to read it" in wrong(capsys, "--input", bundle, "--output", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("place", "found"),
    [("file", "is a file; name a folder"), ("file/below", "cannot be written"), ("in", "holds files that are not")],
)
def test_output_that_cannot_be_used(
    bundle: Path, tmp_path: Path, place: str, found: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("mine")
    before = files_below(tmp_path)
    error = wrong(capsys, "--input", bundle, "--output", tmp_path / place)
    assert f"output {tmp_path}/{place}: " in error
    assert found in error
    assert files_below(tmp_path) == before


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--set", "dedup.threshold=1.3"], "dedup.threshold: 1.3 is not allowed: should be less than or equal to 1"),
        (["--set", "dedup.threshold"], "is not KEY=VALUE"),
        (["--set", "a\nb=1"], "a b: unknown key"),
        (["--config", "nowhere.yaml"], "nowhere.yaml: cannot be read"),
        (["--run", "../x"], "run.id: '../x' is not allowed"),
        (["--threads", "many"], "--threads: many: is not a whole number from 0 up"),
        (["--threads", "-1"], "--threads: -1: is not a whole number from 0 up"),
        (["--run"], "--run: expected one argument"),
        (["--window", "60s"], "--window: only with --streaming"),
        (["--cancel-now"], "--cancel-now: only with --streaming"),
        (["--streaming", "--run", "x"], "--run: not with --streaming"),
        (["--streaming", "--dry-run"], "--dry-run: not with --streaming"),
        (["--streaming", "--window", "soon"], "--window soon: is not a time"),
        (["--streaming", "--window", "1ms"], "--window 1ms: must be at least 100ms"),
        (["--streaming"], "--streaming: not on the in-process runner"),
        (["--streaming", "--runner=PrismRunner"], "Prism is not named; build it with `make prism`"),
        (["--streaming", "--runner=PrismRunner", "--prism_location=none"], "--prism_location=none: is no program"),
        (["--runner=PrismRunner"], "Prism is not named; build it with `make prism`"),
        (
            ["--streaming", "--runner=FlinkRunner", "--set", "dedup.join=partitioned"],
            "dedup.join=partitioned: a stream",
        ),
        (["--bogus"], "--bogus: unknown option, neither Rafid's nor Beam's"),
        (["--bogus=3"], "--bogus=3: unknown option"),
        (["--dry"], "--dry: unknown option"),
        (["-x"], "-x: unknown option"),
        (["--runner=NoSuchRunner"], "--runner=NoSuchRunner: unknown runner; there are FnApiRunner, "),
        (["--runner"], "--runner: expected one argument"),
        (["--parallelism=many"], "--parallelism: invalid int value: 'many'"),
    ],
)
def test_wrong_options(
    bundle: Path, tmp_path: Path, arguments: list[str], found: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert found in wrong(capsys, "--input", bundle, "--output", tmp_path / "out", *arguments)
    assert not (tmp_path / "out").exists()


def test_wrong_settings_name_their_file(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.yaml").write_text("dedup: {treshold: 0.8}")
    error = wrong(capsys, "--input", bundle, "--output", tmp_path / "out", "--config", tmp_path / "mine.yaml")
    assert f"{tmp_path}/mine.yaml: dedup.treshold: unknown key; did you mean dedup.threshold?" in error


def test_what_a_segmenter_lacks_is_said_before_any_work(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--set", "segmentation.engine=embedded", "--set", f"segmentation.data={tmp_path}/nowhere"]
    error = wrong(capsys, "--input", bundle, "--output", tmp_path / "out", *options)
    assert f"{tmp_path}/nowhere" in error
    assert not (tmp_path / "out").exists()


def test_an_unknown_store_is_named(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "nosuch://" in wrong(capsys, "--input", "nosuch://a/b", "--output", tmp_path / "out")
    assert "nosuch://" in wrong(capsys, "--input", bundle, "--output", "nosuch://a/b")


@pytest.mark.parametrize("more", [[], ["--dry-run"], ["--new-only"]])
@pytest.mark.parametrize("name", ["007", "2026-11-27", "true"])
def test_a_name_that_readers_take_for_something_else_is_wrong_use(
    seeds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, more: list[str]
) -> None:
    said = wrong(capsys, "--input", seeds, "--output", tmp_path / "out", "--run", name, *more)
    assert f"run.id: '{name}' is not allowed" in said
    assert f"for example run-{name}" in said
    assert not (tmp_path / "out" / "manifests").exists()


def test_what_is_passed_over_is_told_where_nothing_is_new_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("<<<FILE>>> أ\nوصلت القافلة عند الغروب\n", encoding="utf-8")
    asked = ["--input", str(tmp_path / "in"), "--output", str(tmp_path / "out"), "--new-only", *UNSEGMENTED]
    assert main(asked) == 0
    (tmp_path / "in" / "b.md").write_text("نص", encoding="utf-8")
    capsys.readouterr()
    assert main(asked) == NOTHING_NEW
    printed = capsys.readouterr().out.splitlines()
    assert f"1 file passed over, of another ending (see input.endings): {tmp_path}/in/b.md" in printed
    assert printed[-1] == "nothing new"
