"""The text that a run prints: the plan before it, the summary after it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.config import IngestSettings
from pipelines.job import Slice
from pipelines.views.attention import notices_of, passed_over_notices
from pipelines.views.translation import KINDS, PLACES, Plural, direction, gettext
from transforms import console
from transforms.bundles.errors import RejectReason
from transforms.bundles.listing import Listing
from transforms.runs.manifest import Manifest
from transforms.runs.run import manifest_path
from transforms.storage import Folder

_COMPARED = Plural(
    "compared with what {corpus} keeps too, in {count} run", "compared with what {corpus} keeps too, in {count} runs"
)
_PREAMBLES = Plural(
    "{count} document is text before the first delimiter, or a file without one",
    "{count} documents are text before the first delimiter, or files without one",
)
# Bytes per byte of text, measured on classical Arabic books in several editions, and on synthetic news; the higher one.
SHARDS = 0.35  # documents and duplicates, in zstd Parquet, segmented text included
FINGERPRINTS = 0.95
INDEX = 0.6  # a run's segments: postings, filter, places
JOIN_MEMORY = 1.5  # one pass, fingerprints mapped
SHUFFLED_PARTITIONED = 0.97
SHUFFLED_A_SPLIT = 3_000  # bytes, by either join


@dataclass(frozen=True)
class Estimate:
    """The estimate of a run; all but the splits is computed from coefficients."""

    text_bytes: int
    splits: int
    partitioned: bool
    shard_bytes: int
    fingerprint_bytes: int
    index_bytes: int
    shuffled_bytes: int
    join_memory_bytes: int

    def lines(self) -> list[str]:
        """The estimate, a line each."""
        join = "partitioned" if self.partitioned else "one pass"
        return [
            f"{self.text_bytes:>18,}  bytes of text, {self.splits:,} splits, join: {join}",
            f"{self.shard_bytes:>18,}  bytes of shards, about",
            f"{self.fingerprint_bytes:>18,}  bytes of fingerprints, until the run is indexed",
            f"{self.index_bytes:>18,}  bytes of index",
            f"{self.shuffled_bytes:>18,}  bytes between workers",
            f"{self.join_memory_bytes:>18,}  bytes of memory where the join is decided",
        ]


def estimate(text_bytes: int, settings: IngestSettings, *, in_process: bool) -> Estimate:
    """Estimates a run over `text_bytes` of text.

    Args:
        text_bytes: uncompressed.
        settings: how it is run.
        in_process: whether it runs in one process.
    """
    splits = max(1, -(-text_bytes // settings.run.split_bytes))
    partitioned = settings.dedup.partitioned(text_bytes, in_process=in_process)
    shuffled = splits * SHUFFLED_A_SPLIT + (int(text_bytes * SHUFFLED_PARTITIONED) if partitioned else 0)
    # The partitioned join leaves similar pairs and copies to one worker: some 200 bytes of memory each.
    memory = int(text_bytes * (0.2 if partitioned else JOIN_MEMORY))
    return Estimate(
        text_bytes,
        splits,
        partitioned,
        int(text_bytes * SHARDS),
        int(text_bytes * FINGERPRINTS),
        int(text_bytes * INDEX),
        shuffled,
        memory,
    )


if TYPE_CHECKING:  # it brings the kernels along
    from rich.table import Table

    from pipelines.job import Slice


def print_plan(listing: Listing, slices: "Sequence[Slice]", settings: IngestSettings, expected: Estimate) -> None:
    """Prints what would be read and what not, what it is expected to come to, and the settings in full."""
    bundles = listing.bundles
    for bundle in bundles[:20]:
        console.answer(f"{bundle.size:>14,}  {bundle.name}")
    if len(bundles) > 20:
        console.answer(f"{'':>14}  … and {len(bundles) - 20:,} more")
    splits = sum(len(part.splits) for part in slices)
    size = sum(bundle.size for bundle in bundles)
    console.answer(f"{size:>14,}  bytes in {len(bundles):,} bundles, {splits:,} splits, {len(slices):,} runs")
    console.answer(*map(str, passed_over_notices(listing.passed_over)), "")
    console.answer(*expected.lines(), "", *settings.model_dump_json(indent=2).splitlines())


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
    return console.say, print_summary


def event_speaker(log_format: str, *, quiet: bool) -> Callable[[dict[str, Any]], None]:
    """A function that prints an event of a stream to standard output: a JSON object a line, or a sentence."""
    if quiet:
        return lambda _: None
    if log_format == "json":
        return _print_json
    return lambda event: console.say(_SENTENCES[event["event"]](event))


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
    console.say(console.event_line(facts))


def _print_json_summary(output: Folder, manifest: Manifest) -> None:
    keys = {
        "run",
        "counts",
        "bytes",
        "preambles",
        "rejects",
        "repaired",
        "findings",
        "passed_over",
        "source",
        "dedup",
        "seconds",
    }
    facts = manifest.model_dump(mode="json", by_alias=True, include=keys)
    _print_json({"event": "committed", "output": output.url, **facts})


def print_summary(output: Folder, manifest: Manifest, say: Callable[..., None] = console.say) -> None:
    """Prints what came in, where it went, and where it lies, with `say`."""
    say(*(_as_table(manifest) if direction() == "ltr" else _as_lines(manifest)))
    say(*_facts(manifest), *map(str, notices_of(manifest)))
    written = sum(file.bytes for file in manifest.files)
    figures = {"read": manifest.bytes, "written": written, "seconds": manifest.seconds.total}
    say(gettext("{read} bytes read, {written} written, {seconds:.1f} s", **figures))
    say(output.at(manifest_path(manifest.run)))


def _as_table(manifest: Manifest) -> Iterator["Table"]:
    counts = manifest.counts.by_kind()
    heads = ["", *(gettext(PLACES[place]) for place in counts["documents"])]
    rows = [[gettext(KINDS[kind]), *(f"{n:,}" for n in tally.values())] for kind, tally in counts.items()]
    yield console.table(heads, rows, title=gettext("Run {run}", run=manifest.run), left=[""])


def _as_lines(manifest: Manifest) -> Iterator[str]:
    """The same in lines: terminals that write from right to left turn each row of a table by itself, heads or not."""
    yield gettext("Run {run}", run=manifest.run)
    for kind, tally in manifest.counts.by_kind().items():
        figures = (f"{gettext(PLACES[place])} {count:,}" for place, count in tally.items())
        yield f"{gettext(KINDS[kind])}: {gettext(', ').join(figures)}"


def _facts(manifest: Manifest) -> Iterator[str]:
    """Sentences on duplicates, on corpora compared with, on documents without delimiters, on rejects."""
    exact, near = manifest.dedup.exact, manifest.dedup.near
    yield gettext("{exact} exact and {near} near duplicates", exact=exact, near=near)
    for each in manifest.against:
        yield _COMPARED.of(len(each.runs), corpus=each.url)
    if manifest.preambles:
        yield _PREAMBLES.of(manifest.preambles)
    rejected = {reason: count for reason, count in manifest.rejects.items() if reason != RejectReason.REPAIRED}
    if rejected:
        reasons = gettext(", ").join(f"{count:,} {reason}" for reason, count in rejected.items())
        yield gettext("rejected, see rejects/: {reasons}", reasons=reasons)
