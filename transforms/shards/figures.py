"""The figures of a run's report, all of them from its committed files."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.dedup.differences import ComparedWord, Difference, Words, compare_words, first_difference
from transforms.runs.manifest import Manifest
from transforms.shards.corpus import Corpus, rows_at
from transforms.shards.overlap import Overlap, SetName, overlap_of
from transforms.shards.texts import (
    LETTERS,
    WORDS,
    KeptText,
    OfBundle,
    Sample,
    Tokens,
    by_bundle,
    kept_text,
    sample_kept,
    shown,
)

# However large the corpus, a report shows so many of each: it stays small.
CLUSTERS, LINES, PAIRS, SHORTER, REJECTS, INPUTS, NAMES, OVERLAPS = 12, 12, 20, 12, 50, 100, 30, 20
_MUCH_SHORTER = 0.8  # of the bytes of what it stands for
_LINE = 160  # bytes of a line that may be boilerplate: some twelve words
_FEWEST_DOCUMENTS = 3  # that have such a line
_LEAD = 12  # words shown before the first that differs
_BINS = 15
_PAYLOAD = 120  # bytes
_PLACE = ["bundle", "offset"]
_KEPT = ["kept_corpus", "kept_run", "kept_doc_id", "kept_paragraph_index", "kept_bundle", "kept_offset"]

Bins = list[tuple[str, int]]


@dataclass(frozen=True)
class Cluster:
    """A kept paragraph, and how many paragraphs of the run it stands for."""

    place: dict[str, Any]
    text: str
    size: int
    exact: int
    lowest: float
    documents: int


@dataclass(frozen=True)
class Pair:
    """A removed paragraph and the kept one that it repeats, cut to the words around their first difference."""

    row: dict[str, Any]
    removed: Words
    kept: Words


@dataclass(frozen=True)
class Shortened:
    """Near-duplicates that were much longer than the kept paragraph: a shortened copy came first.

    Attributes:
        count: all of the run.
        rows: those that lost most bytes, with where they and the kept ones are, `size` and `kept_length` in bytes.
    """

    count: int
    rows: list[dict[str, Any]]


@dataclass(frozen=True)
class Figures:
    """The figures that a report shows of a run.

    Attributes:
        manifest: the run's.
        clusters: the kept paragraphs that stand for most, largest first.
        boilerplate: the short ones of which most documents had a copy.
        pairs: near-duplicates at equal distances over all of them.
        shortened: near-duplicates that were much longer.
        similarities: near-duplicates by similarity, from the threshold up.
        text: the kept text in figures, with the lengths of its documents.
        samples: kept paragraphs beside their segments.
        of_bundles: the bundles with most documents, by language and encoding.
        matrix: the bundles with most duplicates in common, with what was removed of each for each.
        languages, encodings: their names, with the documents kept and those filtered, most first.
        overlap: the runs, here or of references, that keep what was removed, with the paragraphs for each.
        bundles: the same by pairs of bundles, those with most.
        rules: the rules that left out documents, with the documents of each.
        rejects: the first that could not be read.
    """

    manifest: Manifest
    clusters: list[Cluster]
    boilerplate: list[Cluster]
    pairs: list[Pair]
    shortened: Shortened
    similarities: Bins
    text: KeptText
    samples: list[Sample]
    of_bundles: list[OfBundle]
    matrix: list[tuple[SetName, list[int]]]
    languages: list[tuple[str, int, int]]
    encodings: list[tuple[str, int, int]]
    overlap: list[tuple[SetName, int]]
    bundles: list[tuple[SetName, SetName, int]]
    rules: list[tuple[str, int]]
    rejects: list[dict[str, Any]]


def figures_of(corpus: Corpus, run: str, tokens: Tokens | None = None) -> Figures:
    """The figures of one committed run; its tokens, if `tokens` counts them."""
    manifest = corpus.manifest(run)
    fold, columns = manifest.setting("dedup.fold"), ["bundle", "language", "encoding"]
    kept, filtered = (corpus.dataset(name, [run]).to_table(columns=columns) for name in ("documents", "filtered"))
    removed = _removed(corpus, run)
    groups, pairs = _groups(removed), sample_near(corpus, [run], PAIRS)
    clusters, lines = _largest(groups), _boilerplate(groups)
    shown_rows = [clusters, lines, pairs]
    texts = iter(corpus.kept_texts(pa.concat_tables([each.select(_KEPT) for each in shown_rows])))
    by_bundles = overlap_of(corpus, "bundle", [run])
    return Figures(
        manifest,
        [_cluster(row, next(texts)) for row in clusters.to_pylist()],
        [_cluster(row, next(texts)) for row in lines.to_pylist()],
        [_pair(row, next(texts), fold) for row in pairs.to_pylist()],
        _shortened(removed),
        _similarities(removed, manifest.setting("dedup.threshold")),
        kept_text(corpus, run, tokens),
        sample_kept(corpus, run),
        by_bundle(kept, filtered, OVERLAPS),
        _matrix(by_bundles),
        _names(kept, filtered, "language"),
        _names(kept, filtered, "encoding"),
        [(kept, count) for (_, kept), count in _most(overlap_of(corpus, "run", [run]))],
        [(*pair, count) for pair, count in _most(by_bundles)],
        _rules(corpus, run),
        _rejects(corpus, run),
    )


def _most(overlap: Overlap) -> list[tuple[tuple[SetName, SetName], int]]:
    """The pairs of sets with most paragraphs, most first, then in the order of their sets."""
    place = {name: number for number, name in enumerate(overlap.sets)}
    pairs = sorted(overlap.removed.items(), key=lambda pair: (-pair[1], *map(place.__getitem__, pair[0])))
    return pairs[:OVERLAPS]


def _matrix(overlap: Overlap) -> list[tuple[SetName, list[int]]]:
    """The sets that have most to do with others, in the order of their sets, with what each has removed for each."""
    weight = dict.fromkeys(overlap.sets, 0)
    for pair, count in overlap.removed.items():
        for one in pair:
            weight[one] += count
    most = set(sorted(overlap.sets, key=lambda one: -weight[one])[:OVERLAPS])
    shown_sets = [one for one in overlap.sets if one in most]
    return [(one, [overlap.removed.get((one, other), 0) for other in shown_sets]) for one in shown_sets]


def _rules(corpus: Corpus, run: str) -> list[tuple[str, int]]:
    counts = pc.value_counts(corpus.dataset("filtered", [run]).to_table(columns=["rule"]).column("rule")).to_pylist()
    return sorted(((each["values"], each["counts"]) for each in counts), key=lambda each: (-each[1], each[0]))


def sample_near(corpus: Corpus, runs: Sequence[str] | None, count: int) -> pa.Table:
    """`count` rows of the near-duplicates, at equal distances over all of them: the same ones every time."""
    duplicates = corpus.dataset("duplicates", runs)
    rule = duplicates.to_table(columns=["rule"]).column("rule")
    near = np.flatnonzero(pc.equal(rule, "near").to_numpy())
    at = np.unique(np.linspace(0, len(near) - 1, min(count, len(near))).round().astype(np.int64))
    return rows_at(duplicates, near[at], duplicates.schema.names)


def _removed(corpus: Corpus, run: str) -> pa.Table:
    """The paragraphs of a run that were removed: where they are, and for which; of their text its bytes."""
    columns = {name: pc.field(name) for name in [*_KEPT, "kept_length", "rule", "similarity", "doc_id", *_PLACE]}
    columns["bytes"] = pc.binary_length(pc.field("text"))
    return corpus.dataset("duplicates", [run]).to_table(columns=columns)


def _groups(removed: pa.Table) -> pa.Table:
    """The kept paragraphs that stand for removed ones, with the figures of these."""
    table = removed.select([*_KEPT, "similarity", "doc_id", "bytes"])
    exact = pc.equal(table.column("similarity"), 1.0).cast(pa.int64())
    sizes = [("similarity", "count"), ("similarity", "min"), ("exact", "sum"), ("doc_id", "count_distinct")]
    return table.append_column("exact", exact).group_by(_KEPT).aggregate([*sizes, ("bytes", "max")])


def _largest(groups: pa.Table) -> pa.Table:
    return _top(groups.filter(pc.greater(groups.column("similarity_count"), 1)), "similarity_count", CLUSTERS)


def _boilerplate(groups: pa.Table) -> pa.Table:
    short = pc.less_equal(groups.column("bytes_max"), _LINE)
    many = pc.greater_equal(groups.column("doc_id_count_distinct"), _FEWEST_DOCUMENTS)
    return _top(groups.filter(pc.and_(short, many)), "doc_id_count_distinct", LINES)


def _top(groups: pa.Table, by: str, most: int) -> pa.Table:
    """The groups with most, then in the order of their places."""
    if not len(groups):
        return groups  # select_k_unstable fails on a table without rows
    keys = [(by, "descending"), *((name, "ascending") for name in ("kept_run", "kept_bundle", "kept_offset"))]
    return groups.take(pc.select_k_unstable(groups, most, keys))


def _shortened(removed: pa.Table) -> Shortened:
    places = [*_PLACE, "kept_corpus", "kept_run", "kept_bundle", "kept_offset", "kept_length"]
    near = removed.filter(pc.equal(removed.column("rule"), "near")).select([*places, "bytes"])
    near = near.rename_columns([*places, "size"])
    lost = pc.subtract(near.column("size").cast(pa.int64()), near.column("kept_length"))
    much = pc.less(near.column("kept_length"), pc.multiply(near.column("size"), _MUCH_SHORTER))
    longer = near.append_column("lost", lost).filter(much)
    order = [("lost", "descending"), ("bundle", "ascending"), ("offset", "ascending")]
    return Shortened(len(longer), longer.sort_by(order).slice(0, SHORTER).to_pylist())


def _cluster(row: dict[str, Any], text: str) -> Cluster:
    place = {name: row[name] for name in _KEPT}
    figures = (row[name] for name in ("similarity_count", "exact_sum", "similarity_min", "doc_id_count_distinct"))
    return Cluster(place, shown(text), *figures)


def _pair(row: dict[str, Any], kept: str, fold: str) -> Pair:
    lefts, rights = row.pop("text").split(), kept.split()
    first = max(0, first_difference(lefts, rights, fold) - _LEAD)
    # Only what is shown is compared: paragraphs may have a million words.
    left, right = (" ".join(words[first : first + WORDS + 1]) for words in (lefts, rights))
    removed_words, kept_words = compare_words(left, right, fold)
    return Pair(row, _cut(removed_words, first), _cut(kept_words, first))


def _same(word: str) -> ComparedWord:
    return ComparedWord(word, Difference.NONE)


def _cut(words: Words, first: int) -> Words:
    """At most so many words of so many letters, with an ellipsis where something is left out."""
    ellipsis = [_same("…")]
    shown = [
        each if len(each.text) <= LETTERS else each._replace(text=f"{each.text[:LETTERS]}…") for each in words[:WORDS]
    ]
    return ellipsis * (first > 0) + shown + ellipsis * (len(words) > WORDS)


def _similarities(removed: pa.Table, threshold: float) -> Bins:
    near = removed.filter(pc.equal(removed.column("rule"), "near")).column("similarity").to_numpy()
    if not len(near):
        return []
    counts, edges = np.histogram(near, bins=_BINS, range=(threshold, 1.0))
    return [(f"{edge:.2f}", int(count)) for edge, count in zip(edges, counts, strict=False)]


def size_label(size: float) -> str:
    """A number of bytes for people, in units of 1024."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if size >= 10 or size == int(size) else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def _names(kept: pa.Table, filtered: pa.Table, column: str) -> list[tuple[str, int, int]]:
    counted = [
        {entry["values"]: entry["counts"] for entry in pc.value_counts(table.column(column)).to_pylist()}
        for table in (kept, filtered)
    ]
    names = counted[0] | counted[1]
    rows = [(name or "unknown", *(counts.get(name, 0) for counts in counted)) for name in names]
    rows.sort(key=lambda row: (-row[1] - row[2], row[0]))
    rest = rows[NAMES:]
    others = [(f"{len(rest):,} others", sum(row[1] for row in rest), sum(row[2] for row in rest))]
    return rows[:NAMES] + (others if rest else [])


def _rejects(corpus: Corpus, run: str) -> list[dict[str, Any]]:
    columns = {name: pc.field(name) for name in ("bundle", "offset", "length", "stage", "reason", "detail")}
    columns["payload"] = pc.binary_slice(pc.field("payload"), 0, _PAYLOAD)
    rows: list[dict[str, Any]] = corpus.dataset("rejects", [run]).head(REJECTS, columns=columns).to_pylist()
    for row in rows:
        row["payload"] = row["payload"].decode("utf-8", "replace")
    return rows
