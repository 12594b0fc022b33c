"""Column names and types: the contract with everyone who reads a corpus."""

import pyarrow as pa
import pytest

from transforms.runs.run import LEDGER_FOLDERS
from transforms.shards.schemas import LEDGERS

COLUMNS = {
    "documents": """
        doc_id: string not null
        bundle: string not null
        offset: int64 not null
        length: int64 not null
        name: string not null
        encoding: string not null
        repaired: int32 not null
        language: string
        language_probability: float
        text: string not null
        segmented: string
        paragraph_index: list<element: int32 not null> not null
        paragraph_offset: list<element: int64 not null> not null
        run: string not null
    """,
    "duplicates": """
        doc_id: string not null
        bundle: string not null
        offset: int64 not null
        paragraph_index: int32 not null
        text: string not null
        rule: string not null
        similarity: double not null
        kept_doc_id: string not null
        kept_bundle: string not null
        kept_offset: int64 not null
        kept_paragraph_index: int32 not null
        kept_length: int64 not null
        kept_run: string not null
        kept_corpus: string
        run: string not null
    """,
    "filtered": """
        doc_id: string not null
        bundle: string not null
        offset: int64 not null
        length: int64 not null
        name: string not null
        encoding: string not null
        repaired: int32 not null
        language: string
        language_probability: float
        rule: string not null
        reason: string
        text: string not null
        paragraph_offset: list<element: int64 not null> not null
        run: string not null
    """,
    "rejects": """
        bundle: string not null
        offset: int64 not null
        length: int64 not null
        stage: string not null
        reason: string not null
        detail: string not null
        payload: binary not null
        run: string not null
    """,
}


def as_written(schema: pa.Schema) -> list[str]:
    return [f"{field.name}: {field.type}{'' if field.nullable else ' not null'}" for field in schema]


@pytest.mark.parametrize("ledger", COLUMNS)
def test_the_columns_are_those_of_the_contract(ledger: str) -> None:
    assert as_written(LEDGERS[ledger]) == [line.strip() for line in COLUMNS[ledger].strip().splitlines()]


def test_there_is_a_folder_for_each_ledger() -> None:
    assert set(LEDGERS) == set(COLUMNS) == set(LEDGER_FOLDERS)
