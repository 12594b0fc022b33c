"""Manifests of made-up runs, and hypothesis strategies for real-looking ones."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from transforms.runs.manifest import (
    Counts,
    Header,
    JoinFigures,
    Manifest,
    Seconds,
    ShardFile,
    SlicePlace,
    TakenInput,
    Tally,
    WindowSpan,
)
from transforms.runs.names import LEDGER_FOLDERS, shard_path
from transforms.written import WrittenFile

STARTED = "2026-11-22T10:00:01+00:00"
FIGURES = JoinFigures(
    join="one_pass",
    paragraphs=3,
    contenders=2,
    candidates=1,
    duplicates=1,
    exact=1,
    near=0,
    of_earlier_runs=0,
    seconds=0.5,
    cpu_seconds=0.25,
    peak_memory_bytes=1 << 20,
    fingerprint_seconds=0.125,
)


def manifest(
    run: str, *, sequence: int = 1, started: str = STARTED, files: Sequence[WrittenFile] = (), **fields: Any
) -> Manifest:
    """The manifest of a small run; `fields` are others that it is to have."""
    given = {
        "settings": {"dedup": {"threshold": 0.7, "scope": "corpus"}, "words": "قلم"},
        "versions": {},
        "inputs": (),
        "counts": Counts(documents=Tally.of(1), paragraphs=Tally.of(2, 1)),
        "bytes": 90,
        "preambles": 0,
        "rejects": {},
        "dedup": FIGURES,
        "seconds": Seconds(fingerprint=0.125, join=0.5, write=0.25, total=1.0),
        "files": tuple(ShardFile(**vars(each)) for each in files),
    }
    return Manifest(run=run, sequence=sequence, started=started, **(given | fields))


_texts = st.text(max_size=8)
_names = st.text(st.sampled_from("ابج-0.x"), min_size=1, max_size=6)
_runs = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,9}", fullmatch=True)
_counts = st.integers(0, 2**62)
_floats = st.floats(0, allow_nan=False, allow_infinity=False)
_tallies = st.builds(Tally.of, *[_counts] * 4)
_settings = st.dictionaries(_names, st.none() | st.booleans() | _counts | _texts | st.lists(_texts, max_size=2))

_plain_manifests = st.builds(
    Manifest,
    run=_runs,
    generation=st.integers(0, 3),
    sequence=_counts,
    started=_texts,
    settings=st.dictionaries(_names, _settings, max_size=3),
    versions=st.dictionaries(_names, _texts, max_size=2),
    slice=st.none() | st.builds(SlicePlace, plan=_texts, index=_counts, of=_counts),
    window=st.none() | st.builds(WindowSpan, **dict.fromkeys(WindowSpan.model_fields, _texts)),
    inputs=st.lists(
        st.builds(
            TakenInput,
            **dict.fromkeys(("url", "name", "modified", "state", "sha256"), _texts),
            **dict.fromkeys(("size", "start", "end"), _counts),
        ),
        max_size=2,
    ).map(tuple),
    counts=st.builds(Counts, documents=_tallies, paragraphs=_tallies),
    bytes=_counts,
    preambles=_counts,
    rejects=st.dictionaries(_names, _counts, max_size=2),
    dedup=st.builds(
        JoinFigures,
        join=st.sampled_from(["one_pass", "partitioned"]),
        **{
            name: _floats if each.annotation is float else _counts
            for name, each in JoinFigures.model_fields.items()
            if name != "join"
        },
    ),
    seconds=st.builds(Seconds, **dict.fromkeys(Seconds.model_fields, _floats)),
    files=st.just(()),
)


def _with_files(one: Manifest, facts: list[tuple[str, int]]) -> Manifest:
    files = [
        {"path": shard_path(ledger, one.run, one.generation, f"{number:06d}"), "rows": 1, "bytes": size, "sha256": "ab"}
        for number, (ledger, size) in enumerate(facts)
    ]
    return Manifest.model_validate(one.model_dump() | {"files": files})


manifests = st.builds(
    _with_files, _plain_manifests, st.lists(st.tuples(st.sampled_from(LEDGER_FOLDERS), _counts), max_size=2)
)


def header(**fields: Any) -> Header:
    """The head of a small run's manifest."""
    return Header(**({"sequence": 1, "started": STARTED, "settings": {}, "versions": {}} | fields))
