"""What a command costs as a whole process, with all that it starts: processor time, wall time, peak memory."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """The cost of a command.

    Attributes:
        cpu: seconds of processor time, user and system, of the process and its children.
        wall: seconds from start to end.
        peak: megabytes (10^6 bytes) resident at most, of its largest process.
        system: seconds of the processor time that the system took.
        faults: pages that were touched for the first time.
        read, written: megabytes that passed through system calls of the process; not what it mapped.
    """

    cpu: float
    wall: float
    peak: float
    system: float
    faults: int
    read: float
    written: float


def measure(command: Sequence[str], folder: Path, log: Path) -> Cost:
    """The cost of `command`, run in `folder`; what it prints goes to `log`.

    Raises:
        SystemExit: the command failed.
    """
    # A small process starts it: a new one is charged with the memory of the one it was split from.
    launcher = [sys.executable, "-I", "-S", __file__, str(log), *command]
    answer = subprocess.run(launcher, cwd=folder, stdout=subprocess.PIPE, check=False)
    code, *figures = json.loads(answer.stdout)
    if code:
        sys.exit(f"{' '.join(command[:4])} … failed with exit code {code}; see {log}")
    return Cost(*figures)


def measure_in_turn(runs: Mapping[str, Callable[[], Cost]], repeat: int) -> dict[str, list[Cost]]:
    """The costs of each run, `repeat` times, all of them in turn, so that a busy spell meets them alike."""
    costs: dict[str, list[Cost]] = {name: [] for name in runs}
    for _ in range(repeat):
        for name, run in runs.items():
            costs[name].append(run())
            print(f"{name}: {costs[name][-1]}", file=sys.stderr, flush=True)
    return costs


def best(costs: Sequence[Cost]) -> Cost:
    """The least of each figure: what the work costs when nothing else is going on."""
    return Cost(*(min(getattr(cost, field.name) for cost in costs) for field in fields(Cost)))


def _launch(log: str, command: Sequence[str]) -> None:
    with Path(log).open("ab") as output:
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        wall = time.perf_counter() - begun
        passed = dict(line.split(": ") for line in Path(f"/proc/{process.pid}/io").read_text().splitlines())
        _, status, usage = os.wait4(process.pid, 0)
    figures = [usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024 / 1e6, usage.ru_stime, usage.ru_minflt]
    figures += [int(passed[each]) / 1e6 for each in ("rchar", "wchar")]
    print(json.dumps([os.waitstatus_to_exitcode(status), *figures]))


if __name__ == "__main__":
    _launch(sys.argv[1], sys.argv[2:])
