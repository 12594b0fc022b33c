"""Compiles Farasa's tables, which are dicts, to arrays that kernels read."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from transforms.arrays import Bytes, Float64s, Int64s, UInt64s
from transforms.segmentation import records
from transforms.segmentation.kernels.forms import CODES, fill_slots
from transforms.segmentation.kernels.ranking import LONGEST_CHAIN, LONGEST_FORM, rank_all
from transforms.segmentation.kernels.templates import LONGEST_TEMPLATE, ROOT_CODES, root_slot
from transforms.segmentation.model import LISTS, Model
from transforms.segmentation.ranking import IMPOSSIBLE, SEEN, UNKNOWN, Parse, best_parse, can_be_stem
from transforms.segmentation.records import Tables
from transforms.segmentation.templates import BUCKWALTER, NO_TEMPLATE, ROOT_SLOTS
from transforms.segmentation.words import LETTERS

_FULLNESS = 0.6  # of the table of forms
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
_LETTERS = frozenset(LETTERS)
_ARABIC = {letter: arabic for arabic, letter in BUCKWALTER.items()}


def describe(model: Model) -> bytes:
    """The model without its word forms, as JSON; a file of tables has it so that the model can be restored."""
    description = {
        **{name: getattr(model, name) for name in _PLAIN},
        **{name: [[*pair, value] for pair, value in getattr(model, name).items()] for name in _PAIRS},
        "prefixes": sorted(model.prefixes),
        "suffixes": sorted(model.suffixes),
        "priors": vars(model.priors),
    }
    return json.dumps(description, ensure_ascii=False).encode()


def compile_tables(model: Model) -> Tables:
    """The tables of a model.

    Forms with other characters than Farasa's 36 letters are left out, because no word has them. Every other form is
    also a word, whose segments are computed here: most words of a text then need only a look-up.

    Raises:
        ValueError: the model has more chains, longer ones or longer templates than the arrays can hold.
    """
    _check(model)
    counts = np.unique(np.fromiter(model.counts.values(), np.float64, len(model.counts)))
    known = _entries(model, counts)
    letters, bounds = encode(list(known))
    entries = np.fromiter(known.values(), np.uint64, len(known))
    tables = _tables(model, counts, _slots(letters, bounds, entries))
    answers = np.zeros(len(entries), np.int64)
    rank_all(letters, bounds, tables, answers)
    ranked = entries | np.uint64(records.HAS_ANSWER) | (answers.astype(np.uint64) << np.uint64(records.ANSWER_SHIFT))
    is_open = (entries & np.uint64(records.HAS_ANSWER) == 0) & (np.diff(bounds) > 0)
    return _tables(model, counts, _slots(letters, bounds, np.where(is_open, ranked, entries)))


def _tables(model: Model, counts: Float64s, slots: UInt64s) -> Tables:
    templates = _templates(model)
    tables = Tables(
        slots=slots,
        counts=counts,
        prefixes=_chains(model.prefix_chains, model.likely_prefix_chains, model.weights[0], model.weights[8], model),
        suffixes=_chains(model.suffix_chains, model.likely_suffix_chains, model.weights[1], model.weights[9], model),
        pairs=_pairs(model),
        templates=templates,
        template_bounds=np.searchsorted(templates["length"], np.arange(templates["length"].max() + 2)),
        roots=_roots(model.roots),
        weights=np.array(model.weights),
        terms=_terms(model),
    )
    for array in tables:
        array.setflags(write=False)
    return tables


def encode(words: Sequence[str]) -> tuple[Bytes, Int64s]:
    """The letters of the words as codes, uint8[m], one word after the other, and their bounds, int64[n + 1]."""
    code_of = np.zeros(0x650, np.uint8)
    for letter, code in CODES.items():
        code_of[ord(letter)] = code
    points = np.frombuffer("".join(words).encode("utf-32-le"), np.uint32)
    bounds = np.zeros(len(words) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, words), np.int64, len(words)), out=bounds[1:])
    return code_of[points], bounds


def _check(model: Model) -> None:
    """Raises ValueError if the model does not fit the arrays."""
    for chains, most in (
        (model.prefix_chains, records.MOST_PREFIX_CHAINS),
        (model.suffix_chains, records.MOST_SUFFIX_CHAINS),
    ):
        if len(chains) > most or next(iter(chains), None) != "":
            raise ValueError(f"{len(chains)} chains of affixes: there may be {most}, the first of them empty")
        if max(len(_surface(chain)) for chain in chains) > LONGEST_CHAIN:
            raise ValueError(f"a chain of affixes has more than {LONGEST_CHAIN} letters")
    if max(map(len, model.templates), default=0) > LONGEST_TEMPLATE:
        raise ValueError(f"a template has more than {LONGEST_TEMPLATE} letters")


def _surface(chain: str) -> str:
    """The letters of a chain of affixes."""
    return chain.replace("+", "")


def _slots(letters: Bytes, bounds: Int64s, entries: UInt64s) -> UInt64s:
    """The open-addressing table of forms."""
    slots = np.zeros(3 * (int(len(entries) / _FULLNESS) + 1), np.uint64)
    if not fill_slots(letters, bounds, entries, slots):
        raise ValueError("two forms have the same key")
    slots.setflags(write=False)
    return slots


def _entries(model: Model, counts: Float64s) -> dict[str, int]:
    """The entry of each form, see `records`."""
    entries: dict[str, int] = {}

    def add(forms: Iterable[str], bits: Iterable[int]) -> None:
        for form, value in zip(forms, bits, strict=True):
            entries[form] = entries.get(form, 0) | value

    places = np.searchsorted(counts, np.fromiter(model.counts.values(), np.float64, len(model.counts)))
    add(model.counts, (records.HAS_COUNT | (place << records.COUNT_SHIFT) for place in places.tolist()))
    for bit, name in enumerate(LISTS):
        add(model.lists[name], [1 << bit] * len(model.lists[name]))
    affixes = model.prefixes | model.suffixes
    add(affixes, (records.IS_AFFIX | records.NEVER_STEM * (not can_be_stem(each, model)) for each in affixes))
    words = [word for word in model.tokenised if _LETTERS.issuperset(word)]
    answers = (_answer(best_parse(word, model), model) for word in words)
    add(words, (records.HAS_ANSWER | records.IS_TOKENISED | (answer << records.ANSWER_SHIFT) for answer in answers))
    return {form: entries[form] for form in sorted(entries) if _LETTERS.issuperset(form) and len(form) < LONGEST_FORM}


def _answer(parse: Parse, model: Model) -> int:
    """The parse as the bits of an answer, see `records`."""
    prefixes = list(model.prefix_chains).index(parse.prefixes)
    return prefixes | (list(model.suffix_chains).index(parse.suffixes) << records.SUFFIXES_SHIFT)


def _packed(letters: str) -> int:
    """The letters in six bits each."""
    packed = 0
    for letter in letters:
        packed = packed << 6 | CODES[letter]
    return packed


def _chains(
    chains: Mapping[str, float], likely: Mapping[str, float], weight: float, likely_weight: float, model: Model
) -> npt.NDArray[Any]:
    """A row for each chain of affixes."""
    rows = np.zeros(len(chains), records.CHAIN)
    for row, (chain, probability) in zip(rows, chains.items(), strict=True):
        parts = [part for part in chain.split("+") if part]
        length = len(_surface(chain))
        ahead = 0 if chain.startswith("+") else LONGEST_CHAIN - length  # letters between it and where the ten end
        row["letters"], row["length"] = _packed(_surface(chain)) << 6 * ahead, length
        row["mask"] = ((1 << 6 * length) - 1) << 6 * ahead
        row["cuts"] = _cuts(chain)
        row["flags"] = _chain_flags(chain, parts, model)
        row["first"] = len(parts[0]) if len(parts) > 1 else -len(parts)
        row["term"] = weight * math.log(probability)
        row["likely_term"] = likely_weight * (math.log(likely[chain]) if chain in likely else IMPOSSIBLE)
    return rows


def _cuts(chain: str) -> int:
    """A bit for each letter of the chain that a `+` precedes."""
    cuts, at = 0, 0
    for sign in chain:
        if sign == "+":
            cuts |= 1 << at
        else:
            at += 1
    return cuts


def _chain_flags(chain: str, parts: Sequence[str], model: Model) -> int:
    """The flags of a chain."""
    return (
        records.SINGLE * all(len(part) == 1 for part in parts)
        | records.ENDS_IN_SEEN * chain.endswith(f"{SEEN}+")
        | records.IS_PREFIX * (chain.startswith("+") and parts[0] in model.prefixes)
        | records.OPENS_WITH_TA * (chain.startswith("+ت") and len(_surface(chain)) > 1)
    )


def _pairs(model: Model) -> npt.NDArray[Any]:
    """A row for each pair of a prefix chain and a suffix chain."""
    rows = np.zeros(len(model.prefix_chains) * len(model.suffix_chains), records.PAIR)
    pairs = list(product(model.prefix_chains, model.suffix_chains))
    for row, pair in zip(rows, pairs, strict=True):
        for field, weight, known in (
            ("suffixes_term", model.weights[3], model.suffixes_given_prefixes),
            ("prefixes_term", model.weights[4], model.prefixes_given_suffixes),
        ):
            row[field] = weight * (math.log(known[pair]) if pair in known else IMPOSSIBLE)
    return rows


def _templates(model: Model) -> npt.NDArray[Any]:
    """The templates that a stem can have, after the row for no template; by length, and of equal length in order."""
    usable = [each for each in model.templates if each.count("E") < 2 and each.count("l") < 2 and each != NO_TEMPLATE]
    names = [NO_TEMPLATE, *sorted(usable, key=len)]
    rows = np.zeros(len(names), records.TEMPLATE)
    for row, name in zip(rows, names, strict=True):
        for sign in name:
            fixed = sign not in ROOT_SLOTS
            row["mask"] = int(row["mask"]) << 6 | 63 * fixed
            row["fixed"] = int(row["fixed"]) << 6 | (CODES[_ARABIC[sign]] if fixed else 0)
        row["flags"] = (
            records.HAS_Y * ("Y" in name) | records.HAS_C * ("C" in name) | records.THIRD_IS_TA * (name[2:3] == "t")
        )
        row["weight"] = model.templates.get(name, 0)
        count = model.template_counts.get(name)
        row["term"] = model.weights[11] * (UNKNOWN if count is None else math.log(count))
        row["length"] = len(name) if name != NO_TEMPLATE else 0
    return rows


def _roots(roots: Mapping[str, float]) -> npt.NDArray[Any]:
    """An open-addressing table of the roots that have only letters of `ROOT_CODES`."""
    known = {root: weight for root, weight in roots.items() if root and all(each in ROOT_CODES for each in root)}
    rows = np.zeros(1 << (2 * len(known)).bit_length(), records.ROOT)
    for root, weight in known.items():
        key = 0
        for letter in root:
            key = key << 5 | ROOT_CODES[letter]
        slot = root_slot(key, len(rows))
        while rows[slot]["key"]:
            slot = (slot + 1) % len(rows)
        rows[slot] = key, weight
    return rows


def _terms(model: Model) -> Float64s:
    """The weighted terms of the properties of stems."""
    terms = np.zeros(records.TERMS)
    priors, weights = model.priors, model.weights
    for yes, no, weight, prior in (
        (records.HAS_TEMPLATE, records.NO_TEMPLATE_TERM, weights[5], priors.has_template),
        (records.IN_MORPHOLOGY, records.NOT_IN_MORPHOLOGY, weights[6], priors.in_morphology),
        (records.IN_GAZETTEER, records.NOT_IN_GAZETTEER, weights[7], priors.in_gazetteer),
    ):
        terms[yes], terms[no] = weight * math.log(prior), weight * math.log(1 - prior)
    terms[records.MEAN_LENGTH] = priors.stem_length
    return terms
