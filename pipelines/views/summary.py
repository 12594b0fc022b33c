"""What a run prints: the plan before it, the summary behind it."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from pipelines.config import IngestSettings
from pipelines.planning import Estimate
from pipelines.views.attention import notices_of, passed_over_notices
from transforms import storage
from transforms.bundles.errors import RejectReason
from transforms.bundles.listing import Listing

if TYPE_CHECKING:  # it brings the kernels along
    from pipelines.job import Slice


def print_plan(listing: Listing, slices: "Sequence[Slice]", settings: IngestSettings, expected: Estimate) -> None:
    """Prints what would be read and what not, what it is expected to come to, and the settings in full."""
    bundles = listing.bundles
    console = Console(soft_wrap=True, highlight=False)
    for bundle in bundles[:20]:
        console.print(f"{bundle.size:>14,}  {bundle.name}", markup=False)
    if len(bundles) > 20:
        console.print(f"{'':>14}  … and {len(bundles) - 20:,} more")
    splits = sum(len(part.splits) for part in slices)
    size = sum(bundle.size for bundle in bundles)
    console.print(f"{size:>14,}  bytes in {len(bundles):,} bundles, {splits:,} splits, {len(slices):,} runs\n")
    passed = [{"url": each.url, "reason": each.reason.value} for each in listing.passed_over]
    for notice in passed_over_notices(passed):
        console.print(str(notice), markup=False)
    if passed:
        console.print()
    for line in expected.lines():
        console.print(line)
    console.print()
    console.print(settings.model_dump_json(indent=2), markup=False)


def speakers(log_format: str, *, quiet: bool) -> tuple[Callable[[str], None], Callable[[str, dict[str, Any]], None]]:
    """What says a notice, and what says the summary of a run, to standard output.

    Args:
        log_format: `json` for a JSON object a line; `text` for people.
        quiet: say nothing.
    """
    if quiet:
        return lambda _: None, lambda *_: None
    if log_format == "json":
        return lambda message: _print_json({"event": "notice", "message": message}), _print_json_summary
    return partial(print, flush=True), print_summary


def event_speaker(log_format: str, *, quiet: bool) -> Callable[[dict[str, Any]], None]:
    """What says an event of a stream to standard output: a JSON object a line, or for people."""
    if quiet:
        return lambda _: None
    if log_format == "json":
        return _print_json
    return lambda event: print(_SENTENCES[event["event"]](event), flush=True)


def _committed(event: dict[str, Any]) -> str:
    paragraphs = event["paragraphs"]
    return (
        f"run {event['run']}: {event['bundles']:,} bundles, {paragraphs['in']:,} paragraphs, "
        f"{paragraphs['kept']:,} kept, {event['lag_seconds']:.1f} s after the first bundle arrived"
    )


_SENTENCES: dict[str, Callable[[dict[str, Any]], str]] = {
    "notice": lambda event: str(event["message"]),
    "committed": _committed,
    "stream": lambda event: (
        f"{event['windows']:,} windows, {event['kept']:,} paragraphs kept, {event['lag_seconds']:.1f} s behind"
    ),
    "cancelled": lambda _: "ended at once; what is not committed is not there",
}


def _print_json(facts: dict[str, Any]) -> None:
    print(json.dumps(facts, ensure_ascii=False), flush=True)


def _print_json_summary(output: str, manifest: dict[str, Any]) -> None:
    keys = ("run", "counts", "bytes", "preambles", "rejects", "repaired", "findings", "passed_over", "dedup", "seconds")
    _print_json({"event": "committed", "output": output, **{key: manifest[key] for key in keys if key in manifest}})


def print_summary(output: str, manifest: dict[str, Any]) -> None:
    """Prints what came in, where it went, and where it lies."""
    documents, paragraphs = manifest["counts"]["documents"], manifest["counts"]["paragraphs"]
    table = Table(title=f"Run {manifest['run']}", title_justify="left")
    table.add_column("")
    for place in documents:
        table.add_column(place, justify="right")
    for name, tally in (("documents", documents), ("paragraphs", paragraphs)):
        table.add_row(name, *(f"{count:,}" for count in tally.values()))
    console = Console(highlight=False)
    console.print(table)
    seconds, dedup = manifest["seconds"]["total"], manifest["dedup"]
    written = sum(file["bytes"] for file in manifest["files"])
    console.print(f"{dedup['exact']:,} exact and {dedup['near']:,} near duplicates", markup=False)
    if manifest["preambles"]:
        console.print(f"{manifest['preambles']:,} documents are text before the first delimiter, or files without one")
    rejected = {reason: count for reason, count in manifest["rejects"].items() if reason != RejectReason.REPAIRED}
    if rejected:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in rejected.items())
        console.print(f"rejected, see rejects/: {reasons}", markup=False)
    for notice in notices_of(manifest):
        console.print(str(notice), markup=False, soft_wrap=True)
    console.print(f"{manifest['bytes']:,} bytes read, {written:,} written, {seconds:.1f} s")
    console.print(f"{storage.join(output, 'manifests', manifest['run'] + '.json')}", soft_wrap=True, markup=False)
