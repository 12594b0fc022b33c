"""The manifest: what it says comes back as it was, and what is no manifest is one clear error."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from tests.runs.samples import STARTED, manifest, manifests
from transforms.filesystems import OutputError
from transforms.runs.manifest import FORMAT, Counts, Manifest, RunKey, SlicePlace, Tally
from transforms.runs.run import parse_manifest
from transforms.written import WrittenFile

ORIGIN = "s3://bucket/out/manifests/يوم-1.json"


def text_of(fields: Any) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode()


def fields_of(one: Manifest) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(one.to_json())
    return found


def refusal(text: bytes) -> str:
    """The line that says why a text is no manifest."""
    with pytest.raises(OutputError) as caught:
        parse_manifest(text, ORIGIN)
    line = str(caught.value)
    assert line.startswith(f"{ORIGIN}: is not a manifest (")
    assert line.endswith("; restore it from a backup")
    assert "\n" not in line
    assert caught.value.exit_code == 2
    return line


@settings(deadline=None, max_examples=100)
@given(manifests)
def test_what_is_written_is_read(one: Manifest) -> None:
    assert parse_manifest(one.to_json().encode(), ORIGIN) == one


@settings(deadline=None, max_examples=50)
@given(manifests)
def test_the_text_is_the_same_however_often_it_is_read_and_written(one: Manifest) -> None:
    assert parse_manifest(one.to_json().encode(), ORIGIN).to_json() == one.to_json()


def test_the_keys_are_a_contract() -> None:
    fields = fields_of(manifest("a"))
    assert list(fields) == [
        "format", "run", "state", "sequence", "started", "settings", "versions", "passed_over", "inputs", "counts",
        "bytes", "preambles", "rejects", "repaired", "findings", "dedup", "seconds", "files",
    ]  # fmt: skip
    assert (fields["format"], fields["run"], fields["state"]) == (1, "a", "committed")
    assert fields["counts"]["paragraphs"] == {"in": 3, "kept": 2, "duplicate": 1, "filtered": 0, "rejected": 0}
    place = SlicePlace(plan="p", index=0, of=2)
    assert fields_of(manifest("a", slice=place))["slice"] == {"plan": "p", "index": 0, "of": 2}


def test_a_manifest_is_readable_by_people() -> None:
    text = manifest("a").to_json()
    assert '"words": "قلم"' in text
    assert len(text.splitlines()) > 30
    assert text.endswith("}\n")


def test_one_of_a_rafid_that_wrote_no_format_is_read() -> None:
    fields = fields_of(manifest("a"))
    del fields["format"]
    assert parse_manifest(text_of(fields), ORIGIN) == manifest("a")


@pytest.mark.parametrize("version", [0, 2, 99, "2", "1", None, 1.5, [1]])
def test_an_unknown_format_is_one_clear_error(version: Any) -> None:
    line = refusal(text_of(fields_of(manifest("a")) | {"format": version}))
    assert f"format: Value error, this Rafid reads format {FORMAT}" in line


@pytest.mark.parametrize("where", [(), ("counts",), ("counts", "documents"), ("dedup",), ("files", 0)])
def test_an_unknown_key_is_one_clear_error(where: tuple[str | int, ...]) -> None:
    file = WrittenFile("documents/run=a/0.parquet", 1, 2, "ab")
    fields = fields_of(manifest("a", files=[file]))
    inner: Any = fields
    for key in where:
        inner = inner[key]
    inner["ألف"] = 1
    assert f"({'.'.join(map(str, [*where, 'ألف']))}: Extra inputs are not permitted)" in refusal(text_of(fields))


@pytest.mark.parametrize("key", ["run", "sequence", "started", "settings", "inputs", "counts", "dedup", "files"])
def test_a_missing_key_is_named(key: str) -> None:
    fields = fields_of(manifest("a"))
    del fields[key]
    assert f"({key}: Field required)" in refusal(text_of(fields))


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"state": "open"}, "state: "),
        ({"sequence": "first"}, "sequence: "),
        ({"rejects": {"empty": "many"}}, "rejects.empty: "),
        ({"counts": {"documents": {}}}, "counts.documents.in: "),
        ({"files": [{"path": "a"}]}, "files.0.rows: "),
        ({"inputs": None}, "inputs: "),
    ],
)
def test_a_value_that_is_none_is_named(changed: dict[str, Any], named: str) -> None:
    assert f"({named}" in refusal(text_of(fields_of(manifest("a")) | changed))


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"run": "a\nb"}', b"{}" * 2])
def test_what_is_no_json_object_is_one_clear_error(text: bytes) -> None:
    refusal(text)


def test_a_run_is_known_by_its_name_and_when_it_began() -> None:
    assert manifest("a").key == RunKey("a", STARTED)
    assert manifest("a").key != manifest("a", started="2026-11-22T10:00:02+00:00").key
    assert (manifest("a").plan, manifest("a", slice=SlicePlace(plan="p", index=1, of=2)).plan) == ("", "p")


def test_settings_are_asked_for_by_dotted_names() -> None:
    assert manifest("a").setting("dedup.threshold") == 0.7
    assert manifest("a").setting("dedup") == {"threshold": 0.7, "scope": "corpus"}
    for name in ("dedup.shingle", "dedup.threshold.x"):
        with pytest.raises(OutputError, match=f"manifest of run a: has no setting {name}; restore it"):
            manifest("a").setting(name)


def test_files_are_those_of_the_ledger_alone() -> None:
    paths = ["documents/run=a/0.parquet", "documents/run=a/1.parquet", "rejects/run=a/0.parquet"]
    one = manifest("a", files=[WrittenFile(path, 1, 2, "ab") for path in paths])
    assert one.files_of("documents") == paths[:2]
    assert one.files_of("rejects") == paths[2:]
    assert one.files_of("filtered") == []


@pytest.mark.parametrize(
    "path",
    [
        "documents/../../victim/run=a/0.parquet",
        "/etc/passwd",
        "documents/run=a/../run=b/0.parquet",
        "documents/run=b/0.parquet",
        "documents2/run=a/0.parquet",
        "documents/run=a/0~1.parquet",
        "documents/run=a/.0.parquet",
        "documents/run=a/0",
        "documents/run=a",
        "manifests/a.json",
        "index/run=a/index.json",
        "",
    ],
)
def test_a_file_that_is_not_of_the_run_is_one_clear_error(path: str) -> None:
    """Paths in manifests are opened, exported, compared with what is on the disk."""
    fields = fields_of(manifest("a")) | {"files": [{"path": path, "rows": 1, "bytes": 2, "sha256": "ab"}]}
    assert f"files: {path!r} is no file of this run" in refusal(text_of(fields))


@pytest.mark.parametrize("name", ["../rafid", "a/b", "", ".a", "a b", "ب", "a\nb", "a~1", "x" * 121])
def test_a_name_that_no_run_can_have_is_one_clear_error(name: str) -> None:
    assert "(run: Value error, run " in refusal(text_of(fields_of(manifest("a")) | {"run": name}))


def test_generations_are_told_only_where_there_were_others() -> None:
    assert "generation" not in fields_of(manifest("a"))
    later = manifest("a", generation=2, files=[WrittenFile("documents/run=a/0~2.parquet", 1, 2, "ab")])
    assert fields_of(later)["generation"] == 2
    assert (later.id, later.key) == ("a~2", RunKey("a", STARTED, 2))


def test_nothing_in_a_manifest_is_changed_afterwards() -> None:
    one = manifest("a")
    with pytest.raises(ValidationError, match="frozen"):
        one.run = "b"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        one.counts.documents.kept = 7  # type: ignore[misc]


def test_counts_are_given_by_their_names() -> None:
    tally = Tally.of(1, 2, 3, 4)
    assert (tally.total, tally.kept, tally.duplicate, tally.filtered, tally.rejected) == (10, 1, 2, 3, 4)
    assert Counts().by_kind() == {kind: Tally.of().by_place() for kind in ("documents", "paragraphs")}
