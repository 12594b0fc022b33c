"""The memory that the one-pass join needs, and the memory that there is."""

from pathlib import Path

from transforms.errors import RunError

_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")
_TOKEN = 8 + 1  # an ordered set's token; where they close up, a split's for a moment again
_SET = 112  # a set's row in the columns of the join, its place in the table of equal sets, and its decision
_PREFIX_TOKEN = 4 + 4  # slot, posting
_SLOT = 4 + 8 + 4  # a place in the table of prefix tokens: uses, and the token, or then ends and begins of postings


class JoinMemoryError(RunError):
    """The join needs more memory than there is."""


def counting_bytes(shingles: int) -> int:
    """The most that counting `shingles` takes: two bits for each of one to two counters a shingle."""
    return shingles // 2


def joining_bytes(shingles: int, sets: int, threshold: float) -> int:
    """The most that ordering and joining `sets` with `shingles` in all takes."""
    prefixes = min(shingles, int((1 - threshold) * shingles) + 2 * sets)
    slots = 1 << (2 * prefixes).bit_length()
    return _TOKEN * shingles + _SET * sets + _PREFIX_TOKEN * prefixes + _SLOT * slots


def check_memory(needed: int, what: str) -> None:
    """Raises JoinMemoryError where `needed` bytes are more than can be had."""
    available = available_bytes()
    if needed > available:
        raise JoinMemoryError(
            f"{what} needs about {needed >> 20:,} MiB of memory and {available >> 20:,} MiB are free: "
            "set run.max_bytes to take the input in slices, or use a machine with more"
        )


def available_bytes() -> int:
    """Bytes that this process can still take, by the system and by its control group."""
    lines = _MEMINFO.read_text("ascii").splitlines()
    system = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    try:
        limit = (_CGROUP / "memory.max").read_text("ascii").strip()
        used = int((_CGROUP / "memory.current").read_text("ascii")) - _reclaimable()
    except OSError:
        return system
    return system if limit == "max" else min(system, int(limit) - used)


def _reclaimable() -> int:
    """Bytes of files that the control group holds only as long as nobody needs the room."""
    lines = (_CGROUP / "memory.stat").read_text("ascii").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("inactive_file ")), 0)
