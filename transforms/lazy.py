"""A sequence whose members are made when they are asked for, and held by nobody else."""

from collections.abc import Callable, Sequence
from typing import TypeVar, overload

T = TypeVar("T")


class Lazy(Sequence[T]):
    """`count` members, each made by `make` from its place whenever it is asked for."""

    def __init__(self, make: Callable[[int], T], count: int) -> None:
        self._make, self._count = make, count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> T: ...

    @overload
    def __getitem__(self, at: slice) -> "Lazy[T]": ...

    def __getitem__(self, at: "int | slice") -> "T | Lazy[T]":
        places = range(self._count)[at]
        if isinstance(places, int):
            return self._make(places)
        return Lazy(lambda number: self._make(places[number]), len(places))
