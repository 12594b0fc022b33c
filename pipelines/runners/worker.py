"""A Beam worker process: asks the runner what it has to know, logs to a file, and runs Beam's harness to the end.

It follows Beam's contract for worker containers: a runner or a worker pool starts it with the addresses of its
services, and the rest, the pipeline's options among it, is answered by the provision service.
"""

import argparse
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipelines.startup import imports_at_rest
from transforms import console

_PROVISION_SECONDS = 60
_RUNNER_CHECK_SECONDS = 2
_REFUSALS = 3  # in a row, after which the runner is taken to be gone


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
    watch = (worker, arguments.provision_endpoint)
    threading.Thread(target=_end_with_runner, args=watch, name="end-with-runner", daemon=True).start()
    status = 1
    try:
        os.environ.update(_environment(worker, arguments))
        with imports_at_rest():
            from apache_beam.runners.worker import sdk_worker_main  # noqa: PLC0415

            from pipelines.runners.shortcuts import take_shortcuts  # noqa: PLC0415

        take_shortcuts()
        sdk_worker_main.main([])
        status = 0
    except BaseException as error:
        console.tell(f"worker {worker}: {type(error).__name__}: {error}")
    finally:
        console.end()
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


def _end_with_runner(worker: str, endpoint: str, check_seconds: float = _RUNNER_CHECK_SECONDS) -> None:
    """Ends the process when nothing listens at `endpoint` any more: the services of a job end together with it.

    A worker at work sees by itself that its job has ended; one that starts would wait a minute for each service.
    """
    refused = 0
    while refused < _REFUSALS:
        time.sleep(check_seconds)
        refused = refused + 1 if _is_refused(endpoint) else 0
    console.tell(f"worker {worker}: ended, because its runner at {endpoint} is gone")
    console.end()
    os._exit(1)


def _is_refused(endpoint: str) -> bool:
    """True where the host says that nothing listens there; a host that does not answer says nothing."""
    place = urlsplit(f"//{endpoint}")
    try:
        socket.create_connection((place.hostname, place.port), timeout=_RUNNER_CHECK_SECONDS).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return False


_LIMIT = 16 << 20  # bytes in a file before it is put aside; one is kept beside it
_KEPT_FILES = 64  # in the folder, of workers that have ended
_CHECK_SECONDS = 2


def log_to_file(folder: Path, name: str, limit: int = _LIMIT, check_seconds: float = _CHECK_SECONDS) -> Path:
    """The file that standard output and error go to from now on, put aside whenever it has grown beyond `limit`.

    The descriptors themselves are turned: a crash's last words, and what libraries print, are in the file too.
    A pipe with a reader could block the writer, or lose its last words.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _remove_oldest(folder, _KEPT_FILES)
    safe = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name)
    path = folder / f"{safe}-{os.getpid()}.log"
    _turn_output(_open(path))
    threading.Thread(target=_rotate, args=(path, limit, check_seconds), name="rotate-logs", daemon=True).start()
    return path


def _open(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)


def _turn_output(handle: int) -> None:
    for output in (1, 2):
        os.dup2(handle, output)
    os.close(handle)


def _rotate(path: Path, limit: int, check_seconds: float) -> None:
    while True:
        time.sleep(check_seconds)
        if os.fstat(1).st_size > limit:
            _put_aside(path)


def _put_aside(path: Path) -> None:
    """Keeps the file beside a new one of its name. A crash may come at any time: it finds both, and loses no words."""
    old, new = path.with_suffix(".log.old"), path.with_suffix(".log.new")
    old.unlink(missing_ok=True)
    old.hardlink_to(path)
    old.replace(path.with_suffix(".log.1"))
    handle = _open(new)
    new.replace(path)
    _turn_output(handle)


def _remove_oldest(folder: Path, kept: int) -> None:
    files = sorted((file.stat().st_mtime_ns, file) for file in folder.glob("*.log*"))
    for _, file in files[: max(0, len(files) - kept)]:
        file.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
