"""Seals: what was written is given back, and every other file is known to be damaged."""

import contextlib
import json
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.damaging import DAMAGES
from transforms.sealed import (
    Damaged,
    SealingSink,
    check_file,
    seal_text,
    sealed_json,
    unseal,
    unseal_text,
    unsealed_json,
)

FIELDS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def sealed(*pieces: bytes) -> bytes:
    written: list[bytes] = []
    sink = SealingSink(lambda view: written.append(bytes(view)))
    for piece in pieces:
        sink.write(piece)
    sink.seal()
    return b"".join(written)


@given(st.lists(st.binary(max_size=200)))
def test_what_was_sealed_is_given_back(pieces: list[bytes]) -> None:
    content, digest = unseal(pa.py_buffer(sealed(*pieces)))
    assert content.to_pybytes() == b"".join(pieces)
    assert (len(digest), unseal(pa.py_buffer(sealed(*pieces)), check=False)[1]) == (32, digest)


@given(st.binary(min_size=1, max_size=2000), st.sampled_from(DAMAGES), st.integers(0, 2**32))
def test_every_other_file_is_damaged(content: bytes, kind, seed: int) -> None:  # type: ignore[no-untyped-def]
    data = sealed(content)
    with pytest.raises(Damaged):
        unseal(pa.py_buffer(kind(data, Random(seed))))


@pytest.mark.parametrize("size", [0, 1, 23, 24, 25, 1 << 20, (1 << 20) + 1, (1 << 20) + 23, (1 << 20) + 24, 3_000_000])
def test_a_file_is_checked_in_pieces(tmp_path: Path, size: int) -> None:
    path = tmp_path / "x"
    path.write_bytes(sealed(Random(size).randbytes(size)))
    check_file(str(path))
    for kind in DAMAGES:
        path.write_bytes(kind(sealed(Random(size).randbytes(size)), Random(size)))
        with pytest.raises(Damaged):
            check_file(str(path))


@given(FIELDS)
def test_sealed_json_is_given_back(fields: object) -> None:
    assert unsealed_json(sealed_json(fields)) == fields


@given(st.dictionaries(st.text(min_size=1), st.integers() | st.text(), min_size=1), st.integers(0, 2**32))
def test_other_json_is_damaged_or_says_the_same(fields: dict[str, object], seed: int) -> None:
    other = DAMAGES[0](sealed_json(fields), Random(seed))
    with contextlib.suppress(Damaged):
        assert unsealed_json(other) == fields, "an escape that reads the same"


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"content": 1}', b"\xff", b'{"content": 1, "digest": 5}'])
def test_what_is_no_sealed_json_is_damaged(text: bytes) -> None:
    with pytest.raises(Damaged):
        unsealed_json(text)


@given(
    st.dictionaries(st.text(min_size=1), st.text() | st.integers(), min_size=1).filter(lambda each: "seal" not in each)
)
def test_a_sealed_text_is_json_and_is_given_back(fields: dict[str, Any]) -> None:
    text = json.dumps(fields, ensure_ascii=True, indent=1) + "\n"
    sealed = seal_text(text)
    assert list(json.loads(sealed)) == [*fields, "seal"]
    assert unseal_text(sealed) == text.encode()
    assert unseal_text(text.encode()) == text.encode()


@given(st.data())
def test_no_bit_of_a_sealed_text_flips_unseen(data: st.DataObject) -> None:
    """Either the seal is broken, or what is left is no JSON object with the keys that it had."""
    text = json.dumps({"run": "a", "text": "النص", "n": [1, 2]}, indent=1) + "\n"
    sealed = bytearray(seal_text(text))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= 1 << data.draw(st.integers(0, 7))
    with contextlib.suppress(ValueError):  # Damaged, and that of JSON, are such errors
        assert json.loads(unseal_text(bytes(sealed))).keys() != json.loads(text).keys()
