"""Farasa's ranking of the ways to segment a word: the definition, in plain Python. The kernels give the same result.

Abdelali, Darwish, Durrani and Mubarak, "Farasa: A Fast and Furious Segmenter for Arabic", NAACL 2016 (demonstrations);
Darwish and Mubarak, "Farasa: A New Fast and Accurate Arabic Word Segmenter", LREC 2016.

Farasa cuts a word in every possible way and reads each way as prefixes, stem and suffixes. A chain of affixes that is
not in its tables costs more than all other features can gain, so only known chains are tried: a few of some 2,000 pairs
for each word, instead of the 2^(n - 1) ways to cut it.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

from transforms.segmentation.model import Model
from transforms.segmentation.templates import NO_TEMPLATE, fit_template

# Used in place of the logarithm of an unknown probability.
UNKNOWN, IMPOSSIBLE = -10.0, -20.0
SEEN, BEFORE_IT = "س", "ينأت"  # the prefix of the future, and the letters that may follow it


class Parse(NamedTuple):
    """One way to segment a word; the chains are written as in `Model`."""

    prefixes: str
    stem: str
    suffixes: str

    def text(self) -> str:
        """The word with `+` between its segments; with an empty stem one `+`, not two."""
        return f"{self.prefixes}{self.stem}{self.suffixes}".replace("++", "+")


def best_parse(word: str, model: Model) -> Parse:
    """The likeliest parse: the first of the highest score. A word that no chain fits stays whole.

    If the training text has parses of the word, only those are considered.

    Args:
        word: one or more of Farasa's 36 letters, see `words.strip`.
        model: Farasa's tables.
    """
    seen = model.tokenised.get(word)
    parses = [Parse(*each.split(";")) for each in seen] if seen else list(candidates(word, model))
    if len(parses) == 1:
        return parses[0]
    return max(parses, key=lambda parse: score(parse, model), default=Parse("", word, ""))


def candidates(word: str, model: Model) -> Iterator[Parse]:
    """The parses of a word that can win, each a chain of prefixes, a stem and a chain of suffixes.

    A word that begins with two lams may be l+al without its alef, so it is also read with the alef.
    """
    yield from _parses(word, model)
    for start in ("لل", "ولل", "فلل"):
        if word.startswith(start):
            yield from _parses(f"{start[:-1]}ال{word[len(start) :]}", model)


def _parses(word: str, model: Model) -> Iterator[Parse]:
    """The parses of the word's own letters."""
    for prefixes in model.prefix_chains:
        before = prefixes.replace("+", "")
        if not word.startswith(before):
            continue
        for suffixes in model.suffix_chains:
            after = suffixes.replace("+", "")
            if word.endswith(after) and len(before) + len(after) <= len(word):
                parse = Parse(prefixes, word[len(before) : len(word) - len(after)], suffixes)
                if _can_be_read(parse, len(word), model):
                    yield parse


def _can_be_read(parse: Parse, length: int, model: Model) -> bool:
    """True if some way to cut the word is read as this parse.

    Pieces are taken as prefixes from the left and as suffixes from the right as long as they are affixes; the rest is
    the stem. This is done twice, so a stem is never an affix itself.
    """
    prefixes, stem, suffixes = parse
    affixes = [*prefixes.split("+"), *suffixes.split("+")]
    if stem in ("", SEEN) and suffixes.split("+")[1:2] and suffixes.split("+")[1] in model.prefixes:
        return False  # the suffix was taken for a prefix
    if len(stem) == 1 < length and max(map(len, affixes)) == 1:
        return False  # the original drops the way of single letters where it leaves a stem of one
    if stem == SEEN:
        return True  # it joined the stem
    if prefixes.endswith(f"{SEEN}+") and not _stays_before(stem, model):
        return False
    return stem not in model.prefixes and stem not in model.suffixes


