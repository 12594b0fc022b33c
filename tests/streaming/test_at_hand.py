"""The window at hand: the file gives back what was put into it, and says so where it is damaged or not there."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.bundles.listing import Bundle
from transforms.bundles.splits import ByteRange, Split
from transforms.filesystems import DamagedFileError, StorageError
from transforms.storage import Folder
from transforms.streaming.at_hand import AT_HAND, put_at_hand, window_at_hand

_sizes = st.integers(0, 1 << 50)
_texts = st.text(st.characters(exclude_categories=["Cs"]))
_bundles = st.builds(Bundle, _texts, _texts, _sizes, _texts, _texts)
_ranges = st.builds(ByteRange, _bundles, _sizes, _sizes, _texts)
_splits = st.builds(Split, _sizes, st.lists(_ranges, max_size=3).map(tuple), _sizes)


@given(st.lists(_splits, max_size=4).map(tuple))
def test_the_splits_come_back(tmp_path_factory: pytest.TempPathFactory, splits: tuple[Split, ...]) -> None:
    folder = Folder(str(tmp_path_factory.getbasetemp() / "at_hand"))
    put_at_hand(folder, "20261126T182412.000Z-60s", splits)
    assert window_at_hand(folder) == ("20261126T182412.000Z-60s", splits)


def test_no_window_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"\.window"):
        window_at_hand(Folder(str(tmp_path)))


def test_a_damaged_file_is_an_error(tmp_path: Path) -> None:
    folder = Folder(str(tmp_path))
    put_at_hand(folder, "x", ())
    (tmp_path / AT_HAND).write_bytes((tmp_path / AT_HAND).read_bytes().replace(b'"x"', b'"y"'))
    with pytest.raises(DamagedFileError, match="is damaged"):
        window_at_hand(folder)
