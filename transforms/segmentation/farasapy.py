"""The farasapy engine: the published Java segmenter, given single words, whose every answer is checked."""

import contextlib
import hashlib
import queue
import re
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO

import numpy as np

from transforms.arrays import Bytes, Int64s
from transforms.errors import RunError, UsageError
from transforms.parallel import Progress, in_steps, unheard
from transforms.segmentation.words import LETTERS, NORMALISED, segment_text
from transforms.settings import SegmentationSettings

BATCH = 1024  # words sent at a time
REMEMBERED_WORDS = 1 << 20
STEP = 1 << 20  # bytes of text between two reports of progress
_ATTEMPTS = 2
_NORMALISE = str.maketrans(NORMALISED)
_WORD = re.compile(f"[{LETTERS}+]+")
_INSERTED_ALEF = re.compile("^([وف]?ل)ل")


class FarasapyError(RunError):
    """Java failed twice for the same words."""


class FarasapySegmenter:
    """Segments paragraphs with one Java process, which threads share in turn.

    Java is sent words only, one a line, without marks; the rest of a paragraph stays here. Each answer must be the
    word that was sent, with `+` and perhaps an alef inserted. If one is not, or Java dies or is late, Java is restarted
    and the batch sent again, once.
    """

    def __init__(self, settings: SegmentationSettings):
        """Checks the jar and Java; Java starts with the first paragraph.

        Raises:
            UsageError: the jar is not named, missing, or another one; Java is missing or does not run.
        """
        self._settings = settings
        self._command = _command(settings)
        self._answers: dict[str, str] = {}
        self._program: LineProgram | None = None
        self._turn = threading.Lock()

    def segment_buffer(
        self, text: Bytes, start: Int64s, end: Int64s, progress: Progress = unheard
    ) -> tuple[Bytes, Int64s]:
        """See `segmenter.Segmenter`.

        Raises:
            FarasapyError: Java failed twice.
        """
        spans = list(zip(start.tolist(), end.tolist(), strict=True))
        written: list[bytes] = []
        for first, last in in_steps(end - start, progress, STEP):
            paragraphs = [text[at:until].tobytes() for at, until in spans[first:last]]
            segmented = self._segmented([each.decode("utf-8", "surrogateescape") for each in paragraphs])
            written += [each.encode("utf-8", "surrogateescape") for each in segmented]
        offsets = np.zeros(len(written) + 1, np.int64)
        np.cumsum([len(each) for each in written], out=offsets[1:])
        return np.frombuffer(b"".join(written), np.uint8), offsets

    def _segmented(self, paragraphs: Sequence[str]) -> list[str]:
        with self._turn:
            answers = self._answers_to(_words(paragraphs))
        return [segment_text(each, answers.__getitem__, norm=self._settings.norm) for each in paragraphs]

    def close(self) -> None:
        """See `segmenter.Segmenter`."""
        with self._turn:
            self._stop()

    def _answers_to(self, words: Sequence[str]) -> dict[str, str]:
        """The words in segments, remembered or from Java, by word."""
        unknown = [word for word in words if word not in self._answers]
        answers = {word: self._answers[word] for word in words if word in self._answers}
        for first in range(0, len(unknown), BATCH):
            batch = unknown[first : first + BATCH]
            answers.update(zip(batch, self._ask(batch), strict=True))
        if len(self._answers) + len(unknown) > REMEMBERED_WORDS:
            self._answers.clear()
        self._answers.update(answers)
        return answers

    def _ask(self, words: Sequence[str]) -> list[str]:
        """The words in segments. A word that Java answers twice with the same other word, a respelling, stays whole."""
        problem, odd_before = "", None
        for _ in range(_ATTEMPTS):
            try:
                self._program = self._program or LineProgram(self._command)
                answers = self._program.ask(words, self._settings.timeout_seconds)
            except JavaError as error:
                problem = str(error)
            else:
                segmented = [_with_letters_of(word, answer) for word, answer in zip(words, answers, strict=True)]
                odd = [(word, answer) for word, answer, good in zip(words, answers, segmented, strict=True) if not good]
                if not odd or (odd == odd_before and all(_WORD.fullmatch(answer) for _, answer in odd)):
                    return [good or word for word, good in zip(words, segmented, strict=True)]
                problem, odd_before = f"answered {odd[0][0]!r} with {odd[0][1]!r}", odd
            self._stop()
        raise FarasapyError(f"{self._settings.jar}: Java {problem}, twice; segmentation.engine=embedded needs no Java")

    def _stop(self) -> None:
        if self._program is not None:
            self._program.stop()
            self._program = None


def _words(paragraphs: Iterable[str]) -> list[str]:
    """The distinct words of paragraphs, in order."""
    words: dict[str, None] = {}

    def note(word: str) -> str:
        words[word] = None
        return word

    for paragraph in paragraphs:
        segment_text(paragraph, note)
    return list(words)


def _with_letters_of(word: str, answer: str) -> str:
    """The answer in the word's own spelling, if Java only normalised it; '' if it is no answer to the word."""
    letters = answer.replace("+", "")
    for form in (word, _INSERTED_ALEF.sub(r"\1ال", word)):
        if form.translate(_NORMALISE) == letters.translate(_NORMALISE):
            own = iter(form)
            return "".join(sign if sign == "+" else next(own) for sign in answer)
    return ""


def _command(settings: SegmentationSettings) -> list[str]:
    """The command that starts Java, after the jar and Java have been checked."""
    if settings.jar is None or settings.jar_sha256 is None:
        raise UsageError("segmentation.engine=farasapy: set segmentation.jar and segmentation.jar_sha256 as well")
    try:
        digest = hashlib.sha256(Path(settings.jar).read_bytes()).hexdigest()
    except OSError as error:
        raise UsageError(f"{settings.jar}: the jar cannot be read: {error.strerror}; see segmentation.jar") from error
    if digest != settings.jar_sha256:
        raise UsageError(f"{settings.jar}: is another jar, its SHA-256 is {digest}; see segmentation.jar_sha256")
    _check_java(settings.java, settings.heap)
    encodings = [f"-D{name}.encoding=UTF-8" for name in ("file", "stdout", "stdin")]
    return [settings.java, f"-Xmx{settings.heap}", *encodings, "-jar", settings.jar, "-n", "false"]


def _check_java(java: str, heap: str) -> None:
    try:
        done = subprocess.run([java, f"-Xmx{heap}", "-version"], capture_output=True, timeout=60, check=False)  # noqa: S603
    except OSError as error:
        raise UsageError(f"{java}: Java cannot be started: {error.strerror}; see segmentation.java") from error
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"{java}: -version took more than {error.timeout:g} s; see segmentation.java") from error
    if done.returncode:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
        raise UsageError(f"{java}: -version failed: {said[0] if said else done.returncode}; see segmentation.java")


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
