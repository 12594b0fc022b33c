"""Runs a graph that was staged for Flink on Beam's in-process runner: what the stand-in job gives its task to do.

Standard input: the length of the graph in bytes, a line end, the graph in JSON; it ends with the task that asked.
"""

import os
import sys
import threading

from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from google.protobuf import json_format


def main() -> None:
    """Runs the graph; the workers are those that the graph names."""
    length = int(sys.stdin.buffer.readline())
    graph = json_format.Parse(sys.stdin.buffer.read(length), beam_runner_api_pb2.Pipeline())
    threading.Thread(target=_end_with_the_task, daemon=True).start()
    options = PipelineOptions(["--direct_num_workers=2"])
    FnApiRunner().run_via_runner_api(graph, options).wait_until_finish()
    sys.stdout.flush()
    os._exit(0)  # the thread that waits for the task would hold us up


def _end_with_the_task() -> None:
    while sys.stdin.buffer.raw.read(1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
