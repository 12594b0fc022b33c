"""The text that a run prints: the plan before it, the summary after it."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from pipelines.config import IngestSettings
from pipelines.planning import Estimate
from transforms.bundles.listing import Bundle
from transforms.runs.manifest import Manifest
from transforms.runs.run import manifest_path
from transforms.storage import Folder

if TYPE_CHECKING:  # it brings the kernels along
    from pipelines.job import Slice


def print_plan(
    bundles: Sequence[Bundle], slices: "Sequence[Slice]", settings: IngestSettings, expected: Estimate
) -> None:
    """Prints what would be read, what it is expected to come to, and the settings in full."""
    console = Console(soft_wrap=True, highlight=False)
    for bundle in bundles[:20]:
        console.print(f"{bundle.size:>14,}  {bundle.name}", markup=False)
    if len(bundles) > 20:
        console.print(f"{'':>14}  … and {len(bundles) - 20:,} more")
    splits = sum(len(part.splits) for part in slices)
    size = sum(bundle.size for bundle in bundles)
    console.print(f"{size:>14,}  bytes in {len(bundles):,} bundles, {splits:,} splits, {len(slices):,} runs\n")
    for line in expected.lines():
        console.print(line)
    console.print()
    console.print(settings.model_dump_json(indent=2), markup=False)


def speakers(log_format: str, *, quiet: bool) -> tuple[Callable[[str], None], Callable[[Folder, Manifest], None]]:
    """Two functions that print to standard output: a notice, and the summary of a run.

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
    """A function that prints an event of a stream to standard output: a JSON object a line, or a sentence."""
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


def _print_json_summary(output: Folder, manifest: Manifest) -> None:
    keys = {"run", "counts", "bytes", "preambles", "rejects", "dedup", "seconds"}
    facts = manifest.model_dump(mode="json", by_alias=True, include=keys)
    _print_json({"event": "committed", "output": output.url, **facts})


def print_summary(output: Folder, manifest: Manifest) -> None:
    """Prints what came in, where it went, and where it lies."""
    table = Table(title=f"Run {manifest.run}", title_justify="left")
    table.add_column("")
    for place in manifest.counts.documents.by_place():
        table.add_column(place, justify="right")
    for name, tally in manifest.counts.by_kind().items():
        table.add_row(name, *(f"{count:,}" for count in tally.values()))
    console = Console(highlight=False)
    console.print(table)
    written = sum(file.bytes for file in manifest.files)
    console.print(f"{manifest.dedup.exact:,} exact and {manifest.dedup.near:,} near duplicates", markup=False)
    if manifest.preambles:
        console.print(f"{manifest.preambles:,} documents are text before the first delimiter, or files without one")
    if manifest.rejects:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in manifest.rejects.items())
        console.print(f"rejected, see rejects/: {reasons}", markup=False)
    console.print(f"{manifest.bytes:,} bytes read, {written:,} written, {manifest.seconds.total:.1f} s")
    console.print(output.at(manifest_path(manifest.run)), soft_wrap=True, markup=False)
