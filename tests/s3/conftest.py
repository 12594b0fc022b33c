"""A real S3 server on loopback, over a folder of this machine."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PROJECT, lacking

ACCESS, SECRET = "test-access", "test-secret-that-nobody-may-print"


class Server:
    """The server; `folder` has a folder a bucket, with the objects as files."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program, self.folder = program, folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What a client needs to know, as S3's libraries read it."""
        return {
            "AWS_ACCESS_KEY_ID": ACCESS,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
        }

    def start(self) -> None:
        """Returns when the server answers."""
        keys = {"ROOT_ACCESS_KEY": ACCESS, "ROOT_SECRET_KEY": SECRET}
        command = [self._program, "--port", f"127.0.0.1:{self.port}", "posix", str(self.folder)]
        self._process = subprocess.Popen(
            command, env=os.environ | keys, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(200):
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self._process.poll() is None, "the S3 server ended at once"
            time.sleep(0.05)
        raise AssertionError("the S3 server does not answer")

    def stop(self) -> None:
        """Ends the server, as a crash does."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture(scope="session")
def program() -> str:
    """The server's program; `make s3-tools` installs it."""
    path = shutil.which("versitygw", path=str(PROJECT / ".tools")) or shutil.which("versitygw")
    return path or lacking("versitygw: not installed; make s3-tools")


@pytest.fixture(scope="session")
def running(program: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(program, tmp_path_factory.mktemp("s3"))
    server.start()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        yield server
    server.stop()


@pytest.fixture
def server(running: Server, request: pytest.FixtureRequest) -> Server:
    """The running server."""
    return running


@pytest.fixture
def bucket(server: Server, tmp_path: Path) -> str:
    """The URL of an empty bucket; `server.folder` has its objects under the same name."""
    name = f"bucket-{tmp_path.name.replace('_', '-')[-40:].lower().strip('-')}"
    (server.folder / name).mkdir()
    return f"s3://{name}"
