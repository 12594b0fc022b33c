"""Kernels: compiled once for one signature, over read-only arrays, cached where a user can, anew after any change."""

import ctypes
import os
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import PROJECT, require_tool
from transforms.kernels import (
    Bool,
    Float64,
    InBytes,
    InInt64,
    Int64,
    OutBytes,
    OutInt64,
    UInt64,
    called,
    inline,
    kernel,
)
from transforms.machine_code import KernelError
from transforms.signatures import Fields, address, call, copy, prefetch


@inline
def double(value):  # type: ignore[no-untyped-def]
    return 2 * value


@kernel(InBytes, Int64, OutInt64, returns=Int64)
def doubled_sum(data, times, out):  # type: ignore[no-untyped-def]
    total = 0
    for at in range(len(data)):
        total += double(np.int64(data[at]))
    out[0] = total * times
    return total


@called
def sum_ahead(data, distance):  # type: ignore[no-untyped-def]
    total = 0
    for at in range(len(data)):
        prefetch(data, at + distance)
        total += np.int64(data[at])
    return total


@kernel(InBytes, Int64, returns=Int64)
def called_sum(data, distance):  # type: ignore[no-untyped-def]
    return sum_ahead(data, distance)


@pytest.mark.parametrize("distance", [0, 1, 1 << 40])
def test_what_is_brought_near_is_not_read(distance: int) -> None:
    assert called_sum(np.arange(100, dtype=np.uint8), distance) == 4950


@kernel(InInt64, Int64, Int64, OutInt64, Int64)
def copied(data, begin, end, out, to):  # type: ignore[no-untyped-def]
    copy(out, to, data, begin, end)


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=99), st.data())
def test_what_is_copied_is_there_and_nothing_else(numbers: list[int], data: st.DataObject) -> None:
    begin, end = sorted(data.draw(st.tuples(*2 * [st.integers(0, len(numbers))])))
    to = data.draw(st.integers(0, 3))
    out = np.full(to + end - begin + 2, 7, np.int64)
    copied(np.array(numbers, np.int64), begin, end, out, to)
    assert out.tolist() == [7] * to + numbers[begin:end] + [7, 7]


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_what_is_copied_within_a_column_is_what_was_there(begin: int, size: int, to: int) -> None:
    column = np.arange(20)
    expected = column.copy()
    expected[to : to + size] = range(begin, begin + size)
    copied(column, begin, begin + size, column, to)
    assert column.tolist() == expected.tolist()


@kernel(Int64, OutBytes, OutInt64)
def filled_by_c(function, out, number):  # type: ignore[no-untyped-def]
    call(function, (address(out, 2), np.int64(ord("a")), np.int64(3)))
    number[0] = address(number, 1) - address(number, 0)


def test_a_kernel_calls_a_c_function_by_its_address() -> None:
    memset = ctypes.cast(ctypes.memset, ctypes.c_void_p).value
    out, number = np.full(8, ord("."), np.uint8), np.zeros(1, np.int64)
    filled_by_c(memset, out, number)
    assert (out.tobytes(), number[0]) == (b"..aaa...", 8)


def test_a_kernel_reads_bytes_and_fills_what_it_is_given() -> None:
    out = np.zeros(1, np.int64)
    assert doubled_sum(np.frombuffer(b"\x01\x02\xff", np.uint8), 3, out) == 2 * 258
    assert out[0] == 6 * 258


def test_a_kernel_takes_writeable_input_too() -> None:
    assert doubled_sum(np.array([1, 2], np.uint8), 1, np.zeros(1, np.int64)) == 6


@pytest.mark.parametrize(
    "data", [np.zeros(3, np.int8), np.zeros((2, 2), np.uint8), np.zeros(6, np.uint8)[::2]], ids=["type", "shape", "gap"]
)
def test_another_type_is_an_error_not_a_compilation(data: np.ndarray) -> None:
    with pytest.raises(TypeError, match=r"doubled_sum.*: argument 1: an array of u?int8\["):
        doubled_sum(data, 1, np.zeros(1, np.int64))


def test_output_must_be_writeable() -> None:
    out = np.zeros(1, np.int64)
    out.flags.writeable = False
    with pytest.raises(TypeError, match=r"argument 3: an array of int64.*, which is not contiguous and writeable"):
        doubled_sum(np.zeros(1, np.uint8), 1, out)


@pytest.mark.parametrize("times", ["1", 1.5, None, np.float64(2)])
def test_a_number_must_be_one_of_its_type(times: object) -> None:
    with pytest.raises(TypeError, match=r"doubled_sum.*: argument 2: "):
        doubled_sum(np.zeros(1, np.uint8), times, np.zeros(1, np.int64))


