"""The reference pages are those that the code writes; their words cover every setting and column."""

import pytest

from docs.reference import DOCS, PAGES
from pipelines.views.card import MEANINGS
from transforms.shards.schemas import LEDGERS


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_current(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "python -m docs.reference"


@pytest.mark.parametrize("ledger", LEDGERS)
def test_every_column_has_a_meaning(ledger: str) -> None:
    assert list(MEANINGS[ledger]) == LEDGERS[ledger].names


def test_every_setting_is_described() -> None:
    page = PAGES["settings.md"]()
    assert [line for line in page.splitlines() if line.startswith("| `") and line.endswith("|  |")] == []
    assert page.count("\n| `") > 40
