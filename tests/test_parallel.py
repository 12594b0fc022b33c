"""Working on several jobs at a time: results in order, the first error, no more threads than asked for."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.parallel import map_in_order


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers()), st.integers(1, 5))
def test_it_is_map(jobs: list[int], threads: int) -> None:
    assert list(map_in_order(lambda job: job * 3, jobs, threads)) == [job * 3 for job in jobs]


def test_results_keep_their_order_when_the_last_is_ready_first() -> None:
    last_is_done = threading.Event()

    def work(job: int) -> int:
        if job == 1:
            last_is_done.set()
        else:
            assert last_is_done.wait(60)
        return job

    assert list(map_in_order(work, [0, 1], 2)) == [0, 1]


def test_no_more_jobs_at_a_time_than_threads() -> None:
    meeting = threading.Barrier(3, timeout=60)
    lock, working, most = threading.Lock(), 0, 0

    def work(_: int) -> None:
        nonlocal working, most
        with lock:
            working += 1
            most = max(most, working)
        meeting.wait()
        with lock:
            working -= 1

    list(map_in_order(work, range(9), 3))
    assert most == 3


def test_the_first_error_is_raised_and_stops_what_has_not_begun() -> None:
    begun = []

    def work(job: int) -> int:
        begun.append(job)
        if job == 1:
            raise ValueError("job 1")
        threading.Event().wait(0.01)  # the others take long enough to be stopped
        return job

    results = map_in_order(work, range(1000), 1)
    assert next(results) == 0
    with pytest.raises(ValueError, match="job 1"):
        list(results)
    assert len(begun) < 1000
