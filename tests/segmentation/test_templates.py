"""Templates of stems, by the definition and by the kernel."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.segmentation.samples import STEMS, TEMPLATES, model, tables
from transforms.kernels import Int64, UInt64, kernel
from transforms.segmentation.compiling import encode
from transforms.segmentation.kernels.templates import LONGEST_STEM, ROOT_CODES, root_slot
from transforms.segmentation.kernels.templates import fit_template as fit_packed
from transforms.segmentation.records import InTables
from transforms.segmentation.templates import BUCKWALTER, NO_TEMPLATE, fit_template
from transforms.segmentation.words import LETTERS


@pytest.mark.parametrize(
    ("stem", "template"),
    [
        ("كتب", "fEl"),
        ("كاتب", "fAEl"),
        ("مكتوب", "mfEwl"),
        ("استقبال", NO_TEMPLATE),
        ("مكتبة", "mfElp"),
        ("كتبي", "fEly"),
        ("هدى", "fEl"),
        ("نص", "fE"),
        ("قال", "fEl"),  # the alef of the root is a waw
        ("ازدحام", "AftEAl"),  # the dal stands for a ta
        ("اتصال", "AftEAl"),  # the waw of the root is in the ta
        ("آمن", "fEl"),
        ("", NO_TEMPLATE),
        ("ق", NO_TEMPLATE),
        ("كتبكتبكتب", NO_TEMPLATE),
    ],
)
def test_stems_have_the_templates_of_grammar(stem: str, template: str) -> None:
    assert fit_template(stem, model()) == template


@kernel(UInt64, Int64, InTables, returns=Int64)
def number_of_template(packed, length, tables):  # type: ignore[no-untyped-def]
    return fit_packed(packed, length, tables)


def numbered() -> list[str]:
    """The templates in the order of their numbers."""
    usable = [each for each in TEMPLATES if each.count("E") < 2 and each.count("l") < 2 and each != NO_TEMPLATE]
    return [NO_TEMPLATE, *sorted(usable, key=len)]


def packed(stem: str) -> np.uint64:
    key = 0
    for code in encode([stem])[0].tolist():
        key = key << 6 | code
    return np.uint64(key % 2**64)


@settings(deadline=None, max_examples=1500)
@given(
    st.one_of(
        st.sampled_from(STEMS),
        st.text("كتبدرسعلمقوينصهأآإئؤءىةاطت", max_size=7),
        st.text(LETTERS, max_size=LONGEST_STEM + 3),
    )
)
def test_the_kernel_fits_as_the_definition_does(stem: str) -> None:
    assert numbered()[number_of_template(packed(stem), len(stem), tables())] == fit_template(stem, model())


def test_every_letter_has_a_transliteration_and_a_root_letter() -> None:
    assert set(BUCKWALTER) == set(LETTERS)
    assert len(set(BUCKWALTER.values())) == 36
    assert max(ROOT_CODES.values()) < 32


def test_roots_are_found_where_they_are_put() -> None:
    found = {int(row["key"]): float(row["weight"]) for row in tables().roots if row["key"]}
    assert sorted(found.values()) == sorted(model().roots.values())
    assert all(0 <= root_slot(key, len(tables().roots)) < len(tables().roots) for key in found)
