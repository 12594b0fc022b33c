"""The page of promises names tests that are there, and commands that make knows."""

import re
from pathlib import Path

from docs.reference import DOCS
from tests.conftest import PROJECT

PAGE = (DOCS / "promises.md").read_text(encoding="utf-8")


def test_every_test_that_is_named_is_there() -> None:
    named = re.findall(r"`(tests/[^`]+)`", PAGE)
    assert len(named) > 20
    assert [path for path in named if not (PROJECT / path).exists()] == []


def test_every_long_form_is_a_target() -> None:
    targets = "".join(path.read_text(encoding="utf-8") for path in Path(PROJECT, "tests").glob("*/*.mk"))
    assert [name for name in set(re.findall(r"`make ([a-z]+)`", PAGE)) - {"test"} if f"\n{name}: " not in targets] == []
