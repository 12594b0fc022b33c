"""The Kubernetes resources: against Kubernetes' own schemas, and against what Rafid is.

Not proven: that a cluster runs them. The Flink operator's schema is checked by hand for the keys that are used here;
the pod inside it is checked as a pod.
"""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from pipelines import ingest, worker_pool
from pipelines.config import load_settings
from tests.conftest import PROJECT
from tests.flink.cluster import LocalCluster

_FOLDER = PROJECT / "configs" / "kubernetes"
_VERSION = "1.31"
# The keys of a FlinkDeployment's spec, from flinkdeployments.flink.apache.org-v1.yml of the operator.
_SPEC = {
    "flinkConfiguration", "flinkVersion", "image", "imagePullPolicy", "ingress", "job", "jobManager",
    "logConfiguration", "mode", "podTemplate", "restartNonce", "serviceAccount", "taskManager",
}  # fmt: skip
_FLINK_VERSIONS = {"v1_19", "v1_20", "v2_0", "v2_1", "v2_2"}  # those of them that Beam 2.77 has a job server for


def _resources() -> Iterator[dict[str, Any]]:
    for path in sorted(_FOLDER.glob("*.yaml")):
        yield from yaml.safe_load_all(path.read_text(encoding="utf-8"))


def _resource(kind: str) -> dict[str, Any]:
    return next(each for each in _resources() if each["kind"] == kind)


def _driver_pods() -> list[dict[str, Any]]:
    job, schedule = _resource("Job"), _resource("CronJob")
    return [job["spec"]["template"]["spec"], schedule["spec"]["jobTemplate"]["spec"]["template"]["spec"]]


def _worker_pod() -> dict[str, Any]:
    pod: dict[str, Any] = _resource("FlinkDeployment")["spec"]["taskManager"]["podTemplate"]["spec"]
    return pod


@pytest.mark.parametrize(
    "resource", [each for each in _resources() if each["kind"] != "FlinkDeployment"], ids=lambda each: each["kind"]
)
def test_resource_follows_the_schema(resource: dict[str, Any]) -> None:
    kubernetes_validate.validate(resource, _VERSION, strict=True)


def test_flink_deployment_has_the_operator_s_form() -> None:
    deployment = _resource("FlinkDeployment")
    spec = deployment["spec"]
    assert (deployment["apiVersion"], set(deployment)) == (
        "flink.apache.org/v1beta1",
        {"apiVersion", "kind", "metadata", "spec"},
    )
    assert set(spec) <= _SPEC
    assert spec["flinkVersion"] in _FLINK_VERSIONS
    assert all(isinstance(value, str) for value in spec["flinkConfiguration"].values())
    for role in ("jobManager", "taskManager"):
        assert set(spec[role]) <= {"podTemplate", "replicas", "resource"}
        assert isinstance(spec[role]["resource"]["cpu"], int | float)
        assert isinstance(spec[role]["resource"]["memory"], str)


def test_network_memory_is_that_of_the_tested_cluster(tmp_path: Path) -> None:
    """Proves that a join, which has many exchanges at a time, finds the buffers that it finds on the local cluster."""
    tested = LocalCluster(tmp_path, tmp_path)._configuration("", 1)["taskmanager"]
    assert isinstance(tested, dict)
    deployed = _resource("FlinkDeployment")["spec"]["flinkConfiguration"]
    memory = tested["memory"]["network"]
    assert {name: deployed[f"taskmanager.memory.network.{name}"] for name in ("min", "max")} == memory
    buffers = "sort-shuffle.min-buffers"
    assert deployed[f"taskmanager.network.{buffers}"] == str(tested["network"]["sort-shuffle"]["min-buffers"])


def test_worker_pod_is_a_pod() -> None:
    """The operator fills in the image of Flink's own container, which it knows by its name."""
    pod = _worker_pod()
    (flink,) = [each for each in pod["containers"] if each["name"] == "flink-main-container"]
    flink["image"] = _resource("FlinkDeployment")["spec"]["image"]
    whole = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "taskmanager"}, "spec": pod}
    kubernetes_validate.validate(whole, _VERSION, strict=True)


