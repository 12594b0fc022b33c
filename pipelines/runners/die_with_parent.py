"""Becomes the command that it is given, which from then on ends with the process that started it, however that ends.

It is started by its path, so that it imports nothing: `python die_with_parent.py COMMAND ...`.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # Linux, prctl(2); it outlives exec


def main() -> None:
    """Ties itself to its parent, leaves the terminal's group, and becomes the command."""
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it was gone before we were tied
        sys.exit(1)
    os.setsid()  # what is typed at the terminal is for the parent
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - there is nothing for a shell to do


if __name__ == "__main__":
    main()
