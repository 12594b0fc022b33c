"""A corpus for the tests of what is read from one: of the seeds, and of hostile texts."""

from pathlib import Path

import pytest

from pipelines.ingest import main
from tests.conftest import UNSEGMENTED
from tests.report.hostile import write_hostile
from transforms.shards.corpus import Corpus


@pytest.fixture(scope="module", params=["seeds", "hostile"])
def corpus(request: pytest.FixtureRequest, seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("corpus")
    bundles = seeds if request.param == "seeds" else write_hostile(folder / "in")
    inputs = ["--input", f"{bundles}/*.txt", "--output", str(folder / "out"), "--run", "r", "--quiet"]
    assert main([*inputs, "--set", "run.report=false", *UNSEGMENTED]) == 0
    return Corpus(str(folder / "out"))
