"""Real books in one run, in one run a bundle, in slices and through the watch: the same kept paragraphs every time."""

import gzip
import time
from collections import Counter
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from pipelines.batch import Publisher
from pipelines.ingest import main
from pipelines.runners.running import beam_options, run_slice
from pipelines.runs import main as runs
from pipelines.streaming.watch_loop import Surroundings, Watch, WatchMetrics
from tests.conftest import UNSEGMENTED
from tests.end_to_end.oracle import Place, read_paragraphs
from tests.plain_job import Whole, read_whole_output, settings_for
from transforms.bundles.listing import list_bundles
from transforms.runs.catalog import committed_runs
from transforms.storage import Folder


@pytest.fixture(scope="module")
def books(real: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("books")
    for path in (real / "tirmidhi").glob("bundle_*.txt.gz"):
        (folder / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
    return folder


def ingest(bundles: Path | str, output: Path, *options: str) -> int:
    return main(["--input", str(bundles), "--output", str(output), "--quiet", *UNSEGMENTED, *options])


@pytest.fixture(scope="module")
def whole(books: Path, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """What one run comes to."""
    output = tmp_path_factory.mktemp("whole") / "out"
    assert ingest(f"{books}/*.txt", output) == 0
    return read_whole_output(output)


def test_one_run_keeps_what_brute_force_keeps(books: Path, real: Path, tmp_path: Path) -> None:
    """The reference, which is of word triples alone, names a paragraph by its document and its ordinal there."""
    triples = ("dedup.shingle.size=3", "dedup.numbers=ignore", "dedup.wordless=keep")
    assert ingest(f"{books}/*.txt", tmp_path / "out", *(option for each in triples for option in ("--set", each))) == 0
    kept = read_whole_output(tmp_path / "out").kept
    bundles = {path.name: path.read_bytes() for path in sorted(books.glob("*.txt"))}
    names = {}
    for name, data in bundles.items():
        for line in data.split(b"\n"):
            if line.startswith(b"<<<FILE>>>"):
                names[(name, data.index(line + b"\n"))] = line[10:].decode().strip()
    documents = {each.place: (each.place.bundle, each.document) for each in read_paragraphs(bundles)}
    with gzip.open(real / "tirmidhi" / "kept.tsv.gz", "rt", encoding="utf-8") as lines:
        wanted = Counter(tuple(line.rstrip("\n").split("\t")) for line in lines)
    assert Counter((names[documents[place]], str(place.ordinal)) for place in kept) == wanted


def test_a_run_a_bundle_comes_to_the_same(books: Path, whole: Whole, tmp_path: Path) -> None:
    for bundle in sorted(books.glob("*.txt")):
        assert ingest(bundle, tmp_path / "out", "--run", bundle.stem) == 0
    assert len(committed_runs(Folder(str(tmp_path / "out")))) == 3
    assert read_whole_output(tmp_path / "out") == whole
    assert runs([str(tmp_path / "out"), "verify"]) == 0


def test_slices_come_to_the_same(books: Path, whole: Whole, tmp_path: Path) -> None:
    cut = ["--set", "run.max_bytes=3MB", "--set", "run.split_bytes=500kB"]
    assert ingest(f"{books}/*.txt", tmp_path / "out", *cut) == 0
    assert len(committed_runs(Folder(str(tmp_path / "out")))) >= 5
    assert read_whole_output(tmp_path / "out") == whole


def test_bundles_that_arrive_in_order_come_to_the_same(books: Path, whole: Whole, tmp_path: Path) -> None:
    arriving, output = tmp_path / "in", tmp_path / "out"
    arriving.mkdir()
    settings = settings_for(output, arriving, segmentation__engine="none")
    around = Surroundings(
        listing=partial(list_bundles, [str(arriving)], empty=True),
        clock=time.monotonic,
        time=time.time,
        run_slice=partial(run_slice, settings=settings, options=beam_options([]), say=print),
        in_process=True,
        say=print,
        publisher=Publisher(settings, print, time.monotonic),
    )
    watch = Watch(settings, 0.0, around, WatchMetrics())
    for bundle in sorted(books.glob("*.txt")):
        (arriving / bundle.name).write_bytes(bundle.read_bytes())
        watch.step(Event())
        watch.step(Event())
    assert watch.windows == 3
    assert read_whole_output(output) == whole


def test_places_are_those_of_the_oracle(whole: Whole) -> None:
    assert all(isinstance(place, Place) and place.bundle.startswith("bundle_") for place in whole.kept)
    assert (len(whole.kept), len(whole.duplicates)) == (46_076, 26_523)
