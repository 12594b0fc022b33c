"""The farasapy engine, with a Java program that speaks Farasa's protocol and goes wrong when told to."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import pytest

from tests.conftest import require_tool
from tests.segmentation.samples import segment_texts
from transforms.errors import UsageError
from transforms.segmentation.farasapy import BATCH, FarasapyError, FarasapySegmenter, JavaError, LineProgram
from transforms.settings import SegmentationSettings

LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Java program, compiled into a jar."""
    folder = tmp_path_factory.mktemp("java")
    javac, jar = require_tool("javac"), require_tool("jar")
    source = str(Path(__file__).with_name("FakeFarasa.java"))
    subprocess.run([javac, "-encoding", "UTF-8", "-d", str(folder), source], check=True)
    command = [jar, "--create", "--file", str(folder / "fake.jar"), "--main-class", "FakeFarasa", "-C", str(folder)]
    subprocess.run([*command, "FakeFarasa.class"], check=True)
    return folder / "fake.jar"


class Fake:
    """A jar in a folder of its own, told what goes wrong."""

    def __init__(self, jar: Path):
        self.jar = jar
        self.digest = hashlib.sha256(jar.read_bytes()).hexdigest()

    def orders(self, orders: str) -> None:
        (self.jar.parent / "orders").write_text(orders)

    def starts(self) -> list[str]:
        path = self.jar.parent / "starts"
        return path.read_text().splitlines() if path.exists() else []

    def settings(self, **changes: object) -> SegmentationSettings:
        given = {"engine": "farasapy", "jar": str(self.jar), "jar_sha256": self.digest, "heap": "64m", **changes}
        return SegmentationSettings.model_validate(given)


@pytest.fixture
def fake(built: Path, tmp_path: Path) -> Fake:
    return Fake(Path(shutil.copy(built, tmp_path / "fake.jar")))


@pytest.fixture
def segmenter(fake: Fake) -> Iterator[FarasapySegmenter]:
    segmenter = FarasapySegmenter(fake.settings())
    yield segmenter
    segmenter.close()


def words(count: int) -> list[str]:
    """Distinct words."""
    return [
        f"والك{LETTERS[number % 28]}{LETTERS[number // 28 % 28]}{LETTERS[number // 784 % 28]}"
        for number in range(count)
    ]


def segmented(word: str) -> str:
    return word.replace("وال", "و+ال+")


def test_text_that_java_would_destroy_stays(segmenter: FarasapySegmenter) -> None:
    text = "وَالكِتابُ، «للكتاب»\rNATO 😀 \n\n@والكتاب ٱلرحمن\r\nالـسـلام 12"
    expected = "وَ+ال+كِتابُ، «ل+ال+كتاب»\rNATO 😀 \n\n@والكتاب ٱلرحمن\r\nالـ+سـلام 12"
    assert segment_texts(segmenter, [text, ""]) == [expected, ""]


def test_java_starts_once_and_only_for_words(fake: Fake, segmenter: FarasapySegmenter) -> None:
    assert segment_texts(segmenter, ["", "NATO 12"]) == ["", "NATO 12"]
    assert fake.starts() == []
    for _ in range(3):
        segment_texts(segmenter, ["والكتاب", "والقلم"])
    assert fake.starts() == ["-n false"]


def test_many_batches_keep_their_order(fake: Fake, segmenter: FarasapySegmenter) -> None:
    given = words(2 * BATCH + 10)
    (written,) = segment_texts(segmenter, [" ".join(given)])
    assert written.split(" ") == [segmented(word) for word in given]
    assert len(fake.starts()) == 1


def test_threads_share_one_process(fake: Fake, segmenter: FarasapySegmenter) -> None:
    given = [words(300 + 7 * number) for number in range(12)]
    with ThreadPoolExecutor(4) as pool:
        columns = pool.map(lambda each: segment_texts(segmenter, each), given)
    assert list(columns) == [[segmented(word) for word in each] for each in given]
    assert len(fake.starts()) == 1


@pytest.mark.parametrize(
    ("line", "order"), [*product((1, 2, 40), ("die", "lose", "garble", "hang")), (1, "twice"), (20, "twice")]
)
def test_what_goes_wrong_once_is_made_good(fake: Fake, line: int, order: str) -> None:
    fake.orders(f"{line} {order} once")
    segmenter = FarasapySegmenter(fake.settings(timeout_seconds=8.0 if order in ("hang", "lose") else 60.0))
    given = words(40)
    assert segment_texts(segmenter, given) == [segmented(word) for word in given]
    assert len(fake.starts()) == 2
    segmenter.close()


