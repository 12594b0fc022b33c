"""The seeds hold what their README says: every planted repeat and every total, recomputed by brute force."""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

SEEDS = Path(__file__).parents[2] / "seeds"
BUNDLES = ("bundle_000_news.txt", "bundle_001_encyclopedia.txt", "bundle_002_stories.txt")
DELIMITER = "<<<FILE>>>"
THRESHOLD = 0.7

# Marks, tatweel and invisible characters that the fold drops; letters and digits that it unites.
DROPPED = re.compile("[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u200c-\u200f\u202a-\u202e\ufeff]")
UNITED = str.maketrans("أإآٱىیةؤئک٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "ااااييهويك01234567890123456789")

Shingles = frozenset[tuple[str, ...] | str]


class Paragraph(NamedTuple):
    """A paragraph's place, as the README writes it, and its text."""

    document: str
    number: int
    text: str


class Row(NamedTuple):
    """A row of the README's table of planted repeats."""

    later: tuple[str, int]
    earlier: tuple[str, int]
    kind: str
    fraction: str
    similarity: str
    outcome: str


class Verdict(NamedTuple):
    """What becomes of a paragraph: kept, exact or near, and the position of the kept one it repeats."""

    outcome: str
    repeats: int


def lines_of(bundle: str) -> list[str]:
    """The lines of a bundle, ended by LF, CRLF or CR."""
    return re.split("\r\n|\r|\n", (SEEDS / bundle).read_bytes().decode("utf-8"))


def documents_of(bundle: str) -> list[tuple[str, list[str]]]:
    """The documents of a bundle: name, and paragraphs in order; text before the first delimiter is named after it."""
    documents: list[tuple[str, list[str]]] = [(bundle, [])]
    for line in lines_of(bundle):
        if line.startswith(DELIMITER):
            documents.append((line.removeprefix(DELIMITER).strip(), []))
        elif line.strip():
            documents[-1][1].append(line.strip())
    return documents if documents[0][1] else documents[1:]


def label(bundle: str, name: str) -> str:
    """A document as the README's tables name it."""
    return f"{bundle[7:10]} {f'`{name}`' if name else '(empty)'}"


@cache
def paragraphs() -> list[Paragraph]:
    """Every paragraph of the seeds, in the order of the input."""
    return [
        Paragraph(label(bundle, name), index, text)
        for bundle in BUNDLES
        for name, texts in documents_of(bundle)
        for index, text in enumerate(texts)
    ]


def words_of(text: str) -> list[str]:
    """The words of the folded text."""
    return re.findall(r"[^\W_]+", DROPPED.sub("", text).translate(UNITED).lower())


def shingles(text: str) -> Shingles:
    """The set of word pairs of the folded text; of one word that word; of none the text as it is."""
    words = words_of(text)
    return frozenset(tuple(words[at : at + 2]) for at in range(max(1, len(words) - 1))) if words else frozenset([text])


def numbers(text: str) -> frozenset[str]:
    """The words with digits between the first and the last word without."""
    words = [(word, any(each.isdigit() for each in word)) for word in words_of(text)]
    others = [at for at, (_, is_number) in enumerate(words) if not is_number] or [0]
    return frozenset(word for word, is_number in words[others[0] : others[-1]] if is_number)


def apart(one: int, other: int) -> bool:
    """True where each of two paragraphs, by position, has a number that the other lacks."""
    mine, its = (numbers(paragraphs()[each].text) for each in (one, other))
    return bool(mine - its) and bool(its - mine)


def jaccard(one: Shingles, other: Shingles) -> float:
    return len(one & other) / len(one | other) if one and other else 0.0


@cache
def sets() -> list[Shingles]:
    """The shingle set of every paragraph, in order."""
    return [shingles(paragraph.text) for paragraph in paragraphs()]


def verdict(position: int, kept: list[int]) -> Verdict:
    """The definition: the kept paragraph of highest similarity, then the earliest, decides."""
    similar = ((jaccard(sets()[position], sets()[at]), -at) for at in kept)
    passing = ((each, before) for each, before in similar if each >= THRESHOLD and not apart(position, -before))
    similarity, before = max(passing, default=(0.0, 0))
    if not similarity:
        return Verdict("kept", position)
    with_words = "exact" if similarity == 1 else "near"
    return Verdict(with_words if words_of(paragraphs()[position].text) else "wordless", -before)


@cache
def verdicts() -> list[Verdict]:
    """What becomes of every paragraph, in order, each compared with all earlier kept ones."""
    kept: list[int] = []
    decided = []
    for position in range(len(sets())):
        decided.append(verdict(position, kept))
        if decided[-1].outcome == "kept":
            kept.append(position)
    return decided


def table(first_column: str) -> list[list[str]]:
    """The cells of the README's table whose header begins with this column."""
    text = (SEEDS / "README.md").read_text(encoding="utf-8")
    rows = re.search(rf"^\| {first_column} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert rows is not None, f"seeds/README.md has no table that begins with {first_column!r}"
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[1].splitlines()]


def planted() -> list[Row]:
    return [
        Row((later, int(at)), (earlier, int(before)), *rest)
        for later, at, earlier, before, *rest in table("later document")
    ]


def position_of(place: tuple[str, int]) -> int:
    """Where in the input the paragraph of a table's place stands."""
    (position,) = [at for at, paragraph in enumerate(paragraphs()) if paragraph[:2] == place]
    return position


def row_id(row: Row) -> str:
    return f"{row.later[0]} {row.later[1]}: {row.kind}"


@pytest.mark.parametrize("row", planted(), ids=row_id)
def test_planted_row_holds(row: Row) -> None:
    later, earlier = position_of(row.later), position_of(row.earlier)
    one, other = sets()[later], sets()[earlier]
    assert earlier < later
    assert f"{len(one & other)}/{len(one | other)}" == row.fraction
    assert f"{jaccard(one, other):.4f}" == row.similarity
    assert verdicts()[later] == Verdict(row.outcome, later if row.outcome == "kept" else earlier)


@pytest.mark.parametrize("cells", table("line"), ids=lambda cells: cells[0])
def test_boilerplate_is_kept_once(cells: list[str]) -> None:
    text, document, index, times, exact = cells
    first = position_of((document, int(index)))
    same = [position for position, members in enumerate(sets()) if members == sets()[first]]
    assert paragraphs()[first].text == text
    assert (same[0], len(same)) == (first, int(times))
    assert [verdicts()[at] for at in same] == [Verdict("kept", first)] + [Verdict("exact", first)] * int(exact)


def test_tables_account_for_every_repeat() -> None:
    listed = {position_of(row.later) for row in planted() if row.outcome != "kept"}
    firsts = {position_of((document, int(index))) for _, document, index, *_ in table("line")}
    listed |= {at for at, decided in enumerate(verdicts()) if decided.outcome == "exact" and decided.repeats in firsts}
    listed |= {at for at, decided in enumerate(verdicts()) if decided.outcome == "wordless"}
    assert listed == {at for at, decided in enumerate(verdicts()) if decided.outcome != "kept"}


def test_totals_hold() -> None:
    rows = []
    for bundle in BUNDLES:
        outcomes = [
            decided.outcome
            for paragraph, decided in zip(paragraphs(), verdicts(), strict=True)
            if paragraph.document.startswith(bundle[7:10])
        ]
        rows.append(
            [len(documents_of(bundle)), len(outcomes), *map(outcomes.count, ("kept", "exact", "near", "wordless"))]
        )
    rows.append([sum(column) for column in zip(*rows, strict=True)])
    assert rows == [[int(cell) for cell in cells] for _, *cells in table("bundle")]


def test_of_paragraphs_without_words_the_first_is_kept() -> None:
    wordless = [at for at, paragraph in enumerate(paragraphs()) if not words_of(paragraph.text)]
    written = (SEEDS / "README.md").read_text(encoding="utf-8").partition("Paragraphs without words")[2].split("\n")[0]
    places = re.findall(r"(\d{3} `[^`]+`) (\d+)", written)
    assert wordless == [position_of((document, int(index))) for document, index in places]
    assert [verdicts()[at].outcome for at in wordless] == ["kept", *["wordless"] * (len(wordless) - 1)]


def test_reprinted_document_is_whole() -> None:
    documents = dict(documents_of(BUNDLES[0]))
    assert documents["reprints/النحام.txt"] == documents["خبر - عودة النحام"]


def test_edges_that_readers_stumble_on_are_there() -> None:
    news, encyclopedia, stories = [(SEEDS / bundle).read_bytes() for bundle in BUNDLES]
    assert dict(documents_of(BUNDLES[0]))["news/placeholder.txt"] == []
    assert "" in dict(documents_of(BUNDLES[0]))
    assert not encyclopedia.startswith(DELIMITER.encode())
    assert encyclopedia.partition(b"\n" + DELIMITER.encode())[0].count(DELIMITER.encode()) == 1
    assert not stories.endswith((b"\n", b"\r"))
    assert all(
        b"\r\n" in bundle and b"\r" not in bundle.replace(b"\r\n", b"") for bundle in (news, encyclopedia, stories)
    )


@pytest.mark.parametrize("bundle", BUNDLES)
def test_documents_are_of_a_readable_length(bundle: str) -> None:
    words = {name: sum(len(words_of(text)) for text in texts) for name, texts in documents_of(bundle)}
    words.pop("news/placeholder.txt", None)
    assert all(100 <= count <= 400 for count in words.values()), words
