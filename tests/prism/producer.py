"""A hostile producer: puts bundles into a folder as nobody should, and knows which bytes it meant to be taken."""

import os
import random
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

PAUSE = 0.7  # longer than a bundle must have been still


class Producer:
    """Gives bundles to a folder in order, each in a way that chance chooses; `versions` are all bytes that stayed."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._chance = folder, random.Random(seed)
        self.versions: dict[str, list[bytes]] = {}

    def give(self, bundles: Mapping[str, bytes], between: Callable[[], None]) -> None:
        """Gives all of them; `between` is called behind each, and may wait."""
        ways = [self._slowly, self._by_renaming, self._at_once, self._twice, self._in_place_of_itself]
        for number, (name, data) in enumerate(bundles.items()):
            ways[number % len(ways)](self._folder / name, data)
            time.sleep(self._chance.uniform(0, PAUSE))
            between()

    def _keep(self, path: Path, data: bytes) -> None:
        self.versions.setdefault(path.name, []).append(data)

    def _slowly(self, path: Path, data: bytes) -> None:
        """In pieces, with pauses shorter than a bundle has to be still."""
        with path.open("wb", buffering=0) as file:
            for piece in _pieces(data, 6):
                file.write(piece)
                time.sleep(self._chance.uniform(0.01, 0.15))
        self._keep(path, data)

    def _by_renaming(self, path: Path, data: bytes) -> None:
        """Under a name that says it is not ready, and with half of it wrong at first."""
        temporary = path.with_name(f"{path.name}.tmp")
        temporary.write_bytes(b"half of something else")
        time.sleep(PAUSE)
        temporary.write_bytes(data)
        temporary.rename(path)
        self._keep(path, data)

    def _at_once(self, path: Path, data: bytes) -> None:
        """With a time in the past, as archives do; then touched; and a copy that comes and goes."""
        path.write_bytes(data)
        os.utime(path, (1_000_000_000, 1_000_000_000))
        self._keep(path, data)
        time.sleep(self._chance.uniform(0, PAUSE))
        path.touch()
        copy = path.with_name(f"copy_of_{path.name}")
        shutil.copyfile(path, copy)
        time.sleep(self._chance.uniform(0, 0.1))
        copy.unlink()

    def _twice(self, path: Path, data: bytes) -> None:
        """Other bytes of the same size and time take its name, once it has stayed a while."""
        other = data.replace("من".encode(), "عن".encode())
        path.write_bytes(other)
        stamp = path.stat().st_mtime_ns
        self._keep(path, other)
        time.sleep(4 * PAUSE)
        second = path.with_name(f".{path.name}")
        second.write_bytes(data)
        os.utime(second, ns=(stamp, stamp))
        second.rename(path)
        self._keep(path, data)

    def _in_place_of_itself(self, path: Path, data: bytes) -> None:
        """Deleted half written, and written anew."""
        path.write_bytes(data[: len(data) // 2])
        path.unlink()
        time.sleep(self._chance.uniform(0, 0.2))
        path.write_bytes(data)
        self._keep(path, data)


def _pieces(data: bytes, number: int) -> Iterator[bytes]:
    size = -(-len(data) // number)
    return (data[start : start + size] for start in range(0, len(data), size))
