"""The text that a run prints: the plan before it, the summary after it."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.config import IngestSettings
from pipelines.job import RunSlice, Slice
from pipelines.views.attention import notices_of, passed_over_notices
from pipelines.views.translation import KINDS, PLACES, Plural, direction, gettext
from transforms import console
from transforms.bundles.errors import RejectReason
from transforms.bundles.listing import Listing
from transforms.parallel import Observer, observed
from transforms.runs.manifest import Manifest
from transforms.runs.run import Run, manifest_path
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


TITLES = {"fingerprint": "reading", "join": "deciding", "write": "writing"}
_SECONDS_BETWEEN_LINES = 5.0


def with_progress(run_slice: RunSlice, log_format: str) -> RunSlice:
    """`run_slice`, which shows on standard error how far it is.

    Args:
        run_slice: what runs a slice in this process.
        log_format: `json` for JSON lines; `text` for bars in a terminal, lines elsewhere.
    """

    def shown(run: Run, part: Slice) -> None:
        title = run.name if part.of == 1 else f"{run.name} ({part.index + 1} of {part.of})"
        if log_format == "text" and console.is_watched():
            showing = bars(part.size)
        else:
            showing = observed(Lines(title, part.size, _as_json if log_format == "json" else _as_text))
        with showing:
            run_slice(run, part)

    return shown


class Lines:
    """An observer that prints a line when some seconds have passed since the last."""

    def __init__(self, run: str, total: int, form: Callable[[dict[str, Any]], str]) -> None:
        self._run, self._total, self._form = run, total, form
        self._done = dict.fromkeys(TITLES, 0)
        self._begun = self._last = time.monotonic()

    def __call__(self, stage: str, size: int) -> None:
        """Counts, and prints a line if it is time."""
        self._done[stage] += size
        now = time.monotonic()
        if now - self._last >= _SECONDS_BETWEEN_LINES:
            self._last = now
            facts = {"run": self._run, "stage": stage, "bytes": self._done[stage], "of": self._total}
            console.tell(self._form({**facts, "seconds": round(now - self._begun, 1)}))


def _as_json(facts: dict[str, Any]) -> str:
    return console.event_line({"event": "progress", **facts})


def _as_text(facts: dict[str, Any]) -> str:
    share = 100 * facts["bytes"] / max(1, facts["of"])
    return f"{facts['run']}: {TITLES[facts['stage']]} {share:.0f}% of {facts['of']:,} bytes, {facts['seconds']:.0f} s"


@contextmanager
def bars(total: int) -> Iterator[None]:
    """A bar a pass, with bytes, rate and time left; deciding gives no bytes and has none to show."""
    from rich import progress  # noqa: PLC0415 - only where there is a terminal

    columns = (
        progress.TextColumn("{task.description:<9}"),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(compact=True, elapsed_when_finished=True),
    )
    with (
        progress.Progress(*columns, console=console.drawing(), transient=True, redirect_stdout=False) as display,
        observed(_moving(display, total)),
    ):
        yield


def _moving(display: Any, total: int) -> Observer:
    tasks = {name: display.add_task(title, total=total, start=False, visible=False) for name, title in TITLES.items()}

    def begin(stage: str) -> None:
        display.update(tasks[stage], visible=True)
        display.start_task(tasks[stage])

    following = {"fingerprint": "join", "join": "write"}

    def move(stage: str, size: int) -> None:
        display.update(tasks[stage], advance=size)
        after = following.get(stage)
        if after and display.tasks[tasks[stage]].finished:
            begin(after)

    begin("fingerprint")
    return move
