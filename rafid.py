"""The command `rafid`, which takes its own modules whatever the folder that it is called in has under their names."""

import os
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path

_OURS = ("transforms", "pipelines")


def take_our_modules() -> None:
    """Imports our packages from beside this file, and looks in the folders of PYTHONPATH last.

    A project may have a folder `pipelines` of its own; what only it has, such as filters, is found as before.
    """
    last = {os.path.abspath(each) for each in ("", *os.environ.get("PYTHONPATH", "").split(os.pathsep))}  # noqa: PTH100
    sys.path.sort(key=lambda each: os.path.abspath(each) in last)  # noqa: PTH100 - "" is the working folder
    for name in _OURS:
        spec = PathFinder.find_spec(name, [str(Path(__file__).resolve().parent)])
        assert spec is not None  # it is installed with this file
        assert spec.loader is not None
        sys.modules[name] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])


def main() -> int:
    """Runs `rafid COMMAND ...`; returns the exit code."""
    take_our_modules()
    from pipelines.__main__ import main as command  # noqa: PLC0415 - now it is ours

    return command()


if __name__ == "__main__":
    sys.exit(main())
