"""A push to a hub on loopback, which keeps what it is given as Hugging Face's does."""

import base64
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pyarrow.parquet as pq
import pytest
from huggingface_hub import DatasetCard

from tests.conftest import PROJECT
from tests.plain_job import ingest_plainly, settings_for, write_bundles

TOKEN = "hf_of_the_test"


class Hub:
    """What a hub holds: the files of one dataset, and what was uploaded for a commit to take."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.uploaded: dict[str, bytes] = {}
        self.commits: list[str] = []
        self.made: list[dict[str, Any]] = []
        self.refuses = False
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": self}))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def commit(self, lines: list[dict[str, Any]]) -> None:
        for line in lines:
            value = line["value"]
            if line["key"] == "header":
                self.commits.append(value["summary"])
            elif line["key"] == "file":
                self.files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                self.files[value["path"]] = self.uploaded[value["oid"]]
            else:
                assert line["key"] == "deletedFile"
                del self.files[value["path"]]


class _Handler(BaseHTTPRequestHandler):
    """The requests of huggingface_hub: https://huggingface.co/docs/hub/api."""

    hub: Hub

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self, value: Any, code: int = 200) -> None:
        body = json.dumps(value).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def do_GET(self) -> None:
        if "/tree/main" in self.path:
            self._answer([{"type": "file", "path": name, "size": 1, "oid": "0" * 40} for name in self.hub.files])
        else:
            siblings = [{"rfilename": name} for name in self.hub.files]
            self._answer({"id": "me/corpus", "sha": "0" * 40, "siblings": siblings, "private": False, "tags": []})

    def do_PUT(self) -> None:
        self.hub.uploaded[self.path.rpartition("/")[2]] = self._body()
        self._answer({})

    def do_POST(self) -> None:
        body = self._body()
        path = self.path.partition("?")[0]
        if self.hub.refuses or self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._answer({"error": "Invalid credentials"}, 401)
        elif path == "/api/repos/create":
            self.hub.made.append(json.loads(body))
            self._answer({"url": f"{self.hub.url}/datasets/me/corpus", "name": "me/corpus"})
        elif path == "/api/validate-yaml":
            self._answer({"errors": [], "warnings": []})
        elif path.endswith("/preupload/main"):
            names = [each["path"] for each in json.loads(body)["files"]]
            modes = {name: "lfs" if name.endswith(".parquet") else "regular" for name in names}
            files = [{"path": name, "uploadMode": mode, "shouldIgnore": False} for name, mode in modes.items()]
            self._answer({"files": files})
        elif path.endswith("/info/lfs/objects/batch"):
            objects = json.loads(body)["objects"]
            for each in objects:
                each["actions"] = {"upload": {"href": f"{self.hub.url}/lfs/{each['oid']}"}}
            self._answer({"transfer": "basic", "objects": objects})
        else:
            assert path == "/api/datasets/me/corpus/commit/main", path
            self.hub.commit([json.loads(line) for line in io.BytesIO(body)])
            self._answer(
                {"success": True, "commitOid": "0" * 40, "commitUrl": f"{self.hub.url}/datasets/me/corpus/commit/0"}
            )


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = Hub()
    thread = Thread(target=hub.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield hub
    hub.server.shutdown()
    thread.join()
    hub.server.server_close()


def export(folder: Path, *arguments: str, token: str = TOKEN) -> subprocess.CompletedProcess[str]:
    """The ended command; files go to the hub in the way that needs no service beside it."""
    known = {
        "HF_TOKEN": token,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HOME": str(folder / "hf"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    command = [sys.executable, "-m", "pipelines.export", str(folder / "out"), "--to", "huggingface", *arguments]
    environment = {**os.environ, **known}
    return subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the corpus `out` of two runs in it."""
    for name in ("a", "b"):
        write_bundles(tmp_path / "in", {f"{name}.txt": f"<<<FILE>>> {name}\nقال الراوي في {name} إن النهر كان يفيض\n"})
        ingest_plainly(settings_for(tmp_path / "out", tmp_path / "in", run__id=f"run-{name}"), new_only=True)
    return tmp_path


def test_a_push_is_a_dataset_and_the_next_takes_its_place(hub: Hub, folder: Path) -> None:
    hub.files["data/train-00007.parquet"] = b"of an earlier push"
    hub.files["LICENSE"] = b"mine"
    for push in (1, 2):
        ended = export(folder, "--push", "me/corpus", "--hub", hub.url)
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"{hub.url}/datasets/me/corpus\n", "")
        assert sorted(hub.files) == ["LICENSE", "README.md", "data/train-00000.parquet"]
        assert hub.commits == ["out, by Rafid"] * push
    table = pq.read_table(io.BytesIO(hub.files["data/train-00000.parquet"]))
    assert table.column("name").to_pylist() == ["a", "b"]
    assert [each["config_name"] for each in DatasetCard(hub.files["README.md"].decode()).data.configs] == ["documents"]
    assert hub.made[0]["visibility"] == "public"
    assert not re.search(r"output|dataset", str(sorted(path.name for path in folder.iterdir()))), "nothing is left"


def test_a_folder_is_kept_where_it_is_named(hub: Hub, folder: Path) -> None:
    arguments = ["--columns", "name", "text", "--file", str(folder / "kept"), "--private"]
    assert export(folder, "--push", "me/corpus", "--hub", hub.url, *arguments).returncode == 0
    (shard,) = (folder / "kept" / "data").iterdir()
    assert shard.read_bytes() == hub.files["data/train-00000.parquet"]
    assert hub.made[0]["visibility"] == "private"
    assert "`segmented`" not in hub.files["README.md"].decode().partition("## Loading")[0]


@pytest.mark.parametrize(
    ("arguments", "token", "code", "said"),
    [
        (["--push", "me/corpus"], "hf_of_nobody", 1, "--push me/corpus: "),
        (["--push", "me/cor pus"], TOKEN, 2, "--push me/cor pus: is not the name of a dataset, as USER/NAME"),
    ],
)
def test_what_a_hub_refuses_is_one_line(
    hub: Hub, folder: Path, arguments: list[str], token: str, code: int, said: str
) -> None:
    ended = export(folder, *arguments, "--hub", hub.url, token=token)
    assert (ended.returncode, ended.stdout) == (code, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"rafid: {said}")
    assert hub.commits == []


def test_a_hub_that_is_not_there_is_one_line(hub: Hub, folder: Path) -> None:
    ended = export(folder, "--push", "me/corpus", "--hub", "http://127.0.0.1:9")
    assert (ended.returncode, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith("rafid: --push me/corpus: ")
