"""Files between the stages: damaged, or another split's, they end the run; a bundle that changed is found out."""

import os
import shutil
from pathlib import Path
from random import Random

import pytest

from tests.damaging import DAMAGES
from tests.plain_run import opening
from transforms.bundles.errors import BundleChanged
from transforms.bundles.listing import list_bundles
from transforms.bundles.reader import read_documents
from transforms.bundles.splits import Split, plan_splits
from transforms.dedup.fingerprints import FingerprintedSplit, read_figures, read_fingerprint, write_fingerprint
from transforms.dedup.first_pass import fingerprint_split
from transforms.dedup.one_pass.join import join_run
from transforms.dedup.verdicts import read_verdicts
from transforms.filesystems import DamagedFileError
from transforms.runs.run import Run
from transforms.settings import DedupSettings
from transforms.shards.writing import ShardSettings, write_split
from transforms.storage import Folder

TEXT = "<<<FILE>>> أ\nقال الراوي كلاما طويلا عن المدينة القديمة\nقال الراوي كلاما طويلا عن المدينة القديمة\n" * 3


def first_pass(folder: Path) -> tuple[Run, list[Split]]:
    """A run whose splits are fingerprinted and joined."""
    bundle = folder / "a.txt"
    bundle.write_text(TEXT, encoding="utf-8")
    run, settings, done = Run(Folder(str(folder / "out")), "x"), DedupSettings(), []
    for split in plan_splits(list_bundles([str(bundle)]), 200):
        fingerprint = fingerprint_split(split, read_documents(split), "line", settings)
        write_fingerprint(run, split.id, fingerprint)
        done.append(FingerprintedSplit(split, 0.0, len(fingerprint.offset)))
    run.open(opening(splits=len(done)))
    join_run(run, done, settings, [], 1)
    return run, [each.split for each in done]


@pytest.mark.parametrize("kind", DAMAGES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("name", ["fingerprint", "verdicts", "figures", "opening"])
def test_a_damaged_working_file_ends_the_run(tmp_path: Path, name: str, kind) -> None:  # type: ignore[no-untyped-def]
    run, splits = first_pass(tmp_path)
    path = {
        "fingerprint": run.fingerprint(splits[0].id), "verdicts": run.verdicts(splits[0].id),
        "figures": run.join_figures(), "opening": f"{run.scratch_folder()}/opening.json",
    }[name]  # fmt: skip
    file = run.folder.local_path(path)
    file.write_bytes(kind(file.read_bytes(), Random(7)))
    with pytest.raises(DamagedFileError, match=f"{file.name}: is damaged: "):
        {
            "fingerprint": lambda: read_fingerprint(run, splits[0].id),
            "verdicts": lambda: read_verdicts(run, splits[0].id, 9),
            "figures": lambda: read_figures(run), "opening": run.opening,
        }[name]()  # fmt: skip


def test_a_file_of_another_split_is_no_file_of_this_one(tmp_path: Path) -> None:
    run, splits = first_pass(tmp_path)
    assert len(splits) > 1
    for path in (run.fingerprint, run.verdicts):
        shutil.copy(run.folder.local_path(path(splits[1].id)), run.folder.local_path(path(splits[0].id)))
    with pytest.raises(DamagedFileError, match="not the file of split"):
        read_fingerprint(run, splits[0].id)
    with pytest.raises(DamagedFileError, match="not the file of split"):
        read_verdicts(run, splits[0].id, 9)


def test_verdicts_on_paragraphs_that_are_not_there_are_damaged(tmp_path: Path) -> None:
    run, splits = first_pass(tmp_path)
    removed = read_verdicts(run, splits[0].id, 10_000).column("paragraph").to_pylist()
    with pytest.raises(DamagedFileError, match="about other paragraphs"):
        read_verdicts(run, splits[0].id, removed[-1])


def _write(run: Run, splits: list[Split]) -> None:
    for split in splits:
        write_split(run, split, read_documents(split), 1, None, ShardSettings())


CHANGES = [("قال", "كال"), ("\n", "\r"), ("الراوي كلاما", "الراوي\nكلاما"), ("<<<FILE>>>", "<<<NILE>>>")]


@pytest.mark.parametrize("change", CHANGES)
def test_a_bundle_that_changed_and_kept_its_size_and_time_is_found_out(tmp_path: Path, change: tuple[str, str]) -> None:
    run, splits = first_pass(tmp_path)
    bundle = tmp_path / "a.txt"
    before = bundle.stat()
    with bundle.open("r+b") as file:
        file.write(TEXT.replace(*change).encode())
    os.utime(bundle, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert bundle.stat().st_size == before.st_size
    with pytest.raises(BundleChanged, match=f"^{bundle}: changed while the run read it; "):
        _write(run, splits)
