"""The manifest of a run: the commit, as a typed and versioned file. A run without one does not exist."""

import json
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from transforms.bundles.errors import PassedReason
from transforms.bundles.findings import Kind
from transforms.errors import UsageError
from transforms.filesystems import OutputError
from transforms.runs.names import check_name, is_shard, run_id

FORMAT = 1


class RunKey(NamedTuple):
    """The identity of a run: one that replaces it has its name, began at another time, and is of a later generation."""

    run: str
    started: str
    generation: int = 0

    @property
    def id(self) -> str:
        """The run's id, which names its files."""
        return run_id(self.run, self.generation)


class Record(BaseModel):
    """The base of what is kept on disk: typed, frozen, and closed to unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Tally(Record):
    """Documents, or paragraphs, by the place they ended in; each is in exactly one."""

    total: int = Field(alias="in", description="all of them, the sum of the others")
    kept: int = Field(ge=0)
    duplicate: int = Field(ge=0)
    filtered: int = Field(ge=0)
    rejected: int = Field(ge=0)

    @classmethod
    def of(cls, kept: int = 0, duplicate: int = 0, filtered: int = 0, rejected: int = 0) -> "Tally":
        """The tally of these counts."""
        total = kept + duplicate + filtered + rejected
        return cls(total=total, kept=kept, duplicate=duplicate, filtered=filtered, rejected=rejected)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(**{name: getattr(self, name) + getattr(other, name) for name in Tally.model_fields})

    def by_place(self) -> dict[str, int]:
        """The counts by the names of their places; the total first, as `in`."""
        return self.model_dump(by_alias=True)


class Counts(Record):
    """The documents and paragraphs of a split, or of a run."""

    documents: Tally = Field(default_factory=Tally.of)
    paragraphs: Tally = Field(default_factory=Tally.of)

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(documents=self.documents + other.documents, paragraphs=self.paragraphs + other.paragraphs)

    def by_kind(self) -> dict[str, dict[str, int]]:
        """The counts by kind and place."""
        return {"documents": self.documents.by_place(), "paragraphs": self.paragraphs.by_place()}


class TakenInput(Record):
    """The bytes of a bundle that a run took, and the bundle as it was then."""

    url: str
    name: str = Field(description="relative to the input's root")
    size: int
    modified: str = Field(description="the store's modification time in ISO 8601")
    state: str = Field(description="size, time and inode, or size and version")
    sha256: str = Field(description="of the whole bundle; empty where it could not be read")
    start: int
    end: int = Field(description="bytes `start` to `end` were taken")


class PassedFile(Record):
    """A file that was not taken, or a folder with all below it."""

    url: str = Field(description="that of a folder ends with a /")
    reason: PassedReason


class FoundPlace(Record):
    """A place where something was noticed."""

    bundle: str
    offset: int = Field(description="bytes from the start of the bundle, decompressed")
    excerpt: str = Field(description="the text there")


class Found(Record):
    """All that was noticed of one kind."""

    count: int
    places: tuple[FoundPlace, ...] = Field(description="the first, in input order")


class Repaired(Record):
    """Documents in damaged UTF-8 that were kept, and the characters in them that were restored or replaced."""

    documents: int = 0
    characters: int = 0


class ShardFile(Record):
    """A file of a run."""

    path: str = Field(description="relative to the output folder")
    rows: int
    bytes: int
    sha256: str


class SlicePlace(Record):
    """The place of a run among the slices of a job."""

    plan: str = Field(description="digest of the job's plan")
    index: int
    of: int


class WindowSpan(Record):
    """The window of a stream that a run is; times in ISO 8601."""

    start: str
    end: str
    first_arrival: str
    last_arrival: str


class JoinFigures(Record):
    """The figures of a run's join; only seconds and memory differ when it is run again."""

    join: str = Field(description="`one_pass` or `partitioned`")
    paragraphs: int
    contenders: int = Field(description="sets that could have a partner at all")
    candidates: int = Field(description="pairs whose overlap was counted")
    duplicates: int
    exact: int
    near: int
    of_earlier_runs: int = Field(description="duplicates of paragraphs that earlier runs, or references, keep")
    seconds: float
    cpu_seconds: float
    peak_memory_bytes: int
    fingerprint_seconds: float


class Seconds(Record):
    """Worker seconds by stage, and the seconds from beginning to end."""

    fingerprint: float
    join: float
    write: float
    total: float


class Reference(Record):
    """Another corpus whose kept paragraphs come before a run's own, as it was when the run began."""

    url: str = Field(description="as `dedup.against` names it")
    runs: tuple[RunKey, ...] = Field(description="its runs that count, in order: name, beginning, generation")


