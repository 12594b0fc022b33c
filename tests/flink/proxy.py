"""A way to a TCP service that can be cut: its connections break, and new ones are refused, until it is mended."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Proxy:
    """Passes on what comes to `port` of the loopback interface to `target`, while it is not cut."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._connections: list[socket.socket] = []
        self._seen: list[bytes] = []
        self._held = b""
        self._go = threading.Event()
        self._listener = self._listen(0)
        self.port = self._listener.getsockname()[1]

    def requests(self, beginning: bytes) -> int:
        """How many requests have come that begin so."""
        return sum(data.startswith(beginning) for data in self._seen)

    def hold(self, beginning: bytes) -> None:
        """Keeps back requests that begin so, and what comes after them, until they are let go."""
        self._held = beginning

    def let_go(self) -> None:
        """Passes on what was kept back."""
        self._go.set()

    def cut(self) -> None:
        """Breaks all connections; new ones are refused."""
        for each in (self._listener, *self._connections):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._connections.clear()

    def mend(self) -> None:
        """Takes connections again."""
        self._listener = self._listen(self.port)

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                self._connections += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._seen.append(data[:100])
                if self._held and data.startswith(self._held):
                    self._go.wait()
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


@contextmanager
def proxy(target: int) -> Iterator[Proxy]:
    """A proxy, cut at the end."""
    way = Proxy(target)
    yield way
    way.let_go()
    way.cut()
