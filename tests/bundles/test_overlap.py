"""Inputs that would take in what is written to the output are refused; others are not."""

from pathlib import Path

import pytest

from transforms.bundles.listing import BundleError, list_bundles
from transforms.bundles.overlap import check_apart
from transforms.errors import UsageError


@pytest.mark.parametrize(
    "pattern",
    ["in", "in/", "in/**", "in/*/*", "in/*/manifests/*.json", "in/out/documents", "i[n]/**", "link"],
)
def test_an_output_inside_of_the_input_is_refused(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "in" / "out" / "documents").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "in")
    with pytest.raises(UsageError, match=r"takes in the output .*; name an output outside of the input") as caught:
        check_apart([str(tmp_path / pattern)], str(tmp_path / "in" / "out"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("pattern", ["in/*.txt", "in/**/*.txt", "in/*/*.txt", "in/a.txt", "other", "in/x*/**"])
def test_patterns_that_take_nothing_of_the_output(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "in" / "out").mkdir(parents=True)
    check_apart([str(tmp_path / pattern)], str(tmp_path / "in" / "out"))


@pytest.mark.parametrize("output", ["in/.out", "in/_out", "inside", "in2/out"])
def test_outputs_that_the_input_does_not_take_in(tmp_path: Path, output: str) -> None:
    """Listings pass over what is hidden."""
    (tmp_path / "in").mkdir()
    check_apart([str(tmp_path / "in")], str(tmp_path / output))


def test_stores_are_told_apart(tmp_path: Path) -> None:
    check_apart(["memory://in"], str(tmp_path))
    check_apart(["memory://in/*.txt"], "memory://in/out")
    with pytest.raises(UsageError, match="takes in the output"):
        check_apart(["memory://in"], "memory://in/out")


def test_one_link_to_itself_stops_no_watch(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("نص\n", encoding="utf-8")
    (tmp_path / "self").symlink_to("self")
    said: list[str] = []
    paths = [str(tmp_path), str(tmp_path / "self")]
    assert [each.name for each in list_bundles(paths, empty=True, refused=said.append)] == ["a.txt"]
    assert len(said) == 2
    assert all("Too many levels of symbolic links" in line for line in said)
    with pytest.raises(BundleError, match="Too many levels of symbolic links"):
        list_bundles([str(tmp_path)])
