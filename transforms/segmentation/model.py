"""Farasa's tables as plain dicts: words, stems, affixes and templates, with their figures."""

from collections.abc import Mapping
from dataclasses import dataclass

# The lists of stems, in the order of Farasa's features.
LISTS = ("morphology", "gazetteer", "lexicon", "buckwalter", "locations", "people", "stop_words")


@dataclass(frozen=True)
class Priors:
    """The shares of the training text's stems that have a property, and their mean length.

    Attributes:
        has_template: the share that fits a template.
        in_morphology: the share in the list of morphological analyses.
        in_gazetteer: the share in the gazetteer.
        stem_length: the mean length, in letters.
    """

    has_template: float
    in_morphology: float
    in_gazetteer: float
    stem_length: float


@dataclass(frozen=True)
class Model:
    """Farasa's tables.

    A chain is all the prefixes or all the suffixes of a stem, with a `+` after or before each: `و+ال+`, `+ت+ها`, or ''.

    Attributes:
        weights: of the 18 features, in their order.
        prefixes, suffixes: the affixes in chains.
        counts: word form -> log10 of its relative frequency.
        lists: name in `LISTS` -> stems.
        tokenised: word -> the parses that the training text has for it, as `prefixes;stem;suffixes`.
        prefix_chains, suffix_chains: chain -> its probability, in the order in which they are tried.
        likely_prefix_chains, likely_suffix_chains: chain -> the probability that letters like these are this chain.
        suffixes_given_prefixes, prefixes_given_suffixes: (prefix chain, suffix chain) -> conditional probability.
        template_counts: template -> its relative frequency among stems.
        templates: template -> its relative frequency among words, in the order in which they are tried.
        roots: root -> its relative frequency.
        priors: of the properties of stems.
    """

    weights: tuple[float, ...]
    prefixes: frozenset[str]
    suffixes: frozenset[str]
    counts: Mapping[str, float]
    lists: Mapping[str, frozenset[str]]
    tokenised: Mapping[str, tuple[str, ...]]
    prefix_chains: Mapping[str, float]
    suffix_chains: Mapping[str, float]
    likely_prefix_chains: Mapping[str, float]
    likely_suffix_chains: Mapping[str, float]
    suffixes_given_prefixes: Mapping[tuple[str, str], float]
    prefixes_given_suffixes: Mapping[tuple[str, str], float]
    template_counts: Mapping[str, float]
    templates: Mapping[str, float]
    roots: Mapping[str, float]
    priors: Priors
