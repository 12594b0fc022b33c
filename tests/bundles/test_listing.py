"""Listing: which files patterns name, what they are called, and what is wrong with them."""

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import fsspec
import pytest
from pydantic import ValidationError

from transforms.bundles.errors import BundleChanged, BundleError
from transforms.bundles.formats import ending_of
from transforms.bundles.listing import check_unchanged, list_bundles, list_input
from transforms.bundles.stores import LocalStore
from transforms.filesystems import filesystem
from transforms.settings import ReadSettings

FILES = [
    "a.txt",
    "b.md",
    "deep/c.txt",
    "deep/deeper/d.txt",
    "ن.txt",
    "_log",
    ".hidden",
    "x.tmp",
    "x.part",
    "y~",
    "_t/e.txt",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text(name)
    return tmp_path / "in"


@pytest.fixture
def memory() -> str:
    system = fsspec.filesystem("memory")
    if system.exists("/listing"):
        system.rm("/listing", recursive=True)
    for name in FILES:
        system.pipe(f"/listing/in/{name}", name.encode())
    return "memory://listing/in"


PATTERNS = [
    (["."], ["a.txt", "b.md", "deep/c.txt", "deep/deeper/d.txt", "ن.txt"]),
    (["*"], ["a.txt", "b.md", "ن.txt"]),
    (["*.txt"], ["a.txt", "ن.txt"]),
    (["[ab].*"], ["a.txt", "b.md"]),
    (["?.md", "a.txt"], ["a.txt", "b.md"]),
    (["**/*.txt"], ["a.txt", "deep/c.txt", "deep/deeper/d.txt", "ن.txt"]),
    (["*/*.txt"], ["deep/c.txt"]),
    (["deep"], ["c.txt", "deeper/d.txt"]),
    (["deep/*.txt", "deep/deeper/d.txt"], ["c.txt", "d.txt"]),
    (["_log", "x.tmp", "_t"], ["_log", "e.txt", "x.tmp"]),
    (["a.txt", "*.txt", "a.txt"], ["a.txt", "ن.txt"]),
]


@pytest.mark.parametrize(("patterns", "names"), PATTERNS)
def test_patterns_name_local_files(folder: Path, patterns: list[str], names: list[str]) -> None:
    assert [bundle.name for bundle in list_bundles([f"{folder}/{pattern}" for pattern in patterns])] == names


@pytest.mark.parametrize(("patterns", "names"), PATTERNS[1:])
def test_patterns_name_files_of_other_stores(memory: str, patterns: list[str], names: list[str]) -> None:
    assert [bundle.name for bundle in list_bundles([f"{memory}/{pattern}" for pattern in patterns])] == names


def test_a_bundle_says_where_and_what_it_is(folder: Path, memory: str) -> None:
    (bundle,) = list_bundles([str(folder / "a.txt")])
    status = (folder / "a.txt").stat()
    assert (bundle.name, bundle.url, bundle.size) == ("a.txt", str(folder / "a.txt"), 5)
    assert bundle.state == f"5-{status.st_mtime_ns}-{status.st_ino}"
    assert datetime.fromisoformat(bundle.modified).timestamp() == int(status.st_mtime)
    (remote,) = list_bundles([f"{memory}/a.txt"])
    assert fsspec.open(remote.url).open().read() == b"a.txt"
    assert datetime.fromisoformat(remote.modified).tzinfo is not None


def test_relative_paths_and_file_urls_name_the_same_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert list_bundles(["a.txt", f"file://{folder}/a.txt", "deep/../*.txt"]) == list_bundles(["*.txt"])


def test_a_file_whose_name_holds_wildcards_is_itself(tmp_path: Path) -> None:
    for name in ("[1].txt", "1.txt", "*.txt"):
        (tmp_path / name).write_text("x")
    assert [bundle.name for bundle in list_bundles([f"{tmp_path}/[1].txt"])] == ["[1].txt"]
    assert [bundle.name for bundle in list_bundles([f"{tmp_path}/*.txt"])] == ["*.txt"]
    assert [bundle.name for bundle in list_bundles([f"{tmp_path}/[0-9].txt"])] == ["1.txt"]


def test_names_are_relative_to_the_root(folder: Path) -> None:
    names = [bundle.name for bundle in list_bundles([f"{folder}/deep/*.txt", f"{folder}/a.txt"], root=str(folder))]
    assert names == ["a.txt", "deep/c.txt"]


def test_links_are_followed_once_round(folder: Path) -> None:
    (folder / "link.txt").symlink_to(folder / "a.txt")
    (folder / "deep" / "loop").symlink_to(folder, target_is_directory=True)
    names = [bundle.name for bundle in list_bundles([str(folder / "*.txt"), str(folder / "deep")])]
    inside = ["loop/a.txt", "loop/b.md", "loop/link.txt", "loop/ن.txt"]  # and not loop/deep, where the way began
    assert names == ["a.txt", "c.txt", "deeper/d.txt", "link.txt", *inside, "ن.txt"]


@pytest.mark.parametrize("pattern", ["none.txt", "*.csv", "none/*.txt", "[", "empty", "a.txt/*"])
def test_a_pattern_that_matches_nothing(folder: Path, pattern: str) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(BundleError, match="matches no file; check the spelling") as caught:
        list_bundles([f"{folder}/{pattern}"])
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_pattern_that_is_none(folder: Path) -> None:
    with pytest.raises(BundleError, match="not a pattern"):
        list_bundles([f"{folder}/a**b"])


def test_a_store_that_is_not_known() -> None:
    with pytest.raises(Exception, match="nowhere") as caught:
        list_bundles(["nowhere://x"])
    assert caught.value.exit_code == 2


def test_two_files_of_the_same_name(folder: Path) -> None:
    (folder / "deep" / "a.txt").write_text("other")
    patterns = [f"{folder}/a.txt", f"{folder}/deep/a.txt"]
    with pytest.raises(BundleError, match=r"both would be named a\.txt; set input\.root"):
        list_bundles(patterns)
    assert len(list_bundles(patterns, root=str(folder))) == 2


def test_files_outside_the_root(folder: Path, memory: str) -> None:
    with pytest.raises(BundleError, match=r"a\.txt: outside input\.root"):
        list_bundles([f"{folder}/a.txt"], root=str(folder / "deep"))
    with pytest.raises(BundleError, match=r"not in the store of input\.root"):
        list_bundles([f"{memory}/a.txt"], root=str(folder))


def test_what_cannot_be_read_is_named(folder: Path) -> None:
    (folder / "deep" / "broken.txt").symlink_to(folder / "nowhere")
    with pytest.raises(BundleError, match=r"broken\.txt: cannot be read: no file behind this link"):
        list_bundles([str(folder / "deep/broken.txt")])
    os.mkfifo(folder / "pipe")
    with pytest.raises(BundleError, match="pipe: not a regular file"):
        list_bundles([str(folder / "pipe")])


def passed_over(folder: str, *patterns: str, endings: Sequence[str] = ("*",)) -> list[tuple[str, str]]:
    """The files and folders below `folder` that patterns pass over, and why."""
    found = list_input([f"{folder}/{pattern}" for pattern in patterns], endings=endings, empty=True).passed_over
    below = folder.rpartition("/")[2] + "/"
    return [(each.url.partition(below)[2], str(each.reason)) for each in found]


HIDDEN = [(".hidden", "hidden"), ("_log", "hidden"), ("_t/", "hidden")]
UNFINISHED = [("x.part", "unfinished"), ("x.tmp", "unfinished"), ("y~", "unfinished")]
PASSED = [
    (["."], sorted(HIDDEN + UNFINISHED)),
    (["*"], sorted(HIDDEN[:2] + UNFINISHED)),
    (["**"], sorted(HIDDEN + UNFINISHED)),
    (["*.txt"], []),
    (["x.*", "*.txt"], UNFINISHED[:2]),
    (["x.*", "x.tmp"], [UNFINISHED[0]]),
    (["deep", "_t"], []),
]


@pytest.mark.parametrize(("patterns", "passed"), PASSED)
def test_what_is_passed_over_is_told(
    folder: Path, memory: str, patterns: list[str], passed: list[tuple[str, str]]
) -> None:
    assert passed_over(str(folder), *(pattern.removeprefix(".") for pattern in patterns)) == passed
    assert passed_over(memory, *(pattern.removeprefix(".") for pattern in patterns)) == passed


@pytest.mark.parametrize("where", ["disk", "store"])
def test_a_corpus_below_a_folder_is_passed_over(where: str, tmp_path: Path) -> None:
    """What runs wrote is no new text, wherever beside the bundles they wrote it."""
    corpora = ("out/rafid.json", "out/README.md", "out/documents/run=x/0.parquet", "old/out/rafid.json")
    root = str(tmp_path) if where == "disk" else f"memory://{tmp_path}"
    system, path = filesystem(root)
    for name in ("a.txt", *corpora, "z/b.txt"):
        system.pipe_file(f"{path}/{name}", b"x") if where == "store" else write(tmp_path / name)
    for pattern in ("", "**"):
        assert [each.name for each in list_bundles([f"{root}/{pattern}"])] == ["a.txt", "z/b.txt"]
        assert passed_over(root, pattern) == [("old/out/", "corpus"), ("out/", "corpus")]
    named = list_bundles([f"{root}/out/documents", f"{root}/out/README.md"])
    assert sorted(each.name for each in named) == ["README.md", "run=x/0.parquet"]


def write(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")


def test_links_that_lead_nowhere_are_passed_over(folder: Path) -> None:
    (folder / "deep" / "broken.txt").symlink_to(folder / "nowhere")
    assert passed_over(str(folder), "deep") == [("deep/broken.txt", "broken_link")]
    assert passed_over(str(folder), "deep/*.txt") == [("deep/broken.txt", "broken_link")]


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("a.txt", ".txt"), ("UP.TXT", ".txt"), ("a.txt.gz", ".txt"), ("a.TXT.Zst", ".txt"), ("a.gz", ".gz"), ("a", ""),
        ("LICENSE", ""), ("LICENSE.gz", ".gz"), ("a.json.xz", ".json"), ("a.tar.gz", ".tar"), ("a.b.c", ".c"),
        ("أخبار.txt", ".txt"), ("a.txt.zip", ".zip"),
    ],
)  # fmt: skip
def test_endings(name: str, ending: str) -> None:
    assert ending_of(name) == ending


