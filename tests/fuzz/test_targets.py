"""The fuzz targets on what hypothesis makes, and on what fuzzing once found."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bundles.compressors import COMPRESSORS
from tests.bundles.test_reader import hostile
from tests.fuzz.targets import TARGETS

FOUND = sorted((Path(__file__).parent / "found").glob("*/*"))
packed = st.builds(lambda kind, data: COMPRESSORS[kind](data), st.sampled_from(sorted(COMPRESSORS)), hostile)
utf16 = st.builds(
    lambda text, name: ("\ufeff" + text).encode(name), st.text(max_size=40), st.sampled_from(["utf-16-le", "utf-16-be"])
)
cut = st.builds(lambda data, at: data[: at % (len(data) + 1)], packed, st.integers(0, 500))
joined = st.lists(st.one_of(packed, cut, utf16, hostile, st.binary(max_size=60)), max_size=4).map(b"".join)
yaml = st.lists(
    st.sampled_from(
        [
            "input:",
            "\n  ",
            "dedup:",
            "threshold:",
            " 0.7",
            "[",
            "]",
            "{",
            "}",
            "&a ",
            "*a",
            "- ",
            "!!python/name:os",
            ": ",
            "\n",
            "'",
            '"',
            "1e999",
            "~",
            "شيء",
            "run.threads=3",
            "=",
            "0x",
            "2026-11-22",
        ]
    ),
    max_size=15,
).map(lambda parts: "".join(parts).encode())


@pytest.mark.parametrize("target", ["reader", "decompression", "encodings"])
@settings(deadline=None)
@given(data=joined)
def test_bundles(target: str, data: bytes) -> None:
    TARGETS[target](data)


@settings(deadline=None)
@given(data=st.one_of(yaml, st.binary(max_size=40)))
def test_configuration(data: bytes) -> None:
    TARGETS["configuration"](data)


@pytest.mark.parametrize("path", FOUND, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_was_found(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())
