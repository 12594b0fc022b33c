"""Prism, Beam's portable runner in Go: from a binary that is there, as a child that ends with this process."""

import os
import sys
from pathlib import Path
from typing import Any

from apache_beam.options.pipeline_options import PipelineOptions, PrismRunnerOptions
from apache_beam.runners.portability.job_server import StopOnExitJobServer
from apache_beam.runners.portability.prism_runner import PrismJobServer, PrismRunner

from transforms.errors import UsageError

_DIE_WITH_PARENT = Path(__file__).with_name("die_with_parent.py")


class _JobServer(PrismJobServer):
    def subprocess_cmd_and_endpoint(self) -> tuple[list[Any], str]:
        command, endpoint = super().subprocess_cmd_and_endpoint()
        return [sys.executable, str(_DIE_WITH_PARENT), *command], endpoint


class LocalPrism(PrismRunner):
    """Beam's Prism runner; a driver that is killed leaves no Prism behind, whose workers would go on writing."""

    def default_job_server(self, options: PipelineOptions) -> StopOnExitJobServer:
        """The binary that the options name, started when it is first asked for."""
        return StopOnExitJobServer(_JobServer(options))


def check_binary(options: PipelineOptions) -> None:
    """Checks that Prism is there.

    Raises:
        UsageError: no binary is named, where Beam would fetch one, or it is not there.
    """
    path = options.view_as(PrismRunnerOptions).prism_location
    if not path or not os.access(path, os.X_OK):
        named = f"--prism_location={path}: is no program" if path else "--runner=PrismRunner: Prism is not named"
        raise UsageError(f"{named}; build it with `make prism`, and give --prism_location=.tools/prism")