def test_a_folder_gives_files_of_its_endings_and_a_pattern_what_it_names(tmp_path: Path) -> None:
    names = ["a.txt", "B.TXT", "c.md", "d.json", "e.html", "LICENSE", "f.txt.gz", "g.gz", "h.json.gz", "sub/i.text"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("نص")
    endings = ReadSettings().endings
    taken = list_input([str(tmp_path)], endings=endings)
    assert [bundle.name for bundle in taken.bundles] == ["B.TXT", "a.txt", "f.txt.gz", "g.gz", "sub/i.text"]
    passed = [
        ("LICENSE", "ending"),
        ("c.md", "ending"),
        ("d.json", "ending"),
        ("e.html", "ending"),
        ("h.json.gz", "ending"),
    ]
    assert passed_over(str(tmp_path), "", endings=endings) == passed
    assert [bundle.name for bundle in list_bundles([f"{tmp_path}/*.md", f"{tmp_path}/LICENSE"], endings=endings)] == [
        "LICENSE",
        "c.md",
    ]
    assert passed_over(str(tmp_path), "", "*.md", endings=endings) == [each for each in passed if each[0] != "c.md"]
    assert passed_over(str(tmp_path), "", endings=["*"]) == []
    assert [bundle.name for bundle in list_bundles([str(tmp_path)], endings=["", ".md"])] == ["LICENSE", "c.md"]


def test_a_folder_without_files_of_its_endings_says_so(tmp_path: Path) -> None:
    for name in ("a.md", "b.json", ".c"):
        (tmp_path / name).write_text("نص")
    said = r"matches no file to take; passed over: 1 hidden, 2 ending; name files by a pattern, or set input\.endings"
    with pytest.raises(BundleError, match=said):
        list_bundles([str(tmp_path)], endings=[".txt"])
    told: list[str] = []
    assert list_bundles([str(tmp_path)], endings=[".txt"], empty=True, refused=told.append) == []
    assert len(told) == 2
    assert all("its ending is not one of input.endings" in line for line in told)


@pytest.mark.parametrize("ending", ["txt", ".", "./a", "a.txt"])
def test_what_is_no_ending_is_refused(ending: str) -> None:
    with pytest.raises(ValidationError, match="should be an ending with its dot"):
        ReadSettings(endings=[ending])


def test_what_cannot_be_read_is_passed_over_where_somebody_is_told(folder: Path) -> None:
    wanted = list_bundles([str(folder)])
    (folder / "deep" / "broken.txt").symlink_to(folder / "nowhere")
    os.mkfifo(folder / "pipe")
    (folder / os.fsdecode(b"\xe6.txt")).write_text("نص")
    told: list[str] = []
    assert list_bundles([str(folder)], refused=told.append) == wanted
    assert len(told) == 3
    assert all(line.startswith(f"input {folder}") or "the name is not UTF-8" in line for line in told)


def test_a_pattern_is_not_about_what_it_does_not_match(folder: Path) -> None:
    wanted = list_bundles([f"{folder}/*.txt"])
    os.mkfifo(folder / "pipe")
    assert list_bundles([f"{folder}/*.txt"]) == wanted


def test_a_file_without_permission(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    denied = str(folder / "a.txt")
    plain = os.access  # the administrator may read everything, so the system's answer is set here
    monkeypatch.setattr(os, "access", lambda path, mode: path != denied and plain(path, mode))
    with pytest.raises(BundleError, match=r"a\.txt: no permission to read it"):
        list_bundles([str(folder)])


def test_a_folder_without_permission(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(path: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", deny)
    with pytest.raises(BundleError, match="in: cannot be read: Permission denied"):
        list_bundles([str(folder)])


def test_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.txt")).write_text("x")
    with pytest.raises(BundleError, match="the name is not UTF-8; rename the file"):
        list_bundles([str(tmp_path)])


def test_unchanged_bundles_pass_and_changed_ones_do_not(folder: Path, memory: str) -> None:
    local, remote = list_bundles([str(folder / "a.txt")])[0], list_bundles([f"{memory}/a.txt"])[0]
    check_unchanged(local)
    check_unchanged(remote)
    (folder / "a.txt").write_text("longer than before")
    fsspec.filesystem("memory").pipe("/listing/in/a.txt", b"other")
    for bundle in (local, remote):
        with pytest.raises(BundleChanged, match="changed since it was listed"):
            check_unchanged(bundle)
    (folder / "a.txt").unlink()
    fsspec.filesystem("memory").rm("/listing/in/a.txt")
    for bundle in (local, remote):
        with pytest.raises(BundleChanged, match="gone since it was listed"):
            check_unchanged(bundle)


def test_local_reads_come_in_pieces_where_the_system_gives_pieces(folder: Path) -> None:
    with LocalStore().open(str(folder / "a.txt")) as source:
        target = bytearray(10)
        assert source.read_into(memoryview(target), 2) == 3
        assert target[:3] == b"txt"