class Header(Record):
    """The part of a manifest that is known when the run is opened."""

    sequence: int = Field(description="its place among the commits")
    started: str = Field(description="ISO 8601")
    settings: dict[str, Any] = Field(description="all settings")
    versions: dict[str, str] = Field(description="of Rafid and of the libraries it stands on")
    slice: SlicePlace | None = Field(None, description="the part of a larger job that it is")
    window: WindowSpan | None = Field(None, description="of a stream's run: the window, and when its bundles arrived")
    passed_over: tuple[PassedFile, ...] = Field((), description="files that were not taken, in the first run of a job")
    against: tuple[Reference, ...] = Field((), description="the corpora that `dedup.against` names, in order")


def _known_format(value: Any) -> Any:
    if value != FORMAT:
        raise ValueError(f"this Rafid reads format {FORMAT}")
    return value


def _name_of_run(value: str) -> str:
    try:
        return check_name(value)
    except UsageError as error:
        raise ValueError(str(error)) from error


class Manifest(Header):
    """A committed run."""

    format: Annotated[int, BeforeValidator(_known_format)] = Field(FORMAT, description="version of this file's form")
    run: Annotated[str, AfterValidator(_name_of_run)] = Field(description="the name")
    generation: int = Field(0, ge=0, description="how often a run of this name was replaced; 0 is not written")
    state: Literal["committed"] = "committed"
    inputs: tuple[TakenInput, ...] = Field(description="the bundles, in input order")
    counts: Counts = Field(description="`in` = `kept` + `duplicate` + `filtered` + `rejected`")
    bytes: int = Field(description="read")
    preambles: int = Field(description="documents without a delimiter line")
    rejects: dict[str, int] = Field(description="by reason")
    repaired: Repaired = Field(Repaired(), description="see `input.repair`")
    findings: dict[Kind, Found] = Field(
        default_factory=dict, description="look-alikes of delimiters, and markup and tables taken as text, by kind"
    )
    dedup: JoinFigures
    seconds: Seconds
    files: tuple[ShardFile, ...] = Field(description="by path")

    @model_validator(mode="after")
    def _files_are_its_own(self) -> Self:
        strange = [file.path for file in self.files if not is_shard(file.path, self.run, self.generation)]
        if strange:
            raise ValueError(f"files: {strange[0]!r} is no file of this run")
        return self

    @property
    def key(self) -> RunKey:
        """The identity of the run."""
        return RunKey(self.run, self.started, self.generation)

    @property
    def id(self) -> str:
        """The run's id, which names its files."""
        return self.key.id

    @property
    def plan(self) -> str:
        """The digest of the plan of the job that the run is of; empty where it is of none."""
        return self.slice.plan if self.slice else ""

    def setting(self, dotted: str) -> Any:
        """A setting that the run was made with, for example `dedup.threshold`.

        Raises:
            OutputError: there is none of that name.
        """
        value: Any = self.settings
        for key in dotted.split("."):
            if not isinstance(value, dict) or key not in value:
                raise OutputError(f"manifest of run {self.run}: has no setting {dotted}; restore it from a backup")
            value = value[key]
        return value

    def is_for_later_runs(self) -> bool:
        """True where later runs are compared with what this one keeps."""
        return bool(self.setting("dedup.scope") == "corpus")

    def files_of(self, ledger: str) -> list[str]:
        """The paths of the run's files of one ledger."""
        return [file.path for file in self.files if file.path.startswith(f"{ledger}/")]

    def to_json(self) -> str:
        """The text of the file: what identifies the run first."""
        fields = self.model_dump(mode="json", by_alias=True)
        absent = {name for name in ("slice", "window", "generation", "against") if not fields[name]}
        first = ("format", "run", "state")
        order = [*first, *(name for name in fields if name not in first and name not in absent)]
        return json.dumps({name: fields[name] for name in order}, ensure_ascii=False, indent=1) + "\n"


class Opening(Record):
    """All that is known of a run when it begins.

    Attributes:
        header: the head of its manifest.
        splits: how many it has.
        earlier: the committed runs whose kept paragraphs come before its own, in order.
        lease: the token of the output's lock; only under this lock is the run committed.
        digests: SHA-256 of bundles that earlier slices began, by name; they are not read again from end to end.
        waiting: whether its manifest waits until all runs of its job take the place of others, in one step.
    """

    header: Header
    splits: int
    earlier: tuple[RunKey, ...] = ()
    lease: str = ""
    digests: dict[str, str] = Field(default_factory=dict)
    waiting: bool = False