def _stays_before(stem: str, model: Model) -> bool:
    """True if the prefix seen stays a prefix before a stem.

    It does before the letters that begin verbs; otherwise the last prefix joins the stem. This happens once in each of
    the two readings, so the first of three seens or more stays.
    """
    if not stem.startswith(SEEN * 2):
        return stem.startswith(tuple(BEFORE_IT))
    rest = stem[2:]
    return bool(rest) and not rest.startswith(tuple(BEFORE_IT)) and can_be_stem(rest, model)


def can_be_stem(letters: str, model: Model) -> bool:
    """True if letters can be cut so that the first piece is no prefix and the last no suffix."""
    if letters not in model.prefixes and letters not in model.suffixes:
        return True
    return any(
        letters[:first] not in model.prefixes and letters[last:] not in model.suffixes
        for first in range(1, len(letters))
        for last in range(first, len(letters))
    )


def score(parse: Parse, model: Model) -> float:
    """The parse's score: the sum of its 18 features, each times its weight, added in the order of the original."""
    total = 0.0  # not sum(), which rounds otherwise in later versions of Python
    for weight, feature in zip(model.weights, _features(parse, model), strict=True):
        total += weight * feature
    return total


def _features(parse: Parse, model: Model) -> Iterator[float]:
    prefixes, stem, suffixes = parse
    # Other forms of the stem that tables may have: with alef maksura for ya, with the ta marbuta that became a ta.
    maksura = f"{stem[:-1]}ى" if stem.endswith("ي") else stem
    marbuta = f"{stem}ة" if suffixes.startswith("+ت") and len(suffixes.replace("+", "")) > 1 else stem
    template = fit_template(stem, model)
    counts, lists, priors = model.counts, model.lists, model.priors

    def listed(name: str) -> bool:
        return stem in lists[name] or maksura in lists[name]

    yield _log(model.prefix_chains.get(prefixes), UNKNOWN)
    yield _log(model.suffix_chains.get(suffixes), UNKNOWN)
    yield _first_count(model, stem, marbuta if len(marbuta) > 1 else stem)
    yield _log(model.suffixes_given_prefixes.get((prefixes, suffixes)), IMPOSSIBLE)
    yield _log(model.prefixes_given_suffixes.get((prefixes, suffixes)), IMPOSSIBLE)
    yield _log_of(priors.has_template, template != NO_TEMPLATE)
    yield _log_of(priors.in_morphology, listed("morphology"))
    yield _log_of(priors.in_gazetteer, listed("gazetteer"))
    yield _log(model.likely_prefix_chains.get(prefixes), IMPOSSIBLE)
    yield _log(model.likely_suffix_chains.get(suffixes), IMPOSSIBLE)
    yield _count_with_first_suffix(parse, maksura, model)
    yield _log(model.template_counts.get(template), UNKNOWN)
    yield math.log(abs(len(stem) - priors.stem_length))
    lemma = next((form for form in (stem, maksura, marbuta) if form in lists["lexicon"]), None)
    yield IMPOSSIBLE if lemma is None else counts.get(lemma, UNKNOWN)
    yield _sign(listed("buckwalter"))
    yield _sign(stem in lists["locations"])
    yield _sign(stem in lists["people"])
    yield _sign(listed("stop_words"))


def _count_with_first_suffix(parse: Parse, maksura: str, model: Model) -> float:
    """The count of the stem with its first suffix, or of other forms of the stem.

    The original looks up a lone suffix with its `+`, and so never finds it.
    """
    suffixes = parse.suffixes.split("+")[1:]
    form = f"{parse.stem}{parse.suffixes if len(suffixes) == 1 else ''.join(suffixes[:1])}"
    others = [maksura] if maksura != parse.stem else []
    if form.endswith("ت"):
        others.append(f"{form[:-1]}ة")
    return _first_count(model, form, *others)


def _first_count(model: Model, *forms: str) -> float:
    return next((model.counts[form] for form in forms if form in model.counts), UNKNOWN)


def _log(probability: float | None, missing: float) -> float:
    return missing if probability is None else math.log(probability)


def _log_of(prior: float, holds: bool) -> float:
    return math.log(prior if holds else 1 - prior)


def _sign(holds: bool) -> float:
    return 1.0 if holds else -1.0
