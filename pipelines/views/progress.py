"""The progress of a run: bars in a terminal, lines elsewhere, with the rate and the time left."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from pipelines.job import RunSlice, Slice
from transforms import console
from transforms.parallel import Observer, observed
from transforms.runs.run import Run

TITLES = {"fingerprint": "reading", "join": "deciding", "write": "writing"}
_FOLLOWING = {"fingerprint": "join", "join": "write"}
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
        self._lock = Lock()
        self._done = dict.fromkeys(TITLES, 0)
        self._begun = self._last = time.monotonic()
        self._stages = {"fingerprint": self._begun}

    def __call__(self, stage: str, size: int) -> None:
        """Counts, and prints a line if it is time."""
        with self._lock:
            self._count(stage, size)

    def _count(self, stage: str, size: int) -> None:
        self._done[stage] += size
        if self._done[stage] >= self._total and stage in _FOLLOWING:
            self._stages.setdefault(_FOLLOWING[stage], time.monotonic())
        self._stages.setdefault(stage, time.monotonic())
        now = time.monotonic()
        if now - self._last >= _SECONDS_BETWEEN_LINES:
            self._last = now
            console.tell(self._form(self._facts(stage, now)))

    def _facts(self, stage: str, now: float) -> dict[str, Any]:
        """The bytes that a stage is done with, its rate a second, and the seconds that the rest takes at this rate."""
        done, since = self._done[stage], now - self._stages[stage]
        rate = done / since if since > 0 else 0.0
        facts = {"run": self._run, "stage": stage, "bytes": done, "of": self._total, "rate": round(rate)}
        left = {"left": round(max(0, self._total - done) / rate, 1)} if rate else {}
        return {**facts, **left, "seconds": round(now - self._begun, 1)}


def _as_json(facts: dict[str, Any]) -> str:
    return console.event_line({"event": "progress", **facts})


def _as_text(facts: dict[str, Any]) -> str:
    share = 100 * facts["bytes"] / max(1, facts["of"])
    rate = f", {facts['rate'] / 1e6:.1f} MB/s" if facts["rate"] else ""
    left = f", {facts['left']:.0f} s left" if facts.get("left") else ""
    stage = f"{TITLES[facts['stage']]} {share:.0f}% of {facts['of']:,} bytes"
    return f"{facts['run']}: {stage}, {facts['seconds']:.0f} s{rate}{left}"


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
    display.update(tasks["join"], total=None)  # whose bar goes to and fro until all is decided

    def begin(stage: str) -> None:
        display.update(tasks[stage], visible=True)
        display.start_task(tasks[stage])

    def move(stage: str, size: int) -> None:
        display.update(tasks[stage], advance=size, total=total)
        after = _FOLLOWING.get(stage)
        if after and display.tasks[tasks[stage]].finished:
            begin(after)

    begin("fingerprint")
    return move
