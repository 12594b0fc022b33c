"""Damaged files of an output give no wrong answer, no crash and no traceback: the short form of `make damages`."""

from random import Random

import pytest

from tests.conftest import PROJECT
from tests.end_to_end.damages import KINDS, Scene


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(PROJECT)
        return Scene.below(tmp_path_factory.mktemp("damages"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_file_misleads_nobody(kind: str, scene: Scene) -> None:
    assert kind in scene.damage(kind, Random(kind))