def test_arguments_are_counted() -> None:
    with pytest.raises(TypeError, match=r"doubled_sum.*: 1 arguments, not 3"):
        doubled_sum(np.zeros(1, np.uint8))


class Measure(NamedTuple):
    """A named tuple that a kernel takes."""

    values: np.ndarray
    weight: float
    counted: bool


@kernel(Fields(Measure, (InInt64, Float64, Bool)), UInt64, returns=Float64)
def weighed(measure, more):  # type: ignore[no-untyped-def]
    total = 0.0
    for value in measure.values:
        total += value * measure.weight
    return total + (float(more) if measure.counted else 0.0)


@kernel(UInt64, returns=UInt64)
def doubled(number):  # type: ignore[no-untyped-def]
    return number * np.uint64(2)


@kernel(InInt64, Int64, returns=Bool)
def has(values, wanted):  # type: ignore[no-untyped-def]
    found = False
    for value in values:
        found |= value == wanted
    return found


@given(
    st.lists(st.integers(-(2**31), 2**31)),
    st.floats(-1e9, 1e9),
    st.booleans(),
    st.integers(0, 2**64 - 1),
    st.integers(-(2**63), 2**63 - 1),
)
def test_all_types_come_over_and_back(numbers: list[int], weight: float, counted: bool, more: int, wanted: int) -> None:
    values = np.array(numbers, np.int64)
    total = 0.0
    for number in numbers:
        total += number * weight
    assert weighed(Measure(values, weight, counted), np.uint64(more)) == total + (float(more) if counted else 0.0)
    assert doubled(more) == more * 2 % 2**64
    assert has(values, wanted) is (wanted in numbers)
    assert has(np.array([*numbers, wanted], np.int64), wanted) is True


