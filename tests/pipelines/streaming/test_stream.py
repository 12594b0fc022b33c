"""How a stream is told to end, and what it tells of itself. The stream itself is tested on its runner."""

import os
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.batch import Publisher
from pipelines.streaming.driven import Cancelled
from pipelines.streaming.following import Follower, gauges_of
from pipelines.streaming.stream import _End
from tests.plain_job import ingest_plainly, settings_for, write_bundles
from transforms.storage import Folder
from transforms.streaming.beam import OLDEST_IN_FLIGHT, OLDEST_WAITING


def ended(output: Path, signals: int, *, at_once: bool = False) -> bool:
    """Whether the source has been told to end after so many signals."""
    end = _End(Folder(str(output)), at_once=at_once)
    with end:
        for _ in range(signals):
            os.kill(os.getpid(), signal.SIGTERM)
        end.check()
    return (output / ".drain").exists()


def test_the_first_signal_drains_a_second_cancels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not ended(tmp_path, 0)
    assert ended(tmp_path, 1)
    with pytest.raises(Cancelled):
        ended(tmp_path, 2)
    assert "ending after the windows that are open; once more ends at once" in capsys.readouterr().err


def test_the_first_signal_cancels_where_that_is_asked_for(tmp_path: Path) -> None:
    assert not ended(tmp_path, 0, at_once=True)
    with pytest.raises(Cancelled):
        ended(tmp_path, 1, at_once=True)
    assert not (tmp_path / ".drain").exists()


def test_the_handlers_of_others_come_back(tmp_path: Path) -> None:
    before, other = signal.getsignal(signal.SIGTERM), signal.SIG_IGN
    end = _End(Folder(str(tmp_path)), at_once=False)
    with end:
        ours = signal.signal(signal.SIGTERM, other)
        with end:
            assert signal.getsignal(signal.SIGTERM) == ours
        assert signal.getsignal(signal.SIGTERM) is other
    assert signal.getsignal(signal.SIGTERM) is before


def result(**gauges: float) -> Any:
    """A runner's result with these gauges, seconds since the epoch."""
    found = [
        SimpleNamespace(
            key=SimpleNamespace(metric=SimpleNamespace(name=name)), result=SimpleNamespace(value=1000 * value)
        )
        for name, value in gauges.items()
    ]
    return SimpleNamespace(metrics=lambda: SimpleNamespace(query=lambda _: {"gauges": found}))


@pytest.mark.parametrize(
    ("waiting", "in_flight", "last", "lag"),
    [(0, 0, 0, 0), (990, 0, 0, 10), (990, 980, 0, 20), (990, 980, 985, 10), (0, 980, 985, 0), (0, 980, 0, 20)],
)
def test_the_lag_is_that_of_the_oldest_bundle_that_is_not_committed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waiting: float, in_flight: float, last: float, lag: float
) -> None:
    told: list[dict[str, Any]] = []
    ingest_plainly(settings_for(tmp_path / "out", write_bundles(tmp_path / "in", {"a.txt": "نص"})))
    settings = settings_for(tmp_path / "out", tmp_path / "in")
    follower = Follower(settings.folder(), told.append, Publisher(settings, lambda _: None, lambda: 0.0))
    follower._last_arrival = last
    monkeypatch.setattr("pipelines.streaming.following.time.time", lambda: 1000.0)
    monkeypatch.setattr("pipelines.streaming.following.time.monotonic", lambda: 1e9)
    gauges = result(**{OLDEST_WAITING: waiting, OLDEST_IN_FLIGHT: in_flight})
    follower.account(lambda: gauges_of(gauges))
    assert told == [{"event": "stream", "lag_seconds": lag, "windows": 0, "kept": 0}]