def test_volumes_and_settings_that_are_named_are_there() -> None:
    claim, settings = _resource("PersistentVolumeClaim"), _resource("ConfigMap")
    for pod in (_worker_pod(), *_driver_pods()):
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        assert volumes["data"]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
        mounts = [mount["name"] for container in pod["containers"] for mount in container.get("volumeMounts", [])]
        assert set(mounts) == set(volumes)
    assert all(
        next(v for v in pod["volumes"] if v["name"] == "settings")["configMap"]["name"] == settings["metadata"]["name"]
        for pod in _driver_pods()
    )


def test_driver_and_workers_have_one_image_and_see_the_data_at_one_place() -> None:
    containers = [each for pod in (_worker_pod(), *_driver_pods()) for each in pod["containers"]]
    ours = [each for each in containers if each["name"] != "flink-main-container"]
    assert len({each["image"] for each in ours}) == 1
    assert {mount["mountPath"] for each in ours for mount in each["volumeMounts"] if mount["name"] == "data"} == {
        "/data"
    }


def test_settings_are_settings(tmp_path: Path) -> None:
    """Proves that the driver's file loads, and that it names the cluster and the workers of the other files."""
    (tmp_path / "flink.yaml").write_text(_resource("ConfigMap")["data"]["flink.yaml"], encoding="utf-8")
    flink = load_settings(str(tmp_path / "flink.yaml"), [], {}).flink
    deployment = _resource("FlinkDeployment")
    assert flink.master == f"{deployment['metadata']['name']}-rest:8081"
    minor = deployment["spec"]["flinkVersion"].removeprefix("v").replace("_", ".")
    assert f"flink-{minor}-job-server" in str(flink.job_server_jar)
    (workers,) = [each for each in _worker_pod()["containers"] if each["name"] == "workers"]
    port = worker_pool.parser().parse_args(workers["args"]).port
    assert flink.workers == f"localhost:{port}"
    assert workers["startupProbe"]["tcpSocket"]["port"] == port


def test_commands_are_commands() -> None:
    """Proves that the modules are there and that the driver's arguments are known to its command line."""
    job, schedule = (pod["containers"][0] for pod in _driver_pods())
    (workers,) = [each for each in _worker_pod()["containers"] if each["name"] == "workers"]
    assert all(find_spec(each["command"][2]) for each in (job, workers))
    assert ingest.parser().parse_known_args(job["args"])[1] == []
    words = schedule["args"][0].partition("\n")[2].partition("&")[0].replace("\\\n", " ").split()  # after the trap
    assert words[:3] == job["command"]
    assert ingest.parser().parse_known_args(words[3:])[1] == []


@pytest.mark.parametrize(("code", "expected"), [(0, 0), (99, 0), (1, 1), (2, 2)])
def test_nightly_script_passes_on_the_exit_code_but_99(code: int, expected: int, tmp_path: Path) -> None:
    assert _nightly(tmp_path, f"exit {code}").wait(10) == expected


def test_nightly_script_passes_on_sigterm_and_waits(tmp_path: Path) -> None:
    """Proves that the driver is told to end, and has the time that it takes to cancel its job."""
    script = _nightly(tmp_path, "trap 'sleep 1; echo cancelled > done; exit 1' TERM; touch ready; sleep 60 & wait $!")
    deadline = time.monotonic() + 10
    while not (tmp_path / "ready").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    script.send_signal(signal.SIGTERM)
    assert script.wait(10) == 1
    assert (tmp_path / "done").read_text() == "cancelled\n"


def _nightly(folder: Path, driver: str) -> subprocess.Popen[bytes]:
    """The script of the nightly job, begun, with a shell script in place of Python."""
    python = folder / "python"
    python.write_text(f"#!/bin/sh\n{driver}\n")
    python.chmod(0o755)
    script = _driver_pods()[1]["containers"][0]["args"][0]
    path = f"{folder}:{Path(str(shutil.which('sh'))).parent}"
    return subprocess.Popen(["sh", "-c", script], cwd=folder, env={"PATH": path})


def test_dockerfile_copies_what_is_there_and_makes_the_user_of_the_pods() -> None:
    lines = (PROJECT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = [word for line in lines if line.startswith("COPY") for word in line.split()[1:-1] if word[0] != "-"]
    assert copied
    assert all((PROJECT / word).exists() for word in copied)
    assert any("--uid 9999" in line for line in lines)
    assert {pod["securityContext"]["runAsUser"] for pod in _driver_pods()} == {9999}
