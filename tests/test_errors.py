"""What the process ends with."""

import pytest

from tests.conftest import PROJECT
from transforms.errors import RafidError, RunError, UsageError, command_line


@pytest.mark.parametrize(("kind", "code"), [(UsageError, 2), (RunError, 1), (RafidError, 1)])
def test_exit_codes(kind: type[RafidError], code: int) -> None:
    assert kind("x").exit_code == code
    assert issubclass(kind, RafidError)


@pytest.mark.parametrize(
    ("called", "named"),
    [
        ("/home/me/.venv/bin/rafid", "rafid ingest"),
        ("C:/Scripts/rafid.exe", "rafid ingest"),
        ("/src/rafid.py", "rafid ingest"),
        ("/src/pipelines/ingest.py", "python -m pipelines.ingest"),
        ("/src/pipelines/__main__.py", "python -m pipelines.ingest"),
        ("", "python -m pipelines.ingest"),
    ],
)
def test_a_command_is_named_as_it_was_called(called: str, named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", [called])
    assert command_line("ingest") == named


def test_no_other_place_names_a_command() -> None:
    sources = [path for room in ("pipelines", "transforms") for path in (PROJECT / room).rglob("*.py")]
    naming = [path for path in sources if "python -m pipelines" in path.read_text(encoding="utf-8")]
    assert naming == [PROJECT / "transforms" / "errors.py"]


def test_ipython_shows_the_line_alone() -> None:
    assert UsageError("output x:\nis a file")._render_traceback_() == ["rafid: output x: is a file"]
