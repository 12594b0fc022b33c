"""The kernel decorator: compiled once for one signature, over read-only arrays, never compiled in a run."""

import numpy as np
import pytest
from numba import types

from transforms.kernels import InBytes, Int64, OutInt64, inline, kernel


@inline
def double(value):  # type: ignore[no-untyped-def]
    return 2 * value


@kernel(InBytes, Int64, OutInt64, returns=types.int64)
def doubled_sum(data, times, out):  # type: ignore[no-untyped-def]
    total = 0
    for at in range(len(data)):
        total += double(np.int64(data[at]))
    out[0] = total * times
    return total


def test_a_kernel_reads_bytes_and_fills_what_it_is_given() -> None:
    out = np.zeros(1, np.int64)
    assert doubled_sum(np.frombuffer(b"\x01\x02\xff", np.uint8), 3, out) == 2 * 258
    assert out[0] == 6 * 258


def test_a_kernel_takes_writeable_input_too() -> None:
    assert doubled_sum(np.array([1, 2], np.uint8), 1, np.zeros(1, np.int64)) == 6


@pytest.mark.parametrize(
    "data", [np.zeros(3, np.int8), np.zeros((2, 2), np.uint8), np.zeros(6, np.uint8)[::2]], ids=["type", "shape", "gap"]
)
def test_another_type_is_an_error_not_a_compilation(data: np.ndarray) -> None:
    with pytest.raises(TypeError, match="No matching definition"):
        doubled_sum(data, 1, np.zeros(1, np.int64))
    assert len(doubled_sum.signatures) == 1  # type: ignore[attr-defined]


def test_output_must_be_writeable() -> None:
    out = np.zeros(1, np.int64)
    out.flags.writeable = False
    with pytest.raises(TypeError, match="No matching definition"):
        doubled_sum(np.zeros(1, np.uint8), 1, out)
