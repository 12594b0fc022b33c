"""A Java program that answers each line with a line, and a timeout on every batch of lines."""

import contextlib
import queue
import subprocess
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import IO


class JavaError(Exception):
    """The program did not answer as it should; the message says what happened."""


class LineProgram:
    """A running program that writes one line for each line it reads. One thread at a time may use it."""

    def __init__(self, command: Sequence[str]):
        """Starts the program, without waiting until it is ready.

        Raises:
            JavaError: it cannot be started.
        """
        try:
            self._process = subprocess.Popen(  # noqa: S603
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
        except OSError as error:
            raise JavaError(f"{command[0]} cannot be started: {error.strerror}") from error
        self._answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._complaints: deque[bytes] = deque(maxlen=1)
        self._threads = [
            threading.Thread(target=_read_lines, args=(self._process.stdout, self._answers.put), daemon=True),
            threading.Thread(target=_read_lines, args=(self._process.stderr, self._complain), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def ask(self, lines: Sequence[str], timeout: float) -> list[str]:
        """The answers to lines, stripped of white space.

        Args:
            lines: not empty, without line ends.
            timeout: seconds for all of them.

        Raises:
            JavaError: it died, or did not answer all in time. It cannot be used any more.
        """
        deadline = time.monotonic() + timeout
        data = "".join(f"{line}\n" for line in lines).encode()
        # A program that hangs does not read either: the pipe fills, and only the thread that writes waits.
        threading.Thread(target=_write, args=(self._process.stdin, data), daemon=True).start()
        answers: list[str] = []
        for line in lines:
            try:
                answer = self._answers.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise JavaError(f"gave no answer to {line!r} within {timeout:g} s") from None
            if answer is None:
                raise JavaError(f"ended before it had answered {line!r}{self._last_complaint()}")
            answers.append(answer.decode("utf-8", "replace").strip())
        if not self._answers.empty():
            raise JavaError("answered more lines than it was asked")
        return answers

    def stop(self) -> None:
        """Kills the program and waits for its end."""
        self._process.kill()
        self._process.wait()
        for thread in self._threads:
            thread.join()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                _close(pipe)

    def _complain(self, line: bytes | None) -> None:
        if line and line.strip():
            self._complaints.append(line)

    def _last_complaint(self) -> str:
        self._threads[1].join(timeout=1)
        return "".join(f": {line.decode('utf-8', 'replace').strip()}" for line in self._complaints)


def _read_lines(pipe: IO[bytes], put: object) -> None:
    for line in pipe:
        put(line)  # type: ignore[operator]
    put(None)  # type: ignore[operator]


def _write(pipe: IO[bytes], data: bytes) -> None:
    with contextlib.suppress(OSError, ValueError):  # it died or was stopped, which `ask` notices
        pipe.write(data)
        pipe.flush()


def _close(pipe: IO[bytes]) -> None:
    with contextlib.suppress(OSError):
        pipe.close()
