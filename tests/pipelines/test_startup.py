"""The start of a process: what it imports, and what it leaves as it found it."""

import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

from pipelines.startup import imports_at_rest
from tests.conftest import PROJECT


def printed(program: str, **environment: str) -> str:
    """What a program prints in a process of its own; it prints no error."""
    command = [sys.executable, "-c", f"import sys\nfrom pipelines.startup import imports_at_rest\n{program}"]
    unset = {"OPENBLAS_NUM_THREADS", "ARROW_DEFAULT_MEMORY_POOL"}
    known = {name: value for name, value in os.environ.items() if name not in unset} | environment
    found = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True, env=known)
    assert found.stderr == ""
    return found.stdout


def test_beam_is_imported_without_clients_of_stores_that_nobody_asked_for() -> None:
    program = """
with imports_at_rest():
    import apache_beam
print(sorted({"bson", "pymongo", "requests"} & {*sys.modules}))
import requests
print(requests.__name__)
"""
    assert printed(program) == "[]\nrequests\n"


def test_what_beam_fetches_files_with_is_loaded_when_it_is_used() -> None:
    program = """
with imports_at_rest():
    import apache_beam
    print("httplib2.auth" in sys.modules)
print("httplib2" in sys.modules)
from apache_beam.internal.http_client import get_new_http
print(get_new_http().timeout, "httplib2.auth" in sys.modules)
"""
    assert printed(program) == "False\nFalse\n60 True\n"


def test_what_beam_hardly_uses_is_loaded_when_it_is_used() -> None:
    program = """
with imports_at_rest():
    import apache_beam
packages = {"beartype", "cryptography", "dateutil", "fastavro", "proto"}
print(sorted(packages & {*sys.modules}))
from apache_beam import coders
print(coders.registry.get_coder(str), issubclass(str, coders.coders.proto.Message), sorted(packages & {*sys.modules}))
from typing import Literal
from apache_beam.typehints import typehints
from apache_beam.transforms import util
from apache_beam.utils.timestamp import Timestamp
print(typehints.is_consistent_with(bool, int), typehints.is_consistent_with(Literal["a"], str))
print(typehints.is_subhint.__module__, issubclass(typehints.BeartypeDoorException, Exception))
print(isinstance(util.Fernet(util.Fernet.generate_key()), util.Fernet))
print(Timestamp.from_rfc3339("2026-01-02T03:04:05Z").micros)
from apache_beam.coders.avro_record import AvroRecord
from apache_beam.coders.coders import AvroGenericCoder
coder = AvroGenericCoder('{"type": "record", "name": "a", "fields": [{"name": "b", "type": "int"}]}')
print(coder.decode(coder.encode(AvroRecord({"b": 7}))).record)
import proto
class Sent(proto.Message):
    text = proto.Field(proto.STRING, number=1)
print(coders.coders.ProtoPlusCoder.from_type_hint(Sent, None).to_type_hint() is Sent)
print(sorted(packages - {*sys.modules}))
"""
    assert printed(program).splitlines() == [
        "[]",
        "StrUtf8Coder False []",
        "True True",
        "beartype.door._func.doorcheck True",
        "True",
        "1767323045000000",
        "{'b': 7}",
        "True",
        "[]",
    ]


def test_arrow_writes_no_help_and_reads_corpora_when_it_is_asked_to() -> None:
    program = """
with imports_at_rest():
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.dataset as ds
print("pyarrow.dataset" in sys.modules, "pydoc" in sys.modules)
print(pc.sum(pa.array([1, 2])).as_py(), pc.sum.__doc__.splitlines()[0])
print(ds.dataset(pa.table({"a": [1]})).count_rows(), isinstance(ds.dataset(pa.table({"a": [1]})), ds.Dataset))
from pyarrow.vendored.docscrape import NumpyDocString
print(NumpyDocString.__module__)
"""
    assert printed(program).splitlines() == [
        "False False",
        "3 Compute the sum of a numeric array.",
        "1 True",
        "pyarrow.vendored.docscrape",
    ]


def test_a_run_loads_nothing_that_it_does_not_use(tmp_path: Path) -> None:
    unused = {
        *("asyncio", "grpc", "http.client", "langdetect", "numba", "numpy.ma", "pyarrow.dataset", "yaml"),
        *("pydoc", "ctypes.util", "multiprocessing.queues"),
        *("apache_beam.io.gcp.bigquery", "apache_beam.runners.portability.stager", "apache_beam.transforms.managed"),
        *("apache_beam.runners.dataflow.dataflow_runner", "apache_beam.runners.direct.direct_runner"),
        *("apache_beam.utils.subprocess_server", "apache_beam.utils.transform_service_launcher"),
        *("pipelines.streaming.windows", "pipelines.views.report", "pipelines.views.card", "transforms.streaming.beam"),
        *("transforms.dedup.partitioned.beam", "transforms.segmentation.farasapy", "pipelines.runners.flink"),
    }
    program = f"""
import pipelines.ingest
given = ["--input", {str(PROJECT / "seeds")!r}, "--output", {str(tmp_path / "out")!r}, "--quiet"]
off = ["--set", "run.report=false", "--set", "segmentation.engine=none"]
print(pipelines.ingest.main([*given, *off]))
print(sorted({unused!r} & {{*sys.modules}}))
"""
    assert printed(program) == "0\n[]\n"


