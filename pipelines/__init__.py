"""The ingestion job and the tools around it, as a person runs them; `run` is for notebooks."""

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.notebook import Result, run

__all__ = ["Result", "run"]


def __getattr__(name: str) -> Any:
    """`run` and `Result`, imported when they are asked for: commands that do not run are quick."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    disabled, handlers = logging.root.manager.disable, list(logging.root.handlers)
    logging.disable(logging.WARNING)  # Beam warns of packages of a cloud, which gives the root logger a handler
    try:
        return getattr(import_module("pipelines.notebook"), name)
    finally:
        logging.disable(disabled)
        logging.root.handlers[:] = handlers
