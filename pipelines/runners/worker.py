"""A Beam worker process: asks the runner what it has to know, logs to a file, and runs Beam's harness to the end.

It follows Beam's contract for worker containers: a runner or a worker pool starts it with the addresses of its
services, and the rest, the pipeline's options among it, is answered by the provision service.
"""

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipelines.runners.worker_logs import log_to_file

_PROVISION_SECONDS = 60


def parser() -> argparse.ArgumentParser:
    """The command line; all but `--logs` is Beam's."""
    command = argparse.ArgumentParser(prog="worker_boot", description=__doc__, allow_abbrev=False)
    command.add_argument("--id", required=True, help="the worker's id")
    for service in ("provision", "control", "logging", "artifact"):
        command.add_argument(f"--{service}_endpoint", default="", help=f"host:port of the {service} service")
    command.add_argument("--logs", default="worker-logs", help="the folder of log files (default: %(default)s)")
    return command


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the worker until the runner ends it, then ends the process at once: what it still did, nobody awaits."""
    arguments, _ = parser().parse_known_args(argv)
    worker = arguments.id.strip("'\"")  # some runners quote it
    log_to_file(Path(arguments.logs), worker)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("apache_beam.runners.worker.sdk_worker_main").setLevel(logging.ERROR)  # misses what none stages
    os.environ["WORKER_ID"] = worker  # Beam reads it when it is imported
    status = 1
    try:
        os.environ.update(_environment(worker, arguments))
        from apache_beam.runners.worker import sdk_worker_main  # noqa: PLC0415

        sdk_worker_main.main([])
        status = 0
    except BaseException as error:
        print(f"worker {worker}: {type(error).__name__}: {error}", file=sys.stderr)
    finally:
        sys.stderr.flush()
        os._exit(status)


def _environment(worker: str, arguments: argparse.Namespace) -> dict[str, str]:
    """The environment variables that Beam's harness reads."""
    from google.protobuf import json_format  # noqa: PLC0415

    info = _provision(worker, arguments.provision_endpoint)
    services = {
        "CONTROL": info.control_endpoint.url or arguments.control_endpoint,
        "LOGGING": info.logging_endpoint.url or arguments.logging_endpoint,
        "STATUS": info.status_endpoint.url,
    }
    return {
        "PIPELINE_OPTIONS": json.dumps(json_format.MessageToDict(info.pipeline_options)),
        "RUNNER_CAPABILITIES": " ".join(info.runner_capabilities),
        **{f"{name}_API_SERVICE_DESCRIPTOR": f"url: {json.dumps(url)}" for name, url in services.items() if url},
    }


def _provision(worker: str, endpoint: str) -> Any:
    """The runner's answer to what this worker has to know."""
    import grpc  # noqa: PLC0415
    from apache_beam.portability.api import beam_provision_api_pb2, beam_provision_api_pb2_grpc  # noqa: PLC0415

    with grpc.insecure_channel(endpoint) as channel:
        service = beam_provision_api_pb2_grpc.ProvisionServiceStub(channel)
        answer = service.GetProvisionInfo(
            beam_provision_api_pb2.GetProvisionInfoRequest(),
            metadata=[("worker_id", worker)],
            timeout=_PROVISION_SECONDS,
            wait_for_ready=True,
        )
    return answer.info


if __name__ == "__main__":
    main()
