"""Jobs without Beam: run_job with the pure functions of the stages in a row; and what a whole output holds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.config import IngestSettings, load_settings
from pipelines.job import Slice, listed_input, run_job
from tests.corpus import read_corpus
from tests.end_to_end.oracle import Place
from transforms.bundles.reader import read_documents, read_parts
from transforms.dedup.fingerprints import FingerprintedSplit, write_fingerprint
from transforms.dedup.first_pass import fingerprint_split
from transforms.dedup.one_pass.join import join_run
from transforms.filters.running import load_filters
from transforms.runs.catalog import committed_runs
from transforms.runs.run import Run
from transforms.shards.corpus import PARAGRAPH_BREAKS
from transforms.shards.writing import commit_run, write_split
from transforms.storage import Folder


class Crash(Exception):  # noqa: N818 - it is what happens
    """Stands for a process that ends where nobody expects it."""


class PlainRunner:
    """Runs slices without Beam; ends with Crash in front of the slice number `crash_at`, counted from 0."""

    def __init__(self, settings: IngestSettings, crash_at: int | None = None) -> None:
        self._settings, self._crash_at = settings, crash_at
        self.runs: list[str] = []

    def __call__(self, run: Run, part: Slice) -> None:
        if len(self.runs) == self._crash_at:
            raise Crash
        self.runs.append(run.name)
        mode, dedup = self._settings.input.paragraphs, self._settings.dedup
        filters = load_filters(self._settings.filters)
        done = []
        for split in part.splits:
            for piece, documents in read_parts(split, self._settings.input):
                fingerprint = fingerprint_split(piece, documents, mode, dedup, self._settings.language, filters)
                write_fingerprint(run, piece.id, fingerprint)
                done.append(FingerprintedSplit(piece, 0.0, len(fingerprint.offset)))
        opening = run.opening()
        join_run(run, done, dedup, opening.earlier, 1, opening.header.against)
        shards = self._settings.shards
        written = [
            write_split(run, e.split, read_documents(e.split), len(PARAGRAPH_BREAKS[mode]), None, shards) for e in done
        ]
        commit_run(run, written, opening)


def settings_for(output: Path, *patterns: str | Path, **values: Any) -> IngestSettings:
    """Settings; `dedup__threshold=0.5` sets `dedup.threshold`."""
    given = {key.replace("__", "."): value for key, value in values.items()}
    return load_settings(None, [], {"input.paths": [str(each) for each in patterns], "output": str(output), **given})


def ingest_plainly(
    settings: IngestSettings, *, crash_at: int | None = None, new_only: bool = False, notices: list[str] | None = None
) -> list[str]:
    """The runs that the job went through."""
    runner = PlainRunner(settings, crash_at)
    said: list[str] = [] if notices is None else notices
    bundles = listed_input(settings).bundles
    done = run_job(bundles, settings, runner, in_process=True, new_only=new_only, notice=said.append)
    names = [manifest.run for manifest in done]
    assert names[len(names) - len(runner.runs) :] == runner.runs  # those before them were waiting for the others
    return runner.runs


class Whole(NamedTuple):
    """All runs of an output together: kept texts by place, and what each duplicate repeats and how closely."""

    kept: Mapping[Place, str]
    duplicates: Mapping[Place, tuple[Place, float, str]]


def read_whole_output(output: Path) -> Whole:
    """The corpus of all committed runs; no paragraph is in two places, and each `kept_run` is the right one."""
    kept: dict[Place, str] = {}
    duplicates: dict[Place, tuple[Place, float, str]] = {}
    owners: dict[Place, str] = {}
    for facts in committed_runs(Folder(str(output))):
        corpus = read_corpus(output, facts.run)
        for row, text, index, offset in corpus.kept():
            place = Place(row["bundle"], offset, index)
            assert place not in kept
            kept[place], owners[place] = text, facts.run
        for row in corpus.duplicates:
            place = Place(row["bundle"], row["offset"], row["paragraph_index"])
            other = Place(row["kept_bundle"], row["kept_offset"], row["kept_paragraph_index"])
            assert place not in duplicates
            assert owners[other] == row["kept_run"]
            duplicates[place] = (other, row["similarity"], row["text"])
    assert not kept.keys() & duplicates.keys()
    return Whole(kept, duplicates)


def write_bundles(folder: Path, bundles: Mapping[str, str]) -> Path:
    """The folder, with a file for each bundle."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in bundles.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder
