"""What the process ends with."""

import pytest

from transforms.errors import RafidError, RunError, UsageError


@pytest.mark.parametrize(("kind", "code"), [(UsageError, 2), (RunError, 1), (RafidError, 1)])
def test_exit_codes(kind: type[RafidError], code: int) -> None:
    assert kind("x").exit_code == code
    assert issubclass(kind, RafidError)
