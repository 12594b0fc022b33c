"""Findings: look-alikes of delimiters, and markup and tables that are taken as text."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.bundles.findings import Finding, Findings, Kind
from transforms.bundles.formats import format_of_file, markup_of
from transforms.bundles.listing import list_bundles
from transforms.bundles.reader import read_parts
from transforms.bundles.splits import plan_splits
from transforms.settings import ReadSettings

NEWS = "وصلت القافلة إلى المدينة عند الغروب وباتت ليلتها قرب السور القديم"


def findings_in(folder: Path, files: dict[str, bytes], target: int = 1 << 20, **asked: object) -> Findings:
    """All that is found in files."""
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    splits = plan_splits(list_bundles([str(folder)]), target)
    reading = ReadSettings.model_validate(asked)
    return Findings.total(documents.findings for split in splits for _, documents in read_parts(split, reading))


def places(found: Findings) -> list[tuple[str, str, int, str]]:
    return [(str(each.kind), each.bundle, each.offset, each.excerpt) for each in found.places]


LINES = [
    f"<<<FILE>>> أ\n{NEWS}",
    f"<<<FILE>>>ب\n{NEWS}\n",
    f" <<<FILE>>>ج\n{NEWS}\n",
    f"<<FILE>>د\n{NEWS}\n",
    f"\u200f<<<FILE>>>ه\n{NEWS}\n",
]
BUNDLE = "".join(LINES)
EXPECTED = [
    ("delimiter_inside_line", len(LINES[0]), "<<<FILE>>>ب"),
    ("delimiter_indented", sum(map(len, LINES[:2])) + 1, "<<<FILE>>>ج"),
    ("delimiter_misspelt", sum(map(len, LINES[:3])), "<<FILE>>د"),
    ("delimiter_indented", sum(map(len, LINES[:4])) + 1, "<<<FILE>>>ه"),
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("target", [64, 1 << 20])
@pytest.mark.parametrize("packed", [False, True])
def test_lookalikes_have_their_places(tmp_path: Path, encoding: str, target: int, packed: bool) -> None:
    mark = "" if encoding == "utf-8" else "\ufeff"
    data = (mark + BUNDLE).encode(encoding)
    found = findings_in(tmp_path / "in", {"a.txt": gzip.compress(data) if packed else data}, target)
    expected = [(kind, "a.txt", len((mark + BUNDLE[:at]).encode(encoding)), text) for kind, at, text in EXPECTED]
    assert places(found) == expected
    assert found.counts == {Kind.INSIDE_LINE: 1, Kind.INDENTED: 2, Kind.MISSPELT: 1}


def test_lookalikes_in_windows_1256_and_in_rejected_documents_have_their_places(tmp_path: Path) -> None:
    data = BUNDLE.replace("\u200f", "").encode("cp1256")
    bad = b"<<<FILE>>>bad\n\xff\xfe\x00\xd8 x<<<FILE>>>y\n"
    found = findings_in(tmp_path / "in", {"a.txt": data + bad})
    assert [(each.kind, each.offset) for each in found.places if each.kind == Kind.INSIDE_LINE] == [
        (Kind.INSIDE_LINE, data.index(b"<<<FILE>>>", 5)),
        (Kind.INSIDE_LINE, len(data) + bad.rindex(b"<<<")),
    ]


def test_lookalikes_in_repaired_documents_have_their_places(tmp_path: Path) -> None:
    data = f"<<<FILE>>>a\n{NEWS} ".encode() + b"\xff\xff " + f"{NEWS}<<<FILE>>>b\n".encode()
    found = findings_in(tmp_path / "in", {"a.txt": data}, repair="bytes")
    assert places(found) == [("delimiter_inside_line", "a.txt", data.rindex(b"<<<"), "<<<FILE>>>b")]


def test_lenient_reading_forgives_what_is_indented_only(tmp_path: Path) -> None:
    found = findings_in(tmp_path / "in", {"a.txt": BUNDLE.encode()}, delimiter="lenient")
    assert found.counts == {Kind.INSIDE_LINE: 1, Kind.MISSPELT: 1}


def test_a_delimiter_of_another_encoding_than_its_bundle_is_told(tmp_path: Path) -> None:
    inner = ("\ufeff" + f"{NEWS}\n<<<FILE>>>b\n{NEWS}\n").encode("utf-16-le")
    data = b"<<<FILE>>>a\n" + inner
    (found,) = findings_in(tmp_path / "in", {"a.txt": data}).places
    assert (found.kind, found.offset) == (Kind.RECODED, data.index("<<<".encode("utf-16-le")))


def test_names_and_the_rest_of_their_lines_are_searched_too(tmp_path: Path) -> None:
    found = findings_in(tmp_path / "in", {"a.txt": f"<<<FILE>>>a<<<FILE>>>b\n{NEWS}\n".encode()})
    assert places(found) == [("delimiter_inside_line", "a.txt", 11, "<<<FILE>>>b")]


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.sampled_from(
            ["<<<FILE>>>", "\n<<<FILE>>>", "\n <<<FILE>>>", "\n<<file>>", "نص", "\n", " ", "<html>", '{"a": 1}']
        ),
        max_size=25,
    ).map("".join),
    st.integers(1, 60),
    st.booleans(),
)
def test_findings_do_not_depend_on_splits(
    tmp_path_factory: pytest.TempPathFactory, text: str, target: int, lenient: bool
) -> None:
    folder, asked = tmp_path_factory.mktemp("in"), {"delimiter": "lenient" if lenient else "strict"}
    files = {"a.txt": text.encode(), "b.txt": text.encode()}
    whole = findings_in(folder, files, **asked)
    assert findings_in(folder, files, target, **asked) == whole
    assert Findings.from_dict(json.loads(json.dumps(whole.as_dict()))).as_dict() == whole.as_dict()
    packed = findings_in(
        folder / "packed", {name: gzip.compress(data) for name, data in files.items()}, part_bytes=target, **asked
    )
    assert packed == whole


def test_of_each_kind_the_first_places_are_kept() -> None:
    parts = [Findings.of({Kind.HTML: 4}, [Finding(Kind.HTML, name, at, "") for at in range(4)]) for name in "abc"]
    total = Findings.total([Findings(), *parts, Findings.of({Kind.XML: 1}, [Finding(Kind.XML, "d", 7, "")])])
    assert total.counts == {Kind.HTML: 12, Kind.XML: 1}
    assert [(each.bundle, each.offset) for each in total.places] == [
        ("a", 0), ("a", 1), ("a", 2), ("a", 3), ("b", 0), ("d", 7)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ('{"text": "نص", "id": 1}\n{"text": "آخر"}', Kind.JSON),
        ('[{"text": "نص"}]', Kind.JSON),
        ("{}", Kind.JSON),
        ("<!DOCTYPE html>\n<html>", Kind.HTML),
        ("<HTML dir=rtl><body>", Kind.HTML),
        ("<p>فقرة</p>", Kind.HTML),
        ('<?xml version="1.0"?><TEI>', Kind.XML),
        ('<doc id="1" url="x" title="عنوان">\nنص\n</doc>', Kind.XML),
        ("{\\rtf1\\ansi", Kind.RTF),
        ("{الحمد لله رب العالمين}", None),
        ("[١] حاشية في أول الصفحة", None),
        ("<<< تنبيه >>>", None),
        ("< 5 من الطلاب", None),
        ("[مقدمة المحقق]", None),
    ],
)
def test_markup_is_known_by_its_beginning(head: str, kind: Kind | None) -> None:
    assert markup_of(head.encode()) == kind


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("a.txt", "id,text\n1,نص أول\n2,نص ثان\n", Kind.CSV),
        ("a.txt", "الرقم\tالعنوان\tالنص\n1\tأ\tب\n2\tج\tد\n", Kind.CSV),
        ("a.txt", '1;"نص; فيه فاصلة";x\n2;ب;y\n3;ج;z\n', Kind.CSV),
        ("a.csv", "نص بلا فواصل", Kind.CSV),
        ("sub/A.JSONL", "نص", Kind.JSON),
        ("a.txt", "نص عادي, فيه فاصلة\nوسطر آخر, فيه فاصلة\nوثالث, كذلك\n", None),
        ("a.txt", "صدر البيت الأول\tوعجزه\nصدر البيت الثاني\tوعجزه\nصدر الثالث\tوعجزه\n", None),
        ("a.txt", "a,b,c\nd,e,f\n", None),
        ("csv", NEWS, None),
    ],
)
def test_tables_are_known_by_their_lines_and_files_by_their_endings(name: str, head: str, kind: Kind | None) -> None:
    assert format_of_file(name, head.encode()) == kind


def test_markup_and_tables_that_are_taken_as_text_are_told(tmp_path: Path) -> None:
    files = {
        "a.txt": f'\ufeff{{\n "text": "{NEWS}"\n}}\n'.encode(),
        "b.txt": f"<<<FILE>>>1\n<p>{NEWS}</p>\n<<<FILE>>>2\n{NEWS}\n<<<FILE>>>3.csv\na,b,c\nd,e,f\ng,h,i\n".encode(),
        "c.txt": f"id,text\n1,{NEWS}\n2,{NEWS}\n".encode("cp1256"),
        "d.txt": b"<html>\x01\x02\x03\x04",
        "e.txt": b"PAR1\x15\x04\x15\x00",
    }
    found = findings_in(tmp_path / "in", files)
    assert [(each.kind, each.bundle, each.offset) for each in found.places] == [
        (Kind.JSON, "a.txt", 3),
        (Kind.HTML, "b.txt", 12),
        (Kind.CSV, "c.txt", 0),
    ]
