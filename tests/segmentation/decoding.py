"""Farasa's tables restored from a file of compiled tables, as dicts: what the kernels are compared with."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from transforms.segmentation import records
from transforms.segmentation.kernels.forms import EXACT_LETTERS
from transforms.segmentation.model import LISTS, Model, Priors
from transforms.segmentation.records import Tables
from transforms.segmentation.tables import open_tables
from transforms.segmentation.words import LETTERS

_PLAIN = (
    "weights",
    "prefix_chains",
    "suffix_chains",
    "likely_prefix_chains",
    "likely_suffix_chains",
    "template_counts",
    "templates",
    "roots",
)
_PAIRS = ("suffixes_given_prefixes", "prefixes_given_suffixes")


def read_model(path: Path) -> Model:
    """The tables in a file, with the forms of Farasa's 36 letters that have 21 letters at most."""
    with pa.memory_map(str(path)) as source:
        known: dict[str, Any] = json.loads(pa.ipc.open_file(source).schema.metadata[b"description"])
    tables = open_tables(path)
    forms = list(_forms(tables))
    chains = list(known["prefix_chains"]), list(known["suffix_chains"])
    fields: dict[str, Any] = {
        **{name: known[name] for name in _PLAIN},
        **{name: {(before, behind): value for before, behind, value in known[name]} for name in _PAIRS},
        "weights": tuple(known["weights"]),
        "prefixes": frozenset(known["prefixes"]),
        "suffixes": frozenset(known["suffixes"]),
        "counts": {form: _count(entry, tables) for form, entry in forms if entry & records.HAS_COUNT},
        "lists": {name: frozenset(form for form, entry in forms if entry >> bit & 1) for bit, name in enumerate(LISTS)},
        "tokenised": {form: (_parse(form, entry, *chains),) for form, entry in forms if entry & records.IS_TOKENISED},
        "priors": Priors(**known["priors"]),
    }
    return Model(**fields)


def _forms(tables: Tables) -> Iterator[tuple[str, int]]:
    """Each form with its entry; not those of more letters than a key is exact for."""
    for low, high, entry in tables.slots.reshape(-1, 3).tolist():
        key, letters = high << 64 | low, []
        while key:
            letters.append(key & 63)
            key >>= 6
        if entry and len(letters) <= EXACT_LETTERS and all(0 < code <= len(LETTERS) for code in letters):
            yield "".join(LETTERS[code - 1] for code in reversed(letters)), entry


def _count(entry: int, tables: Tables) -> float:
    return float(tables.counts[entry >> records.COUNT_SHIFT & 0xFFFF])


def _parse(word: str, entry: int, prefix_chains: list[str], suffix_chains: list[str]) -> str:
    """The word's answer as `Model.tokenised` has it."""
    answer = entry >> records.ANSWER_SHIFT & 0xFFFF
    prefixes = prefix_chains[answer & 31]
    suffixes = suffix_chains[answer >> records.SUFFIXES_SHIFT & 127]
    first, last = len(prefixes.replace("+", "")), len(word) - len(suffixes.replace("+", ""))
    return f"{prefixes};{word[first:last]};{suffixes}"
