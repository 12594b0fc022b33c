"""The figures of a watch, as Prometheus reads them."""

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server

from transforms.errors import UsageError
from transforms.runs.manifest import Manifest


class WatchMetrics:
    """Counts what a watch has done since it began, and what it waits for."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._windows = Counter("rafid_windows", "Runs committed", registry=self.registry)
        self._failures = Counter(
            "rafid_window_failures", "Windows that failed and are tried again", registry=self.registry
        )
        self._bytes = Counter("rafid_read_bytes", "Bytes read by committed runs", registry=self.registry)
        self._bundles = Counter("rafid_bundles", "Bundles taken", registry=self.registry)
        self._documents = Counter("rafid_documents", "Documents by where they went", ["place"], registry=self.registry)
        self._paragraphs = Counter(
            "rafid_paragraphs", "Paragraphs by where they went", ["place"], registry=self.registry
        )
        self._waiting = Gauge("rafid_bundles_waiting", "Bundles that are not still yet", registry=self.registry)
        self._committed = Gauge(
            "rafid_last_commit_timestamp_seconds", "When a run was last committed", registry=self.registry
        )
        self._seconds = Gauge("rafid_last_window_seconds", "What the last run took", registry=self.registry)

    def commit(self, manifest: Manifest, now: float) -> None:
        """Counts a committed run; `now` in seconds since the epoch."""
        self._windows.inc()
        self._bytes.inc(manifest.bytes)
        self._bundles.inc(len(manifest.inputs))
        for counter, tally in (
            (self._documents, manifest.counts.documents),
            (self._paragraphs, manifest.counts.paragraphs),
        ):
            for place, count in tally.by_place().items():
                if place != "in":
                    counter.labels(place).inc(count)
        self._committed.set(now)
        self._seconds.set(manifest.seconds.total)

    def fail(self) -> None:
        """Counts a window that failed."""
        self._failures.inc()

    def wait(self, bundles: int) -> None:
        """Says how many bundles are not still yet."""
        self._waiting.set(bundles)

    def serve(self, host: str, port: int) -> int:
        """The port on which `/metrics` is served from now on; port 0 takes a free one.

        Raises:
            UsageError: the port cannot be had.
        """
        try:
            server, _ = start_http_server(port, addr=host, registry=self.registry)
        except OSError as error:
            raise UsageError(f"--metrics-port {port}: {error.strerror or error} on {host}; choose another") from error
        return int(server.server_port)
