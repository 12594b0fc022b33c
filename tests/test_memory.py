"""Memory that a thread uses again: never while anything looks at it, and by no other thread."""

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from transforms import memory
from transforms.memory import give_back, scratch

_LARGE = 1 << 20


def address(array: np.ndarray) -> int:
    return int(array.ctypes.data)


def in_a_thread(work: object) -> object:
    """What `work` gives in a thread that has used no memory before."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()  # type: ignore[arg-type]


def test_memory_that_nobody_looks_at_is_used_again() -> None:
    def twice() -> tuple[int, int]:
        first = address(scratch(_LARGE, np.uint64))
        return first, address(scratch(_LARGE // 2, np.uint64))

    first, second = in_a_thread(twice)  # type: ignore[misc]
    assert first == second


def test_memory_is_lent_while_a_view_or_a_buffer_of_it_lives() -> None:
    def three_times() -> list[int]:
        whole = scratch(_LARGE, np.uint8)
        view, buffer = whole[5:9].view(np.uint32)[:1], pa.py_buffer(scratch(_LARGE, np.uint8))
        addresses = [address(whole), buffer.address]
        del whole
        third = scratch(_LARGE, np.uint8)
        return [*addresses, address(third), address(view) - 5]

    first, second, third, of_view = in_a_thread(three_times)  # type: ignore[misc]
    assert len({first, second, third}) == 3
    assert of_view == first


def test_memory_that_is_too_small_makes_room_for_larger() -> None:
    def work() -> list[int]:
        for size in (_LARGE, 2 * _LARGE, 5 * _LARGE):
            scratch(size, np.uint8)
        return [len(store) for store in memory._kept.stores]

    assert in_a_thread(work) == [5 * _LARGE]


def test_memory_fits_what_is_a_little_larger() -> None:
    def work() -> tuple[int, int]:
        return address(scratch(5 * _LARGE - 4000, np.uint8)), address(scratch(5 * _LARGE, np.uint8))

    first, second = in_a_thread(work)  # type: ignore[misc]
    assert first == second


def test_giving_back_leaves_what_is_in_use() -> None:
    array = np.arange(_LARGE)
    give_back()
    assert (array == np.arange(_LARGE)).all()


@given(sizes=st.lists(st.integers(0, 3 * _LARGE), max_size=12), keep=st.lists(st.booleans(), min_size=12, max_size=12))
def test_no_two_arrays_that_live_share_a_byte(sizes: list[int], keep: list[bool]) -> None:
    living = []
    for number, (size, kept) in enumerate(zip(sizes, keep, strict=False)):
        array = scratch(size, np.uint8)
        array[:] = number
        if kept:
            living.append((number, array))
    assert all((array == number).all() for number, array in living)
    assert all(len(array) == sizes[number] for number, array in living)


def test_a_thread_keeps_a_few_and_leaves_nothing() -> None:
    def work() -> list[weakref.ref[np.ndarray]]:
        arrays = [scratch(_LARGE, np.uint8) for _ in range(6)]
        while arrays:
            arrays.pop()
        return [weakref.ref(store) for store in memory._kept.stores]

    stores: list[weakref.ref[np.ndarray]] = in_a_thread(work)  # type: ignore[assignment]
    gc.collect()
    assert len(stores) == 3
    assert [store() for store in stores] == [None, None, None]


def test_another_thread_has_memory_of_its_own() -> None:
    mine = address(scratch(_LARGE, np.uint8))
    assert len(memory._kept.stores) >= 1
    assert in_a_thread(lambda: (len(memory._kept.stores), address(scratch(_LARGE, np.uint8)) != mine)) == (0, True)
