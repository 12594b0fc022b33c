"""What a run prints."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.config import IngestSettings
from pipelines.job import Slice
from pipelines.views.attention import notices_of
from pipelines.views.summary import estimate, print_plan, print_summary
from tests.plain_run import run_plainly
from transforms.bundles.errors import PassedReason
from transforms.bundles.findings import Kind
from transforms.bundles.listing import Bundle, Listing, PassedOver
from transforms.runs.manifest import Manifest
from transforms.runs.run import parse_manifest
from transforms.storage import Folder


@pytest.fixture(scope="module")
def manifest(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return run_plainly(tmp_path_factory.mktemp("summary"), [f"{seeds}/*.txt"], 1 << 20)


def test_a_summary_has_every_figure(manifest: Manifest, capsys: pytest.CaptureFixture[str]) -> None:
    print_summary(Folder("/data/[corpus]"), manifest.model_copy(update={"bytes": 123456789, "preambles": 31}))
    printed = capsys.readouterr().out
    assert "Run x" in printed
    for name, tally in manifest.counts.by_kind().items():
        (row,) = [
            line.replace("│", " ").split() for line in printed.splitlines() if f" {name} " in line and "│" in line
        ]
        assert row == [name, *(f"{count:,}" for count in tally.values())]
    dedup = manifest.dedup
    for said in (f"{dedup.exact:,} exact and {dedup.near:,} near", "123,456,789 bytes read", "31 documents"):
        assert said in printed
    assert "/data/[corpus]/manifests/x.json" in printed


def test_a_plan_of_many_bundles_is_cut_short(capsys: pytest.CaptureFixture[str]) -> None:
    bundles = [Bundle(f"[b]{number:03d}.txt", f"/in/{number}", 1000, "", "") for number in range(50)]
    expected = estimate(50_000, IngestSettings(), in_process=True)
    passed = [PassedOver(f"/in/.h{number}", PassedReason.HIDDEN) for number in range(7)]
    passed += [PassedOver("/in/new\nline.md", PassedReason.ENDING), PassedOver("/in/_t/", PassedReason.HIDDEN)]
    print_plan(Listing(bundles, passed), [Slice((), 0, 1)], IngestSettings(), expected)
    printed = capsys.readouterr().out
    assert "[b]019.txt" in printed
    assert "[b]020.txt" not in printed
    assert "… and 30 more" in printed
    assert "50,000  bytes in 50 bundles" in printed
    assert [line for line in expected.lines() if line.strip() not in printed] == []
    hidden = "8 files passed over, hidden (names that begin with . or _): /in/.h0; /in/.h1; /in/.h2; /in/.h3; /in/.h4; "
    assert f"{hidden}and 3 more" in printed
    assert "1 file passed over, of another ending (see input.endings): /in/new⟦U+000A⟧line.md" in printed


def with_values(manifest: Manifest, **values: Any) -> Manifest:
    return Manifest.model_validate({**manifest.model_dump(by_alias=True), **values})


def test_what_to_look_at_is_said(manifest: Manifest, capsys: pytest.CaptureFixture[str]) -> None:
    assert notices_of(with_values(manifest, findings={})) == []
    (mentioned,) = notices_of(manifest)  # a seed speaks of the delimiter in a sentence
    assert mentioned.sentence.startswith("1 delimiter stands inside a line")
    places = [{"bundle": "a\u202e.txt", "offset": 1234, "excerpt": "<<<FILE>>>ب"}]
    odd = with_values(
        manifest,
        rejects={"not_text": 2, "repaired": 3},
        repaired={"documents": 3, "characters": 1500},
        findings={"delimiter_inside_line": {"count": 7, "places": places}, "html": {"count": 1, "places": []}},
        passed_over=[{"url": "/in/z.tmp", "reason": "unfinished"}, {"url": "/in/l.txt", "reason": "broken_link"}],
    )
    print_summary(Folder("/data"), odd)
    printed = capsys.readouterr().out
    for said in (
        "rejected, see rejects/: 2 not_text\n",
        "3 documents repaired in 1,500 characters; their bytes are in rejects/\n",
        "7 delimiters stand inside a line, as after a file that does not end its last line; no document begins there: "
        "a⟦U+202E⟧.txt, byte 1,234: <<<FILE>>>ب\n",
        "1 document looks like HTML; taken as text\n",
        "1 file passed over, unfinished (.tmp, .part, .crdownload, ~): /in/z.tmp\n",
        "1 file passed over, a link that leads nowhere: /in/l.txt\n",
    ):
        assert said in printed


def test_every_kind_and_reason_has_its_words(manifest: Manifest) -> None:
    findings = {kind.value: {"count": 1, "places": []} for kind in Kind}
    passed = [{"url": "x", "reason": reason.value} for reason in PassedReason]
    said = notices_of(with_values(manifest, findings=findings, passed_over=passed))
    assert len(said) == len(Kind) + len(PassedReason)


def test_a_manifest_of_before_still_reads(manifest: Manifest) -> None:
    known = json.loads(manifest.to_json())
    for key in ("findings", "passed_over", "repaired"):
        del known[key]
    assert notices_of(parse_manifest(json.dumps(known).encode(), "x.json")) == []
