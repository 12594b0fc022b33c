"""Farasa's own data and the official answers, where they are there."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import SHARED, lacking
from tests.segmentation.decoding import read_model
from transforms.segmentation.embedded import EmbeddedSegmenter
from transforms.segmentation.model import Model
from transforms.segmentation.tables import default_data


@pytest.fixture(scope="session")
def data() -> Path:
    """The file of Farasa's compiled data."""
    if not default_data().exists():
        lacking("Farasa's data is not there: python -m pipelines.farasa fetch")
    return default_data()


@pytest.fixture(scope="session")
def farasa(data: Path) -> EmbeddedSegmenter:
    """A segmenter over Farasa's data."""
    return EmbeddedSegmenter.open(data)


@pytest.fixture(scope="session")
def farasa_model(data: Path) -> Model:
    """Farasa's data as dicts."""
    return read_model(data)


@pytest.fixture(scope="session")
def official() -> Callable[[str], list[tuple[str, str]]]:
    """From a list's name to its words and what the official segmenter answered."""

    def answers(name: str) -> list[tuple[str, str]]:
        path = SHARED / "farasa" / f"{name}.tsv.gz"
        if not path.exists():
            pytest.skip("no folder shared/farasa beside the project")
        with gzip.open(path, "rt", encoding="utf-8") as file:
            pairs = [line.rstrip("\n").split("\t") for line in file]
        return [(word, answer) for word, answer in pairs]

    return answers
