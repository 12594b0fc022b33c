"""A lazy sequence is as the list of what it makes, and makes each when it is asked for."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.dedup.one_pass.join import Lazy

ends = st.none() | st.integers(-12, 12)


@settings(deadline=None)
@given(st.integers(0, 9), ends, ends, ends.filter(lambda step: step != 0))
def test_it_is_as_a_list(count: int, start: int | None, stop: int | None, step: int | None) -> None:
    members = [str(each) for each in range(count)]
    lazy = Lazy(lambda at: members[at], count)
    assert (list(lazy), len(lazy)) == (members, count)
    assert list(lazy[start:stop:step]) == members[start:stop:step]
    assert [lazy[at] for at in range(-count, count)] == 2 * members
    for beyond in (count, -count - 1):
        with pytest.raises(IndexError):
            lazy[beyond]


def test_each_is_made_when_it_is_asked_for() -> None:
    made: list[int] = []
    lazy = Lazy(made.append, 3)
    assert made == []
    assert (lazy[1], lazy[1:][0], lazy[-1]) == (None, None, None)
    assert made == [1, 1, 2]
