"""Signatures of kernels: the types of what they take and give, and how these are passed to machine code.

Machine code takes the place of a row of 64-bit words. The first is for the result; then come, for each argument, the
words of its type: a number is one, and a column two, its place in memory and its length.
"""

import operator
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Scalar:
    """A number, or a truth value.

    Attributes:
        dtype: its type.
    """

    dtype: np.dtype[Any]

    def words(self, value: Any) -> Iterator[int]:
        """The word of a value.

        Raises:
            TypeError: it is no such number.
        """
        if self.dtype.kind == "f":
            yield struct.unpack("q", struct.pack("d", value))[0]
        else:
            yield bool(value) if self.dtype.kind == "b" else operator.index(value)

    def value(self, word: int) -> Any:
        """The value of a word, which is signed."""
        if self.dtype.kind == "f":
            return struct.unpack("d", struct.pack("q", word))[0]
        if self.dtype.kind == "b":
            return bool(word)
        return word & (1 << 64) - 1 if self.dtype.kind == "u" else word


@dataclass(frozen=True)
class Column:
    """A contiguous array of one dimension.

    Attributes:
        dtype: the type of what is in it.
        readonly: whether the kernel only reads it.
    """

    dtype: np.dtype[Any]
    readonly: bool

    def words(self, value: Any) -> Iterator[int]:
        """The words of an array, which must live for as long as they are used.

        Raises:
            TypeError: it is no such array.
        """
        if not isinstance(value, np.ndarray) or value.dtype != self.dtype or value.ndim != 1:
            raise TypeError(f"{_described(value)}, not a column of {self.dtype}")
        flags = value.flags
        if not (flags.c_contiguous and flags.aligned and (self.readonly or flags.writeable)):
            wanted = "contiguous" if self.readonly else "contiguous and writeable"
            raise TypeError(f"{_described(value)}, which is not {wanted}")
        yield value.ctypes.data
        yield len(value)


@dataclass(frozen=True)
class Fields:
    """A named tuple.

    Attributes:
        kind: its class.
        types: those of its fields, in order.
    """

    kind: type[tuple[Any, ...]]
    types: tuple[Scalar | Column, ...]

    def __repr__(self) -> str:
        """A text that another class of that name has only if its fields are the same."""
        return f"{self.kind.__name__}({dict(zip(getattr(self.kind, '_fields', ()), self.types, strict=True))})"

    def words(self, value: Any) -> Iterator[int]:
        """The words of all fields.

        Raises:
            TypeError: it is no such tuple.
        """
        if not isinstance(value, self.kind):
            raise TypeError(f"{_described(value)}, not a {self.kind.__name__}")
        for each, field in zip(self.types, value, strict=True):
            yield from each.words(field)


Argument = Scalar | Column | Fields


@dataclass(frozen=True)
class Signature:
    """The types of what a kernel takes and gives.

    Attributes:
        arguments: the type of each argument.
        returns: that of the result; None for none.
    """

    arguments: tuple[Argument, ...]
    returns: Scalar | None

    def words(self, arguments: tuple[Any, ...]) -> list[int]:
        """The words by which arguments are passed.

        Raises:
            TypeError: they are too many or too few, or one is of another type.
        """
        if len(arguments) != len(self.arguments):
            raise TypeError(f"{len(arguments)} arguments, not {len(self.arguments)}")
        words = [0]
        for number, (kind, value) in enumerate(zip(self.arguments, arguments, strict=True), 1):
            try:
                words.extend(kind.words(value))
            except (TypeError, struct.error) as error:
                raise TypeError(f"argument {number}: {error}") from None
        return words


class Helper:
    """A function that kernels call.

    Args:
        function: its source.
        inlined: whether it becomes a part of whoever calls it.
        counts: whether it counts the references to its arrays, which one that creates arrays must.
    """

    def __init__(self, function: Callable[..., Any], *, inlined: bool, counts: bool) -> None:
        self.py_func = function
        self.inlined = inlined
        self.counts = counts


def prefetch(array: Any, index: Any) -> None:
    """In a kernel: has the memory around array[index] brought near, a hint, where it is needed soon.

    Args:
        array: a column.
        index: an integer, not negative.
    """


def copy(out: Any, to: Any, data: Any, begin: Any, end: Any) -> None:
    """In a kernel: copies data[begin:end] to `out`, from `to` on; two columns of one type, which may share memory.

    Args:
        out, data: columns.
        to, begin, end: integers, not negative, with begin <= end.
    """


def address(array: Any, index: Any) -> Any:
    """In a kernel: the place in memory of array[index], as C functions are told it.

    Args:
        array: a column.
        index: an integer, from 0 to the array's length.
    """


def call(function: Any, words: tuple[Any, ...]) -> None:
    """In a kernel: calls a C function whose arguments are places in memory and sizes; what it returns is lost.

    Args:
        function: its own place in memory.
        words: its arguments: int64, one or several.
    """


# What a kernel calls that is made for it, and is no helper.
BUILT_IN = (prefetch, copy, address, call)


def _described(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}{list(value.shape)}"
    return f"a {type(value).__name__}"
