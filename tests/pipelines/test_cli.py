"""What the commands share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.cli import Parser, complain
from transforms.errors import RunError, UsageError


def test_a_parser_raises_what_is_wrong() -> None:
    parser = Parser(prog="x")
    parser.add_argument("--number", type=int)
    assert parser.parse_args(["--number", "3"]).number == 3
    with pytest.raises(UsageError, match="argument --number: invalid int value: 'three'; see --help"):
        parser.parse_args(["--number", "three"])
    with pytest.raises(UsageError, match="unrecognized arguments: stray; see --help"):
        parser.parse_args(["stray"])


def test_a_complaint_has_its_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert complain(UsageError("output x: is a file")) == 2
    assert complain(RunError("a  b")) == 1
    assert capsys.readouterr() == ("", "rafid: output x: is a file\nrafid: a  b\n")


@given(message=st.text("ab \n\r\u2028\x0b"))
def test_a_complaint_is_one_line(message: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        printed: list[str] = []
        patch.setattr("builtins.print", lambda text, file: printed.append(text))
        complain(RunError(message))
    assert len(printed[0].splitlines()) == 1