def test_a_line_too_many_is_found_by_the_next_batch_at_the_latest(fake: Fake, segmenter: FarasapySegmenter) -> None:
    fake.orders("3 twice once")
    for given in (words(3), words(6)[3:]):
        assert segment_texts(segmenter, given) == [segmented(word) for word in given]
    assert len(fake.starts()) == 2


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ("die", r"Java ended before it had answered 'والكااا': java\.lang\.OutOfMemoryError: Java heap space, twice"),
        ("garble", r"Java answered 'والكااا' with .*, twice"),
        ("hang", "Java gave no answer to 'والكااا' within 8 s, twice"),
        ("lose", "Java gave no answer to 'والكااا' within 8 s, twice"),
    ],
)
def test_what_goes_wrong_twice_is_an_error(fake: Fake, order: str, message: str) -> None:
    fake.orders(f"1 {order}")
    segmenter = FarasapySegmenter(fake.settings(timeout_seconds=8.0 if order in ("hang", "lose") else 60.0))
    with pytest.raises(FarasapyError, match=message) as caught:
        segment_texts(segmenter, words(1))
    assert str(fake.jar) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 1
    assert len(fake.starts()) == 2


def test_a_word_that_java_always_respells_stays_whole(fake: Fake) -> None:
    fake.orders("2 respell")
    segmenter = FarasapySegmenter(fake.settings())
    assert segment_texts(segmenter, ["والقلم", "والكتاب"]) == ["و+ال+قلم", "والكتاب"]
    assert segment_texts(segmenter, ["والكتاب"]) == ["والكتاب"]
    assert len(fake.starts()) == 2
    segmenter.close()


def test_letters_that_java_normalises_stay_as_they_are(fake: Fake) -> None:
    fake.orders("1 normalise")
    segmenter = FarasapySegmenter(fake.settings())
    assert segment_texts(segmenter, ["والأمة"]) == ["و+ال+أمة"]
    assert segment_texts(FarasapySegmenter(fake.settings(norm=True)), ["والأمّة"]) == ["و+ال+امه"]
    segmenter.close()


def test_a_closed_segmenter_leaves_no_process_and_may_go_on(fake: Fake, segmenter: FarasapySegmenter) -> None:
    segment_texts(segmenter, ["والكتاب"])
    process = segmenter._program._process  # type: ignore[union-attr]
    segmenter.close()
    assert process.returncode is not None
    assert not Path(f"/proc/{process.pid}").exists() or os.name != "posix"
    assert segment_texts(segmenter, ["والبيت"]) == ["و+ال+بيت"]


def test_nothing_is_written_beside_the_jar(fake: Fake, segmenter: FarasapySegmenter) -> None:
    segment_texts(segmenter, words(100))
    assert {path.name for path in fake.jar.parent.iterdir()} == {"fake.jar", "starts"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"jar": None}, "set segmentation.jar and segmentation.jar_sha256"),
        ({"jar_sha256": None}, "set segmentation.jar and segmentation.jar_sha256"),
        ({"jar": "/nowhere/at.jar"}, "/nowhere/at.jar: the jar cannot be read: No such file or directory"),
        ({"jar_sha256": "0" * 64}, "is another jar, its SHA-256 is "),
        ({"java": "/nowhere/java"}, "/nowhere/java: Java cannot be started: No such file or directory"),
        ({"java": "false"}, "false: -version failed"),
        ({"heap": "1k"}, "java: -version failed: "),
    ],
)
def test_what_cannot_work_is_told_before_work(fake: Fake, changes: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        FarasapySegmenter(fake.settings(**changes))
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_program_that_cannot_be_started_is_told() -> None:
    with pytest.raises(JavaError, match="/nowhere cannot be started"):
        LineProgram(["/nowhere"])


def test_a_program_that_never_reads_is_given_up() -> None:
    program = LineProgram([require_tool("sleep"), "100"])
    with pytest.raises(JavaError, match=r"gave no answer to 'كلمة' within 0\.5 s"):
        program.ask(["كلمة"] * 100_000, 0.5)
    program.stop()