@kernel(InInt64, Int64, returns=Int64)
def median(values, times):  # type: ignore[no-untyped-def]
    middle = 0
    for _ in range(times):
        room = np.empty(len(values), np.int64)
        for at in range(len(values)):
            room[at] = values[at]
        for at in range(1, len(values)):
            value, to = room[at], at
            while to > 0 and room[to - 1] > value:
                room[to] = room[to - 1]
                to -= 1
            room[to] = value
        middle = room[len(values) // 2]
    return middle


def test_a_kernel_may_create_arrays_and_gives_their_memory_back() -> None:
    """A thousand times 8 MB would be 8 GB."""
    assert median(np.array([5, 1, 4, 2, 3]), 1) == 3
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert median(np.arange(1_000_000), 1000) == 500_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_a_kernel_creates_no_lists() -> None:
    def listing(number):  # type: ignore[no-untyped-def]
        return len([number] * number)

    with pytest.raises(TypeError, match=r"a kernel uses NRT_.*: of what needs memory"):
        kernel(Int64, returns=Int64)(listing).load()


def test_a_kernel_that_cannot_go_on_is_an_error() -> None:
    def divided(number):  # type: ignore[no-untyped-def]
        return 10 // number

    by = kernel(Int64, returns=Int64)(divided)
    assert by(3) == 3
    with pytest.raises(KernelError, match=r"divided: it divided by zero, had no memory, or "):
        by(0)


def test_what_is_loaded_needs_no_compiler(tree: "Tree") -> None:
    assert tree.run("-c", f"{ANSWER}\nimport sys; print('numba' in sys.modules)") == ("95.0\nFalse\n", "")


# What the cache is tried on: a kernel, a helper in another file, values in a third, and a type.
SAMPLE = {
    "values.py": """
from typing import NamedTuple
import numpy as np

class Pair(NamedTuple):
    near: int
    far: int

STEP = 1
WEIGHTS = np.array([10, 20])
""",
    "helpers/kernels.py": """
import numpy as np
from transforms.kernels import Int64, inline, kernel
from transforms.signatures import Scalar
from transforms.values import STEP, WEIGHTS

@inline
def advance(value):
    return value + STEP

@inline
def weigh(value):
    return advance(value) * WEIGHTS[0]

@kernel(Int64, returns=Scalar(np.dtype("int64")))
def half(value):
    return value // 2
""",
    "users/kernels.py": """
from transforms.helpers.kernels import weigh
from transforms.kernels import Float64, Int64, kernel
from transforms.signatures import Fields
from transforms.values import Pair

@kernel(Fields(Pair, (Int64, Int64)), returns=Float64)
def answer(pair):
    return weigh(pair.near) + pair.far / 2
""",
}
ANSWER = """
from transforms.helpers.kernels import half
from transforms.users.kernels import answer, Pair
print(answer(Pair(near=1, far=half(301))))
"""
COMPILING = (
    "rafid: compiling kernels, which is done once and takes up to a minute; "
    "`python -m pipelines.kernels` does it beforehand\n"
)


class Tree:
    """A copy of the sources with the sample for kernels."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, *arguments: str, by: tuple[str, ...] = (), code: int = 0, **environment: str) -> tuple[str, str]:
        """What Python prints, on standard output and error; -B: its own cache takes a quick edit for none."""
        command = [*by, sys.executable, "-B", *(arguments or ("-c", ANSWER))]
        known = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"} | environment
        done = subprocess.run(
            command, cwd=self.root, env=known, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == code, done.stderr
        return done.stdout, done.stderr

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.root / "transforms" / file
        text = path.read_text()
        assert text.count(old) == 1
        path.write_text(text.replace(old, new))

    def cached(self) -> list[str]:
        """The names of cached kernels, without what comes after their own."""
        return sorted(path.name.split(".cpython")[0] for path in self.root.rglob("*.nb*"))


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """A tree with its kernels in the cache."""
    root = tmp_path_factory.mktemp("compiled")
    for source in [*PROJECT.glob("transforms/*.py"), *PROJECT.glob("pipelines/*.py")]:
        (root / source.parent.name).mkdir(exist_ok=True)
        shutil.copy(source, root / source.parent.name)
    for name, text in SAMPLE.items():
        path = root / "transforms" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.with_name("__init__.py").touch()
    tree = Tree(root)
    assert tree.run() == ("95.0\n", COMPILING)  # once for both kernels
    return tree


@pytest.fixture
def tree(compiled: Tree, tmp_path: Path) -> Tree:
    shutil.copytree(compiled.root, tmp_path / "tree")
    return Tree(tmp_path / "tree")


@pytest.fixture
def fresh(tree: Tree) -> Tree:
    """A tree of which nothing has been compiled."""
    for folder in [*tree.root.rglob("__pycache__")]:
        shutil.rmtree(folder)
    return tree


def test_a_kernel_that_is_not_called_is_neither_loaded_nor_compiled(fresh: Tree) -> None:
    assert fresh.run("-c", "import transforms.users.kernels") == ("", "")
    assert fresh.run("-c", "from transforms.helpers.kernels import half; print(half(7))") == ("3\n", COMPILING)
    assert fresh.cached() == ["kernels.half"]


def test_threads_that_call_a_kernel_at_once_load_it_once(tree: Tree) -> None:
    calls = "from transforms.helpers.kernels import half; print(*ThreadPoolExecutor(8).map(half, range(8)))"
    assert tree.run("-c", f"from concurrent.futures import ThreadPoolExecutor; {calls}") == ("0 0 1 1 2 2 3 3\n", "")


def test_what_is_cached_is_not_compiled_again(tree: Tree) -> None:
    assert tree.run() == ("95.0\n", "")
    assert tree.cached() == ["kernels.answer", "kernels.half"]


@pytest.mark.parametrize(
    ("file", "old", "new", "answer"),
    [
        ("helpers/kernels.py", "* WEIGHTS[0]", "+ WEIGHTS[0]", 87.0),
        ("helpers/kernels.py", "value + STEP", "value - STEP", 75.0),
        ("helpers/kernels.py", "value // 2", "value // 3", 70.0),
        ("helpers/kernels.py", 'dtype("int64")', 'dtype("int8")', -33.0),
        ("values.py", "STEP = 1", "STEP = 2", 105.0),
        ("values.py", "[10, 20]", "[20, 20]", 115.0),
        ("values.py", "    near: int\n    far: int\n", "    far: int\n    near: int\n", 95.0),
    ],
    ids=["helper", "helper's helper", "kernel", "its type", "constant", "array", "order of fields"],
)
def test_a_change_elsewhere_compiles_a_kernel_anew(tree: Tree, file: str, old: str, new: str, answer: float) -> None:
    tree.edit(file, old, new)
    assert tree.run() == (f"{answer}\n", COMPILING)
    assert tree.run() == (f"{answer}\n", "")
    assert tree.cached() == ["kernels.answer", "kernels.half"]  # the old ones are gone


def test_a_comment_compiles_nothing(tree: Tree) -> None:
    tree.edit("helpers/kernels.py", "@inline\ndef advance", "# One step.\n@inline\ndef advance")
    assert tree.run() == ("95.0\n", "")


def test_what_is_cut_short_is_compiled_anew(tree: Tree) -> None:
    for path in tree.root.rglob("*.nbc"):
        os.truncate(path, path.stat().st_size // 2 if "half" in path.name else 0)
    assert tree.run() == ("95.0\n", COMPILING)
    assert tree.run() == ("95.0\n", "")


def test_kernels_with_and_without_checked_bounds_are_two(tree: Tree) -> None:
    assert tree.run(NUMBA_BOUNDSCHECK="1") == ("95.0\n", COMPILING)
    assert tree.run() == ("95.0\n", "")
    assert len(tree.cached()) == 4


class Settings:
    """No value that a kernel can have compiled in."""


@pytest.mark.parametrize("value", [{"a": 1}, Settings, Settings(), re, lambda: 3, np.random.default_rng(), doubled_sum])
def test_a_kernel_uses_nothing_whose_change_would_go_unnoticed(value: object) -> None:
    def unknown(number):  # type: ignore[no-untyped-def]
        return number if value else 0

    with pytest.raises(TypeError, match=r"a kernel uses .* and its cache would not notice a change"):
        kernel(Int64, returns=Int64)(unknown).load()


@pytest.fixture
def another_user(tree: Tree, tmp_path: Path) -> Iterator[tuple[str, ...]]:
    """The beginning of a command that is to run as somebody who cannot write to the tree."""
    folders = [tree.root, *(path for path in tree.root.rglob("*") if path.is_dir())]
    (tmp_path / "temporary").mkdir()
    (tmp_path / "temporary").chmod(0o1777)
    if os.geteuid() == 0:  # a user who is nobody here, but may read, as Python may lie in the home of root
        only = "-all,+dac_read_search"
        sets = [f"--{name}={only}" for name in ("inh-caps", "ambient-caps", "bounding-set")]
        yield (require_tool("setpriv"), "--reuid=54321", "--regid=54321", "--clear-groups", *sets)
        return
    for folder in folders:
        folder.chmod(0o555)
    yield ()
    for folder in folders:
        folder.chmod(0o755)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_every_user_runs_what_was_compiled_at_set_up(tree: Tree, another_user: tuple[str, ...], tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    assert tree.run(by=another_user, TMPDIR=str(temporary)) == ("95.0\n", "")
    assert names_in(temporary) == []


def test_without_a_folder_kernels_are_kept_in_a_temporary_one(
    fresh: Tree, another_user: tuple[str, ...], tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    answer, said = fresh.run(by=another_user, TMPDIR=str(temporary))
    (name,) = names_in(temporary)
    kept = f"rafid: compiled kernels are kept in {temporary / name}: the folder of their source cannot be written\n"
    assert (answer, said) == ("95.0\n", COMPILING + kept)
    assert (temporary / name).stat().st_mode & 0o777 == 0o700
    assert fresh.run(by=another_user, TMPDIR=str(temporary)) == ("95.0\n", "")
    assert fresh.cached() == []


def test_kernels_are_kept_in_the_home_of_whoever_cannot_write_to_the_tree(
    fresh: Tree, another_user: tuple[str, ...], tmp_path: Path
) -> None:
    home = tmp_path / "temporary"
    kept = f"rafid: compiled kernels are kept in {home}/.cache/rafid: the folder of their source cannot be written\n"
    assert fresh.run(by=another_user, HOME=str(home)) == ("95.0\n", COMPILING + kept)
    assert fresh.run(by=another_user, HOME=str(home)) == ("95.0\n", "")


def test_a_temporary_folder_that_others_can_write_to_is_not_trusted(
    fresh: Tree, another_user: tuple[str, ...], tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    fresh.run(by=another_user, TMPDIR=str(temporary))
    (folder,) = temporary.iterdir()
    folder.chmod(0o777)
    answer, said = fresh.run(by=another_user, TMPDIR=str(temporary))
    assert answer == "95.0\n"
    assert said.startswith(COMPILING + "rafid: compiled kernels cannot be kept: ")
    assert said.count("\n") == 2


def test_the_set_up_says_where_kernels_are_cached(fresh: Tree) -> None:
    said, progress = fresh.run("-m", "pipelines.kernels")
    folders = [str(fresh.root / "transforms" / name / "__pycache__") for name in ("helpers", "users")]
    assert said.partition("Cached in ")[2] == ", ".join(folders) + "\n"
    assert progress == COMPILING
    assert fresh.run() == ("95.0\n", "")


def test_the_set_up_fails_where_nothing_can_be_cached(fresh: Tree, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said, error = fresh.run("-m", "pipelines.kernels", code=1, NUMBA_CACHE_DIR=str(tmp_path / "file"))
    assert said == ""
    assert error.splitlines()[-1].startswith("rafid: kernels: not cached, ")


def test_help_compiles_nothing(fresh: Tree) -> None:
    said, error = fresh.run("-m", "pipelines.kernels", "--help")
    assert said.startswith("usage: python -m pipelines.kernels")
    assert (error, fresh.cached()) == ("", [])


def test_a_folder_given_to_numba_is_used(fresh: Tree, tmp_path: Path) -> None:
    assert fresh.run(NUMBA_CACHE_DIR=str(tmp_path / "given")) == ("95.0\n", COMPILING)
    assert fresh.run(NUMBA_CACHE_DIR=str(tmp_path / "given")) == ("95.0\n", "")
    assert fresh.cached() == []
