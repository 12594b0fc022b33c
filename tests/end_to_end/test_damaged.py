"""500 damaged bundles through the whole job: nothing stops it, and everything is in one place."""

import json
from pathlib import Path

from tests.bundles.damage import damaged_bundles
from tests.corpus import check_counts, check_files, read_corpus
from tests.plain_run import run_plainly


def test_damaged_bundles_make_a_balanced_corpus(seeds: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    sources = [path.read_bytes() for path in sorted(seeds.glob("*.txt"))]
    for number, damaged in enumerate(damaged_bundles(sources, 500)):
        (folder / f"{number:03d}").write_bytes(damaged.data)
    manifest = run_plainly(tmp_path / "out", [str(folder)], 1 << 21)
    corpus = read_corpus(tmp_path / "out", "x")
    check_files(tmp_path / "out", "x")
    check_counts(corpus)
    assert len(manifest.inputs) == 500
    assert sum(manifest.rejects.values()) == len(corpus.rejects)
    assert {"truncated_stream", "corrupt_stream", "not_text", "empty_document"} <= set(manifest.rejects)
    assert corpus.manifest["counts"]["documents"]["in"] > 5_000
    assert json.dumps(manifest.rejects) == json.dumps(corpus.manifest["rejects"])
