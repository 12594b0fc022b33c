"""A way to an S3 server on which requests are held up, refused, cut, or answered without the answer getting through."""

import http.client
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote


@dataclass(frozen=True)
class Request:
    """A request on its way: its method, its path with the bucket first, what follows `?`, and its place among all."""

    method: str
    path: str
    query: str
    number: int

    @property
    def bucket(self) -> str:
        """The bucket that is meant."""
        return self.path.strip("/").split("/")[0]

    @property
    def deletes(self) -> bool:
        """True where it removes something."""
        return self.method == "DELETE" or self.query.split("=")[0] == "delete"


class Fault(Enum):
    """What happens to a request."""

    NONE = "nothing"
    BUSY = "the answer is 503 SlowDown, and nothing is done"
    DENIED = "the answer is 403 AccessDenied, and nothing is done"
    RESET = "the connection is cut before anything is done"
    LOST = "it is done, and the connection is cut instead of an answer"


_REFUSALS = {Fault.BUSY: (503, "SlowDown"), Fault.DENIED: (403, "AccessDenied")}
Decide = Callable[[Request], Fault]  # it may sleep first


def pass_on(_: Request) -> Fault:
    """Lets a request through."""
    return Fault.NONE


class FaultyWay:
    """Passes on what comes to its port to a server at `target`; `decide` says what happens to each request."""

    def __init__(self, target: int, decide: Decide = pass_on) -> None:
        self.target, self.decide = target, decide
        self.seen: list[Request] = []
        self._mutex = threading.Lock()
        way = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_request(self) -> None:
                way._handle(self)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_request  # noqa: N815 - names of the library

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Takes no more requests."""
        self._server.shutdown()
        self._server.server_close()

    def _note(self, handler: BaseHTTPRequestHandler) -> Request:
        path, _, query = handler.path.partition("?")
        with self._mutex:
            request = Request(handler.command, unquote(path), query, len(self.seen))
            self.seen.append(request)
        return request

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        handler.close_connection = True
        fault = self.decide(self._note(handler))
        if fault in _REFUSALS:
            code, name = _REFUSALS[fault]
            _answer(handler, code, {}, f"<Error><Code>{name}</Code><Message>{name}</Message></Error>".encode())
            return
        if fault is not Fault.RESET:
            answer = self._forward(handler, body)
        if fault in (Fault.RESET, Fault.LOST):
            _cut(handler)
        else:
            _answer(handler, *answer)

    def _forward(self, handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        server = http.client.HTTPConnection("127.0.0.1", self.target)
        server.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
        for name, value in handler.headers.items():
            if name.lower() not in ("connection", "expect"):
                server.putheader(name, value)
        server.endheaders(body)
        found = server.getresponse()
        answer = found.status, dict(found.getheaders()), found.read()
        server.close()
        return answer


def _answer(handler: BaseHTTPRequestHandler, code: int, headers: Mapping[str, str], body: bytes) -> None:
    handler.send_response_only(code)
    for name, value in headers.items():
        if name.lower() not in ("content-length", "connection", "transfer-encoding"):
            handler.send_header(name, value)
    length = next((value for name, value in headers.items() if name.lower() == "content-length"), str(len(body)))
    handler.send_header("Content-Length", length)  # a HEAD's is that of the body which it has not
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(body)


def _cut(handler: BaseHTTPRequestHandler) -> None:
    """Resets the connection."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


@contextmanager
def faulty_way(target: int, decide: Decide = pass_on) -> Iterator[FaultyWay]:
    """A way that is closed at the end."""
    way = FaultyWay(target, decide)
    yield way
    way.close()


class Stalls:
    """Holds up, in each bucket named `…-NUMBER`, the request of that number and all after it, until it is mended.

    So a network does that is cut in two for a while: what was sent arrives, but late.
    """

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._stalled: set[str] = set()
        self._mutex, self._is_mended = threading.Lock(), threading.Event()

    def __call__(self, request: Request) -> Fault:
        bucket = request.bucket
        with self._mutex:
            self._counts[bucket] = count = 1 + self._counts.get(bucket, 0)
            if stalls := count > int(bucket.rpartition("-")[2]):
                self._stalled.add(bucket)
        if stalls:
            self._is_mended.wait()
        return Fault.NONE

    def wait(self, buckets: int) -> None:
        """Returns when so many buckets are stalled."""
        while len(self._stalled) < buckets:
            time.sleep(0.05)

    def mend(self) -> None:
        """Lets everything through."""
        self._is_mended.set()


class Weather:
    """Any fault at random, with delays up to so many seconds."""

    def __init__(self, seed: int, faults: float, delays: float, longest: float) -> None:
        self._random = random.Random(seed)
        self._faults, self._delays, self._longest = faults, delays, longest

    def __call__(self, _: Request) -> Fault:
        chance, wait = self._random.random(), self._random.random()
        if wait < self._delays:
            time.sleep(wait / self._delays * self._longest)
        if chance > self._faults:
            return Fault.NONE
        return self._random.choice([Fault.BUSY, Fault.RESET, Fault.LOST])