def test_arrays_that_may_be_masked_are_loaded_when_there_is_one() -> None:
    program = """
with imports_at_rest():
    import numpy as np
    import pyarrow as pa
print(pa.array(np.arange(2)).to_pylist(), isinstance(np.arange(2), np.ma.MaskedArray), "numpy.ma" in sys.modules)
masked = np.ma.masked_array([1, 2], mask=[False, True])
print(pa.array(masked).to_pylist(), isinstance(masked, np.ma.MaskedArray))
import numpy.ma as ma
print(ma is np.ma, np.ma.MaskedArray is type(masked))
"""
    assert printed(program).splitlines() == ["[0, 1] False False", "[1, None] True", "True True"]


def test_a_language_is_told_by_its_library_where_words_and_letters_leave_it_open() -> None:
    program = """
with imports_at_rest():
    import numpy as np
    from transforms.language.detect import detect_languages
    from transforms.language.settings import LanguageSettings
text = np.frombuffer("Мама мыла раму, а папа читал газету у окна, и было уже совсем темно.".encode(), np.uint8)
print("langdetect.detector" in sys.modules)
print(detect_languages(text, np.array([0]), np.array([len(text)]), LanguageSettings()).language)
from langdetect import detector_factory
print("langdetect.detector" in sys.modules, detector_factory.PROFILES_DIRECTORY.endswith("profiles"))
"""
    assert printed(program).splitlines() == ["False", "['ru']", "True True"]


def test_grpc_is_loaded_when_a_server_is_spoken_to_or_an_error_of_its_is_caught() -> None:
    program = """
with imports_at_rest():
    import grpc
    from apache_beam.runners.worker import data_plane, sdk_worker
print("grpc._cython" in sys.modules)
try:
    raise KeyError("كتاب")
except grpc.RpcError:
    print("no")
except KeyError as error:
    print(error)
from apache_beam.runners.worker.worker_id_interceptor import WorkerIdInterceptor
print(issubclass(WorkerIdInterceptor, grpc.UnaryUnaryClientInterceptor))
print(type(data_plane.grpc.insecure_channel).__name__)
"""
    assert printed(program).splitlines() == ["False", "'كتاب'", "True", "function"]


def test_a_type_hint_may_be_of_what_is_not_loaded_yet() -> None:
    program = """
with imports_at_rest():
    import asyncio
    hints = [asyncio.Task | None, None | asyncio.Task, int | asyncio.Task]
print(*hints)
"""
    name = "_asyncio.Task"
    assert printed(program) == f"{name} | None None | {name} int | {name}\n"


def test_a_package_is_loaded_with_a_module_of_it_that_nobody_foresaw() -> None:
    program = """
with imports_at_rest():
    import asyncio
    from asyncio import Event
    print("asyncio.tasks" in sys.modules)
    import asyncio.queues
    print("asyncio.tasks" in sys.modules, asyncio.queues.Queue.__name__)
import asyncio as real
print(real.queues is asyncio.queues, real.TimeoutError is asyncio.TimeoutError, isinstance(Event(), real.Event))
"""
    assert printed(program).splitlines() == ["False", "True Queue", "True True True"]


def test_what_is_loaded_already_stays_while_beam_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = [types.ModuleType(name) for name in ("requests", "httplib2")]
    for module in loaded:
        monkeypatch.setitem(sys.modules, module.__name__, module)
    with imports_at_rest():
        assert [sys.modules[module.__name__] for module in loaded] == loaded
    assert [sys.modules[module.__name__] for module in loaded] == loaded


def test_a_command_parses_its_arguments_without_numpy_and_arrow() -> None:
    """They would be loaded before anything is told to them."""
    program = """
import pipelines.ingest, pipelines.watch, pipelines.explain, pipelines.report, pipelines.export
print(sorted({"numpy", "pyarrow", "apache_beam", "llvmlite"} & {*sys.modules}))
"""
    assert printed(program) == "[]\n"


@pytest.mark.parametrize("given", [{}, {"OPENBLAS_NUM_THREADS": "2"}])
def test_numpy_starts_no_threads_and_those_of_other_processes_are_as_they_were(given: dict[str, str]) -> None:
    program = """
import os
with imports_at_rest():
    import numpy
print(len(os.listdir("/proc/self/task")), os.environ.get("OPENBLAS_NUM_THREADS"))
"""
    threads = min(2, os.cpu_count() or 1) if given else 1
    assert printed(program, **given) == f"{threads} {given.get('OPENBLAS_NUM_THREADS')}\n"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere Arrow may have no other pool")
@pytest.mark.parametrize(("given", "pool"), [({}, "jemalloc"), ({"ARROW_DEFAULT_MEMORY_POOL": "system"}, "system")])
def test_arrow_has_the_pool_that_keeps_memory_unless_the_user_names_one(given: dict[str, str], pool: str) -> None:
    program = """
import os
with imports_at_rest():
    import pyarrow
print(pyarrow.default_memory_pool().backend_name, os.environ.get("ARROW_DEFAULT_MEMORY_POOL"))
"""
    assert printed(program, **given) == f"{pool} {given.get('ARROW_DEFAULT_MEMORY_POOL')}\n"
