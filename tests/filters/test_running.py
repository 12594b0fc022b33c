"""Filters: found by name, asked of documents, and what they leave out goes to filtered/ with rule and reason."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.config import load_settings
from pipelines.ingest import main
from tests.conftest import UNSEGMENTED
from tests.corpus import Corpus, check_counts, check_files, read_corpus
from tests.plain_job import ingest_plainly, settings_for, write_bundles
from transforms.errors import RafidError, UsageError
from transforms.filters.running import FilterFailed, FilterUnusable, load_filters
from transforms.filters.settings import FilterSettings
from transforms.shards.checking import check_run
from transforms.storage import Folder

HERE = "tests.filters.examples"
BODIES = [
    "قال الراوي إن النهر كان يفيض كل عام في الربيع ويسقي الحقول",
    "وكان أهل القرية يجتمعون عند البئر\nفي المساء بعد صلاة العصر",
    "نشر الخبر",
    "نشر الخبر اليوم في الصحف",
    "This is plain English text about the river and the fields",
    "كلمة\n\nأخرى",
]
documents = st.lists(st.tuples(st.sampled_from(["خبر", "مقال", "إعلان"]), st.sampled_from(BODIES)), max_size=9)


def bundle_of(entries: list[tuple[str, str]]) -> str:
    return "".join(f"<<<FILE>>> {name} {number}\n{body}\n" for number, (name, body) in enumerate(entries))


def filtered(corpus: Corpus) -> list[tuple[str, str, str | None]]:
    """The name, rule and reason of each document that was left out."""
    return [(row["name"], row["rule"], row["reason"]) for row in corpus.filtered]


@settings(deadline=None, max_examples=40)
@given(documents, st.integers(64, 400), st.integers(1, 6), st.booleans())
def test_what_is_left_out_and_why_depends_on_the_document_alone(
    entries: list[tuple[str, str]], split: int, words: int, arabic: bool
) -> None:
    """The gate of languages first, then the filters in order, however the input is cut."""
    wanted = []
    for number, (name, body) in enumerate(entries):
        count = len(body.split())
        if arabic and body.startswith("This"):
            wanted.append((f"{name} {number}", "language", None))
        elif count < words:
            wanted.append((f"{name} {number}", f"{HERE}:short", f"{count} words"))
        elif "إعلان" in name:
            wanted.append((f"{name} {number}", f"{HERE}:named", "إعلان"))
    chosen = [
        {"use": f"{HERE}:short", "words": words},
        {"use": f"{HERE}:named", "part": "إعلان"},
        f"{HERE}:nothing",
    ]
    with TemporaryDirectory() as name:
        write_bundles(Path(name) / "in", {"أ.txt": bundle_of(entries)})
        keep: Any = {"language__keep": ["ar"]} if arabic else {}
        asked = settings_for(
            Path(name) / "out", Path(name) / "in", run__id="x", filters=chosen, run__split_bytes=split, **keep
        )
        ingest_plainly(asked)
        corpus = read_corpus(Path(name) / "out", "x")
        check_counts(corpus)
        check_files(Path(name) / "out", "x")
        assert filtered(corpus) == wanted
        assert check_run(Folder(str(Path(name) / "out")), _manifest(Path(name) / "out")) == []


def _manifest(output: Path) -> Any:
    from transforms.runs.catalog import committed_runs  # noqa: PLC0415

    (found,) = committed_runs(Folder(str(output)))
    return found


def test_a_document_that_is_left_out_stands_for_no_other(tmp_path: Path) -> None:
    write_bundles(tmp_path / "in", {"a.txt": bundle_of([("إعلان", BODIES[0]), ("مقال", BODIES[0])])})
    chosen = [{"use": f"{HERE}:named", "part": "إعلان"}]
    ingest_plainly(settings_for(tmp_path / "out", tmp_path / "in", run__id="x", filters=chosen))
    corpus = read_corpus(tmp_path / "out", "x")
    assert [row["name"] for row in corpus.documents] == ["مقال 1"]
    assert (filtered(corpus), corpus.duplicates) == ([("إعلان 0", f"{HERE}:named", "إعلان")], [])
    ingest_plainly(settings_for(tmp_path / "out", tmp_path / "in", run__id="y"))  # from its index
    (row,) = [row for row in read_corpus(tmp_path / "out", "y").duplicates if row["doc_id"] != row["kept_doc_id"]]
    assert row["kept_run"] == "x"


def test_entries_are_texts_or_mappings(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(f"filters:\n- {HERE}:short\n- use: {HERE}:named\n  part: إعلان\n", encoding="utf-8")
    for asked in (
        load_settings(str(file), [], {}),
        load_settings(None, [f"filters=[{HERE}:short, {{use: '{HERE}:named', part: إعلان}}]"], {}),
    ):
        assert [(each.use, each.arguments) for each in asked.filters] == [
            (f"{HERE}:short", {}),
            (f"{HERE}:named", {"part": "إعلان"}),
        ]
        again = type(asked).model_validate_json(asked.model_dump_json())
        assert again == asked


@pytest.mark.parametrize(
    ("entry", "wanted"),
    [
        ("tests.filters.nowhere:f", "module tests.filters.nowhere cannot be imported (ModuleNotFoundError"),
        (f"{HERE}:absent", f"module {HERE} has no function absent"),
        (f"{HERE}:NUMBER", f"module {HERE} has no function NUMBER"),
        (f"{HERE}:named", "missing a required argument: 'part'; its settings: part"),
        ({"use": f"{HERE}:short", "sentences": 3}, "unexpected keyword argument 'sentences'; its settings: words"),
        (f"{HERE}:refuses", "ValueError: share: should be at most 1; it was called with its settings and no documents"),
        (f"{HERE}:counts", "returned an array of int64, not a list of a text or None"),
    ],
)
def test_what_cannot_be_a_filter_is_said_before_the_run(
    entry: Any, wanted: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given_filters = [FilterSettings.model_validate({"use": entry} if isinstance(entry, str) else entry)]
    with pytest.raises(FilterUnusable) as caught:
        load_filters(given_filters)
    assert wanted in str(caught.value)
    config = tmp_path / "a.yaml"
    config.write_text(load_settings(None, [], {"filters": [entry]}).model_dump_json(include={"filters"}))
    write_bundles(tmp_path / "in", {"a.txt": BODIES[0]})
    command = ["--input", str(tmp_path / "in"), "--output", str(tmp_path / "out"), "--config", str(config)]
    assert main([*command, *UNSEGMENTED]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert wanted in line
    assert not (tmp_path / "out").exists()
    assert main([*command, "--dry-run"]) == 2


def test_what_is_no_name_of_a_function() -> None:
    for entry in ("short", "a.b", "a:b:c", ":f", "a/b.py:f"):
        with pytest.raises(UsageError, match=r"filters\.0\.use: .* should be MODULE:FUNCTION"):
            load_settings(None, [], {"filters": [entry]})


@pytest.mark.parametrize(
    ("entry", "wanted"),
    [
        (
            {"use": f"{HERE}:fails_on", "word": "العصر"},
            f"filters: {HERE}:fails_on: failed on document a.txt@{{}} ('مقال 1'): ValueError: no العصر here",
        ),
        (f"{HERE}:fails_on_several", f"{HERE}:fails_on_several: failed on document a.txt@0 ('خبر 0'): RuntimeError"),
        (f"{HERE}:too_few", f"{HERE}:too_few: returned 0 reasons for 3 documents, for documents from a.txt@0"),
        (f"{HERE}:wrong", f"{HERE}:wrong: returned dict {{{{'a': 'b'}}}}, not a list of a text or None"),
    ],
)
def test_a_filter_that_fails_ends_the_run_with_one_line(
    entry: Any, wanted: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = bundle_of([("خبر", BODIES[0]), ("مقال", BODIES[1]), ("مقال", BODIES[3])])
    write_bundles(tmp_path / "in", {"a.txt": text})
    wanted = wanted.format(len(text[: text.index("<<<FILE>>> مقال 1")].encode()))
    with pytest.raises(FilterFailed) as caught:
        ingest_plainly(settings_for(tmp_path / "plain", tmp_path / "in", filters=[entry]))
    assert wanted in str(caught.value)
    config = tmp_path / "a.yaml"
    config.write_text(load_settings(None, [], {"filters": [entry]}).model_dump_json(include={"filters"}))
    command = ["--input", str(tmp_path / "in"), "--output", str(tmp_path / "out"), "--config", str(config)]
    assert main([*command, *UNSEGMENTED, "--quiet"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert wanted in line
    assert not list((tmp_path / "out").glob("manifests/*.json"))


def test_errors_are_of_their_kinds() -> None:
    assert FilterUnusable("x").exit_code == 2
    assert FilterFailed("x").exit_code == 1
    assert issubclass(FilterFailed, RafidError)


@pytest.mark.parametrize("rows", [1, 3])
def test_batches_are_bounded_and_every_document_is_asked_once(
    rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.filters import examples  # noqa: PLC0415

    seen: list[int] = []

    def record(batch: Any) -> list[None]:
        seen.append(len(batch))
        return [None] * len(batch)

    monkeypatch.setattr(examples, "nothing", record)
    monkeypatch.setattr("transforms.filters.running._ROWS", rows)
    monkeypatch.setattr("transforms.filters.running._BYTES", 200)
    write_bundles(tmp_path / "in", {"a.txt": bundle_of([("مقال", body) for body in BODIES])})
    ingest_plainly(settings_for(tmp_path / "out", tmp_path / "in", filters=[f"{HERE}:nothing"]))
    asked = [each for each in seen if each]  # once it was called with none
    assert sum(asked) == len(BODIES)
    assert max(asked) <= rows
    assert len(asked) > len(BODIES) // 3
