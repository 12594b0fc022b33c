"""The figures of kept text are those of the files: recounted here in plain Python, word by word."""

import math
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit

from pipelines.report import main as report
from pipelines.views.report import token_counter
from transforms.shards import texts
from transforms.shards.corpus import Corpus
from transforms.shards.kernels import count_words
from transforms.shards.texts import by_bundle, kept_text, sample_kept, shown


def test_words_and_characters_are_those_of_the_documents(corpus: Corpus) -> None:
    kept = corpus.dataset("documents").to_table(columns=["text"]).column("text").to_pylist()
    found = kept_text(corpus, "r")
    words = [text.split() for text in kept]
    assert found.words == sum(map(len, words))
    assert found.distinct == len(set().union(*words))
    assert found.characters == sum(map(len, kept))
    assert found.segments == 0
    sizes = Counter(1 << int(math.log2(len(each))) if each else 0 for each in words)
    assert {int(label.replace(",", "")): count for label, count in found.lengths if count} == sizes


def test_segments_are_counted_by_what_parts_them(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plus sign of the text itself parts nothing."""
    pairs = [(pa.array(["والكتاب 1+1"]), pa.array(["و+ال+كتاب 1+1"])), (pa.array(["أ"]), pa.array(["أ"]))]
    monkeypatch.setattr(texts, "_texts", lambda *_: iter(pairs))
    found = kept_text(corpus, "r")
    assert (found.words, found.segments) == (3, 5)


@given(st.lists(st.text("اب+ \n\u00a0\u2003x«“あé\x00😀\u0085", max_size=40), max_size=8), st.integers(0, 3))
def test_a_table_that_becomes_full_is_followed_by_a_larger_one(given: list[str], bits: int) -> None:
    seen = texts._Seen()
    seen._table = np.zeros(1 << bits, np.uint64)
    words, characters = seen.count(*texts._bytes_of(pa.array(given, pa.string())))
    assert words.tolist() == [len(text.split()) for text in given]
    assert characters == sum(map(len, given))
    assert seen.used == len(set().union(*map(str.split, given)))


def test_a_text_after_others_begins_where_they_end() -> None:
    text = pa.array(["أ ب", "ج", "أ د هـ"])[1:]
    data, bounds = texts._bytes_of(text)
    words, state = np.zeros(2, np.int64), np.zeros(2, np.int64)
    assert count_words(data, bounds, 0, np.zeros(8, np.uint64), np.zeros(64, np.uint64), words, state) == 2
    assert (words.tolist(), state.tolist()) == ([1, 3], [4, 1 + len("أ د هـ")])


def test_a_word_is_the_same_wherever_it_stands() -> None:
    """Beside whatever follows it, at the end of a text, and at the end of all that there is."""
    words = ["ا" * 8, "ا" * 9, "كتاب", "x" * 16, "x" * 17, "«قال»", "x" * 15 + "«", "ab\x00", "ab"]
    seen = texts._Seen()
    for count in range(1, len(words) + 1):
        for text in (" ".join(words[:count]), "\u2003".join(reversed(words[:count]))):
            found, characters = seen.count(*texts._bytes_of(pa.array([text])))
            assert (found.tolist(), characters) == ([count], len(text))
    assert seen.used == len(words)


def test_tokens_are_counted_by_the_file_that_is_named(
    corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that parts at white space has a token for each word."""
    tokenizer = Tokenizer(WordLevel({"?": 0}, unk_token="?"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    assert kept_text(corpus, "r").tokens is None
    found = kept_text(corpus, "r", token_counter(str(tmp_path / "tokenizer.json")))
    assert found.tokens == found.words
    given = [str(corpus.folder.local_path()), "--tokenizer", str(tmp_path / "tokenizer.json"), "--lang", "en"]
    assert report(given) == 0
    page = Path(capsys.readouterr().out.splitlines()[0]).read_text(encoding="utf-8")
    assert f'<dt>tokens</dt><dd class="big">{found.tokens:,}</dd>' in page
    shutil.rmtree(corpus.folder.local_path("reports"))


def test_samples_are_first_paragraphs_in_their_places(corpus: Corpus) -> None:
    first = {(row["bundle"], row["paragraph_offset"][0]): row["text"] for row in documents(corpus)}
    samples = sample_kept(corpus, "r")
    assert len(samples) == min(texts.SAMPLE, len(first))
    for each in samples:
        assert each.text == shown(first[each.place["bundle"], each.place["offset"]].partition("\n")[0])
        assert each.segmented == ""
    assert samples == sample_kept(corpus, "r")


def documents(corpus: Corpus) -> list[dict[str, object]]:
    found: list[dict[str, object]] = corpus.dataset("documents").to_table().to_pylist()
    return found


@given(st.text("اب \n", max_size=400))
def test_what_is_shown_is_short(text: str) -> None:
    words = shown(text).split()
    assert len(words) <= texts.WORDS + 1
    assert all(len(word) <= texts.LETTERS + 1 for word in words)
    assert (shown(text) == " ".join(text.split())) == ("…" not in shown(text))


def test_bundles_are_in_the_order_of_their_documents() -> None:
    columns = ["bundle", "language", "encoding"]
    kept = pa.table([["b", "a", "b", "c"], ["ar", "ar", "en", None], ["utf-8"] * 4], names=columns)
    filtered = pa.table([["b", "a"], ["fa", "ar"], ["utf-8", "windows-1256"]], names=columns)
    b, a = by_bundle(kept, filtered, 2)
    assert (b.name, b.kept, b.filtered, b.languages) == ("b", 2, 1, [("ar", 1), ("en", 1), ("fa", 1)])
    assert (a.name, a.kept, a.filtered, a.languages) == ("a", 1, 1, [("ar", 2)])
    assert a.encodings == [("utf-8", 1), ("windows-1256", 1)]
    assert by_bundle(kept.slice(0, 0), filtered.slice(0, 0), 2) == []
