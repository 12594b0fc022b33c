"""Which segmenter the settings ask for."""

import pickle
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.segmentation.samples import model, segment_texts, tables, twin
from transforms.segmentation.compiling import describe
from transforms.segmentation.embedded import EmbeddedSegmenter
from transforms.segmentation.segmenter import Segmenter, open_segmenter
from transforms.segmentation.tables import TablesError, default_data, write_tables
from transforms.segmentation.words import segment_text
from transforms.settings import SegmentationSettings


def test_the_embedded_engine_is_the_default(tmp_path: Path) -> None:
    path = tmp_path / "farasa.arrow"
    write_tables(tables(), describe(model()), path)
    settings = SegmentationSettings(data=str(path), norm=True)
    segmenter: Segmenter | None = open_segmenter(pickle.loads(pickle.dumps(settings)))
    assert isinstance(segmenter, EmbeddedSegmenter)
    expected = segment_text("والمدرسة", twin, norm=True)
    assert segment_texts(segmenter, ["والمدرسة"]) == [expected]
    segmenter.close()


def test_none_is_no_segmenter() -> None:
    assert open_segmenter(SegmentationSettings(engine="none")) is None


def test_missing_data_is_told_before_work(tmp_path: Path) -> None:
    with pytest.raises(TablesError, match=r"run: python -m pipelines\.farasa fetch"):
        open_segmenter(SegmentationSettings(data=str(tmp_path / "none")))


def test_data_lies_in_the_users_own_folder() -> None:
    assert default_data().is_relative_to(Path.home())
    assert default_data().name == "farasa-0.0.1-2.arrow"


@pytest.mark.parametrize(
    "values",
    [{"engine": "other"}, {"heap": "much"}, {"jar_sha256": "abc"}, {"timeout_seconds": 0}, {"java": ""}, {"lemma": 1}],
)
def test_impossible_settings_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SegmentationSettings.model_validate(values)
