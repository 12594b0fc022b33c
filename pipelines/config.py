"""The settings of a run: typed, validated, read from YAML and from the command line. Knows no Beam."""

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from pipelines.remedies import ConfigError, described
from transforms.errors import UsageError
from transforms.filters.settings import FilterEntry
from transforms.language.settings import LanguageSettings
from transforms.runs.names import check_new_name
from transforms.settings import (
    DedupSettings,
    IndexSettings,
    Place,
    ReadSettings,
    SegmentationSettings,
    Settings,
    ShardSettings,
    Size,
)

if TYPE_CHECKING:  # it brings Arrow along
    from transforms.storage import Folder

_YEAR = 366 * 86_400  # seconds


class InputSettings(ReadSettings):
    """The input."""

    paths: list[Place] = Field([], description="files, folders or patterns, on any file system that fsspec serves")
    root: Place | None = Field(
        None, description="the folder that bundle names are relative to; default: each pattern's own"
    )
    config_name: str | None = Field(
        None, description="the configuration of a Hugging Face dataset in a folder; default: the default of its card"
    )
    paragraphs: Literal["line", "blank_line"] = Field(
        "line", description="a paragraph is a line, or what blank lines part"
    )


def _new_name(value: str) -> str:
    try:
        return check_new_name(value)
    except UsageError as error:
        raise ValueError(str(error).removeprefix(f"run {value[:200]!r}: ").removeprefix(f"run {value}: ")) from error


class RunSettings(Settings):
    """The way a run is worked on; the corpus is the same whatever stands here."""

    id: Annotated[str, AfterValidator(_new_name)] | None = Field(
        None, description="names the run: letters, digits, `.`, `_` and `-`; default: the time"
    )
    split_bytes: Size = Field(32 << 20, ge=64, description="text worked on, and written to one shard, at a time")
    max_bytes: Size = Field(
        0, ge=0, description="a larger input is taken in slices of so much, each a run; 0: by the runner"
    )
    local_max_bytes: Size = Field(
        1 << 30, ge=1, description="the same for the in-process runner: what fits 2.5 GB of memory"
    )
    threads: int = Field(0, ge=0, le=1024, description="splits worked on at a time in one process; 0: one a core")
    report: bool = Field(True, description="write reports/RUN.html and the dataset card when a run is committed here")
    report_every: float = Field(
        60, ge=0, le=_YEAR, description="seconds at least between two times that a watch or a stream writes them"
    )

    def worker_threads(self) -> int:
        """The number of threads."""
        return self.threads or len(os.sched_getaffinity(0))


def _option_value(value: Any) -> Any:
    texts = isinstance(value, list) and all(isinstance(each, str) for each in value)
    if not texts and not isinstance(value, bool | int | float | str):
        raise ValueError("should be true, false, a number, a text, or a list of texts")
    return value


def _option_name(name: str) -> str:
    if not re.fullmatch("[a-z][a-z0-9_]*", name):
        raise ValueError("should be an option of Beam's Java, in words_with_underscores")
    return name


# A value of an option of Beam's Java.
JavaValue = Annotated[bool | int | float | str | list[str], BeforeValidator(_option_value)]
_JavaOption = Annotated[str, AfterValidator(_option_name)]


class FlinkSettings(Settings):
    """The Flink cluster that a run goes to, and how it is reached."""

    master: str | None = Field(
        None, description="host:port or https:// address of the REST interface; where it is set, the run goes there"
    )
    job_server_jar: Place | None = Field(
        None, description="Beam's job-server jar for the cluster's Flink; default: the one that Beam fetches"
    )
    workers: str = Field("localhost:50000", description="the worker pool, as a TaskManager sees it")
    parallelism: int | None = Field(None, ge=1, description="tasks at a time; default: the cluster's")
    slot_timeout: float = Field(
        300, gt=0, le=_YEAR, description="seconds without a slot for any of its tasks after which a run is given up"
    )
    timeout: float = Field(0, ge=0, le=_YEAR, description="seconds after which a run is cancelled; 0: never")
    outage: float = Field(
        60, ge=0, le=_YEAR, description="seconds without an answer of the cluster that are waited out"
    )
    poll: float = Field(2, gt=0, le=60, description="seconds between two looks at the job, at most")
    ca_file: Place | None = Field(None, description="PEM file of the authority that signed the cluster's certificate")
    client_certificate_file: Place | None = Field(None, description="PEM file of our certificate and its key")
    token_file: Place | None = Field(None, description="a file that holds a bearer token; read before each request")
    password_file: Place | None = Field(None, description="a file that holds user:password")
    beam: dict[_JavaOption, JavaValue] = Field(
        {}, description="options of Beam's Java runner, in words_with_underscores"
    )

    def beam_arguments(self) -> list[str]:
        """Beam's options for this cluster; none where no cluster is named."""
        given = {
            "runner": "FlinkRunner",
            "flink_master": self.master,
            "flink_job_server_jar": self.job_server_jar,
            "environment_type": "EXTERNAL",
            "environment_config": self.workers,
            "parallelism": self.parallelism,
        }
        return [f"--{name}={value}" for name, value in given.items() if value is not None and self.master]


