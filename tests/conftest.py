"""What tests of every room share: real input that lies beside the project, tools that may be missing, seeds."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import hypothesis  # here, for it looks at trio's random numbers, which `gc.freeze` of a command hides
import pytest

from pipelines.kernels import load_all

PROJECT = Path(__file__).parents[1]
hypothesis.settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("untimed")
SHARED = PROJECT.parent / "shared"
# Farasa's data is fetched by whoever wants it; what most tests are about needs none.
UNSEGMENTED = ("--set", "segmentation.engine=none")
os.environ["LANGUAGE"] = "en"  # what tests read is English, whoever runs them


def lacking(what: str) -> NoReturn:
    """Skips the test, and says what it lacks; under continuous integration it fails."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


def require_tool(name: str) -> str:
    """The path of a program that the test needs."""
    return shutil.which(name) or lacking(f"{name}: not installed")


@pytest.fixture(scope="session", autouse=True)
def kernels() -> None:
    """Compiles the kernels that have changed, which takes time and is said, before a test looks at what is printed."""
    if "NUMBA_BOUNDSCHECK" in os.environ:
        return  # what runs with a cache of its own compiles no more than it calls
    load_all()


@pytest.fixture(scope="session")
def real() -> Path:
    """The folder of real input, beside the project."""
    if not (SHARED / "real").is_dir():
        pytest.skip("no folder shared/real beside the project")
    return SHARED / "real"


@pytest.fixture(scope="session")
def seeds() -> Path:
    """The project's own bundles."""
    return PROJECT / "seeds"
