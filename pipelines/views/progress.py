"""The progress of a run in this process: bars in a terminal, a line every few seconds elsewhere, or JSON lines."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pipelines.job import RunSlice, Slice
from transforms.progress import Observer, observed
from transforms.runs.run import Run

_TITLES = {"fingerprint": "reading", "join": "deciding", "write": "writing"}
_SECONDS_BETWEEN_LINES = 5.0


def with_progress(run_slice: RunSlice, log_format: str) -> RunSlice:
    """`run_slice`, which shows on standard error how far it is.

    Args:
        run_slice: what runs a slice in this process.
        log_format: `json` for JSON lines; `text` for bars in a terminal, lines elsewhere.
    """

    def shown(run: Run, part: Slice) -> None:
        title = run.name if part.of == 1 else f"{run.name} ({part.index + 1} of {part.of})"
        if log_format == "text" and sys.stderr.isatty():
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
        self._done = dict.fromkeys(_TITLES, 0)
        self._begun = self._last = time.monotonic()

    def __call__(self, stage: str, size: int) -> None:
        """Counts, and prints a line if it is time."""
        self._done[stage] += size
        now = time.monotonic()
        if now - self._last >= _SECONDS_BETWEEN_LINES:
            self._last = now
            facts = {"run": self._run, "stage": stage, "bytes": self._done[stage], "of": self._total}
            print(self._form({**facts, "seconds": round(now - self._begun, 1)}), file=sys.stderr, flush=True)


def _as_json(facts: dict[str, Any]) -> str:
    return json.dumps({"event": "progress", **facts}, ensure_ascii=False)


def _as_text(facts: dict[str, Any]) -> str:
    share = 100 * facts["bytes"] / max(1, facts["of"])
    return f"{facts['run']}: {_TITLES[facts['stage']]} {share:.0f}% of {facts['of']:,} bytes, {facts['seconds']:.0f} s"


@contextmanager
def bars(total: int) -> Iterator[None]:
    """A bar a pass, with bytes, rate and time left; deciding gives no bytes and has none to show."""
    from rich import progress  # noqa: PLC0415 - only where there is a terminal
    from rich.console import Console  # noqa: PLC0415

    columns = (
        progress.TextColumn("{task.description:<9}"),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(compact=True, elapsed_when_finished=True),
    )
    with (
        progress.Progress(*columns, console=Console(stderr=True), transient=True) as display,
        observed(_moving(display, total)),
    ):
        yield


def _moving(display: Any, total: int) -> Observer:
    tasks = {name: display.add_task(title, total=total, start=False, visible=False) for name, title in _TITLES.items()}

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