class IngestSettings(Settings):
    """All settings of an ingestion run."""

    input: InputSettings = InputSettings()
    output: Place | None = Field(None, description="the folder that the corpus is written to")
    run: RunSettings = RunSettings()
    dedup: DedupSettings = DedupSettings()
    index: IndexSettings = IndexSettings()
    language: LanguageSettings = LanguageSettings()
    filters: list[FilterEntry] = Field(
        [], description="functions that leave out documents: MODULE:FUNCTION, or {use: MODULE:FUNCTION, its settings}"
    )
    segmentation: SegmentationSettings = SegmentationSettings()
    shards: ShardSettings = ShardSettings()
    flink: FlinkSettings = FlinkSettings()

    def folder(self) -> "Folder":
        """The output folder; `require_places` has made sure that one is named."""
        from transforms.storage import Folder  # noqa: PLC0415 - it brings Arrow along

        return Folder(str(self.output))


def require_places(settings: IngestSettings) -> str:
    """The output.

    Raises:
        UsageError: no input or no output is named, or the input takes in the output.
    """
    if not settings.input.paths:
        raise ConfigError("no input: name bundles with --input, for example --input 'seeds/*.txt'")
    if settings.output is None:
        raise ConfigError("no output: name a folder with --output")
    from transforms.bundles.overlap import check_apart  # noqa: PLC0415 - it brings Arrow along

    check_apart(settings.input.paths, settings.output)
    return settings.output


def load_settings(path: str | None, assignments: Sequence[str], overrides: dict[str, Any]) -> IngestSettings:
    """The settings of a file, changed by `KEY=VALUE` assignments, changed by the command line's own options.

    Args:
        path: a YAML file, or None.
        assignments: each `section.key=value`, the value in YAML.
        overrides: dotted keys and their values.

    Raises:
        ConfigError: one line that names the file, the key and what is allowed.
    """
    values = _read_yaml(path) if path else {}
    validate(values, path or "defaults")
    for assignment in assignments:
        key, value = _assignment("--set", assignment, "dedup.threshold=0.8")
        _assign(values, key, value, f"--set {assignment}")
        validate(values, f"--set {assignment}")
    for key, value in overrides.items():
        _assign(values, key, value, "command line")
    return validate(values, "command line")


def changed_definition(definition: DedupSettings, assignments: Sequence[str], option: str) -> DedupSettings:
    """A definition of a duplicate, changed by `KEY=VALUE` assignments of an option; a key is one of `dedup`.

    Raises:
        ConfigError: one line that names the option, the key and what is allowed.
    """
    values = {"dedup": definition.model_dump()}
    for assignment in assignments:
        key, value = _assignment(option, assignment, "threshold=0.8")
        _assign(values, f"dedup.{_SHORT.get(key, key)}", value, f"{option} {assignment}")
        validate(values, f"{option} {assignment}")
    return validate(values, option).dedup


_SHORT = {"size": "shingle.size", "unit": "shingle.unit"}


def _assignment(option: str, assignment: str, example: str) -> tuple[str, Any]:
    """The key and the value of an assignment."""
    key, equals, text = assignment.partition("=")
    if not equals:
        raise ConfigError(f"{option} {assignment}: is not KEY=VALUE; write for example {option} {example}")
    return key, _parsed(text, f"{option} {assignment}")


def validate(values: dict[str, Any], origin: str) -> IngestSettings:
    """The settings that `values` describe; `origin` names their source in an error."""
    try:
        return IngestSettings.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{origin}: {described(error, IngestSettings)}") from error


def _read_yaml(path: str) -> dict[str, Any]:
    try:
        values = _parsed(Path(path).read_text(encoding="utf-8"), path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not YAML: {error}") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: must hold keys and values, for example `dedup: {{threshold: 0.8}}`")
    return values


# Most values that a command line sets, which are the same in YAML: a word that names nothing else, a number.
_PLAIN: tuple[tuple[str, Callable[[str], Any]], ...] = (
    ("true|false", "true".__eq__),
    ("(?!(?i:true|false|null)$)[A-Za-z][A-Za-z_]*", str),
    ("0|[1-9][0-9]{0,17}", int),
    (r"(?:0|[1-9][0-9]{0,8})\.[0-9]{1,8}", float),
)


def _parsed(text: str, origin: str) -> Any:
    """The value of a text in YAML; `origin` names the text in an error."""
    for pattern, value in _PLAIN:
        if re.fullmatch(pattern, text):
            return value(text)
    from pipelines.yaml_values import parsed  # noqa: PLC0415 - a run without such a value or a file does without YAML

    return parsed(text, origin)


def _assign(values: dict[str, Any], dotted: str, value: Any, origin: str) -> None:
    *sections, key = dotted.split(".")
    for section in sections:
        values = values.setdefault(section, {})
        if not isinstance(values, dict):
            raise ConfigError(f"{origin}: {section} is a value, not a section")
    values[key] = value
