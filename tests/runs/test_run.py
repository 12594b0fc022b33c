"""Where files lie: a contract with readers."""

from transforms.runs.run import LEDGER_FOLDERS, RunPaths, manifest_path, run_folder

PATHS = RunPaths("s3://bucket/corpus", "2026-11")


def test_the_layout_is_what_readers_were_told() -> None:
    assert LEDGER_FOLDERS == ("documents", "duplicates", "filtered", "rejects")
    assert manifest_path("2026-11") == "manifests/2026-11.json"
    assert run_folder("documents", "2026-11") == "documents/run=2026-11"
    assert [PATHS.shard(ledger, "000003-ab") for ledger in LEDGER_FOLDERS] == [
        f"{ledger}/run=2026-11/000003-ab.parquet" for ledger in LEDGER_FOLDERS
    ]


def test_what_lies_between_stages_lies_in_the_index_of_the_run() -> None:
    assert PATHS.fingerprint("000003-ab") == "index/run=2026-11/fingerprints/000003-ab.arrow"
    assert PATHS.verdicts("000003-ab") == PATHS.verdict_folder() + "/000003-ab.arrow"
    assert PATHS.join_figures().startswith("index/run=2026-11/")
