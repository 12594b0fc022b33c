"""Errors of jobs that failed on Flink, in one line: the stage's own, or the remedy where a cluster lacks something."""

import re

from pipelines.runners.failures import stage_error
from transforms.errors import RafidError, RunError

# What Flink says, and what that means and can be done about it; {} is what the pattern finds.
_REMEDIES = (
    (
        r"Insufficient number of network buffers: (required \d+, but only \d+ available)",
        "Flink has too few network buffers ({}); set taskmanager.network.sort-shuffle.min-buffers to 32 in the"
        " cluster's configuration, or raise taskmanager.memory.network.max, see docs/flink.md",
    ),
    (
        "NoResourceAvailableException",
        "the cluster had too few free slots for it; start TaskManagers, or lower flink.parallelism",
    ),
)


def job_error(trace: str, what: str, rest: str) -> RafidError:
    """The error of a job.

    Args:
        trace: Flink's stack trace.
        what: has failed.
        rest: what became of its work.
    """
    for pattern, remedy in _REMEDIES:
        if found := re.search(pattern, trace):
            return RunError(f"{what} failed: {remedy.format(*found.groups())}; {rest}")
    return stage_error(RuntimeError(trace), what, rest)
