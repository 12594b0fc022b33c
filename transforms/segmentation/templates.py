"""The template of a stem: the pattern of root letters and fixed letters that Farasa fits it to.

Templates are in Buckwalter's transliteration: `f`, `E`, `l` and `C` are letters of the root, other letters themselves.
"""

from collections.abc import Iterator

from transforms.segmentation.model import Model

NO_TEMPLATE = "Y"

_ARABIC = "اإآأءبتثجحخدذرزسشصضطظعغفقكلمنهويىةؤئ"
BUCKWALTER = dict(zip(_ARABIC, "A<|>'btvjHxd*rzs$SDTZEgfqklmnhwyYp&}", strict=True))
# In roots, all forms of hamza are one letter, and signs that are not letters are replaced by letters.
ROOT_LETTER = {
    "$": "P", "*": "O", "Y": "y", "'": "A", "|": "A", "&": "A", "}": "A", "<": "A", ">": "A",
}  # fmt: skip
ROOT_SLOTS = "fElC"
WEAK_LETTERS = "wyA"

_TO_BUCKWALTER = str.maketrans(BUCKWALTER)
_TO_ROOT = str.maketrans(ROOT_LETTER)


def fit_template(stem: str, model: Model) -> str:
    """The template of the stem, or of its first variant that has one; `NO_TEMPLATE` if none has.

    A template with an alef maksura (`Y`) counts as none while there are variants left to try.
    """
    template = NO_TEMPLATE
    for variant, needs_t in _variants(stem):
        fitted = _fit(variant.translate(_TO_BUCKWALTER), model)
        if needs_t and not (len(fitted) > 3 and fitted[2] == "t"):
            continue
        template = fitted
        if "Y" not in template:
            break
    return template


def _variants(stem: str) -> Iterator[tuple[str, bool]]:
    """The variants of a stem in the order in which they are tried; true if the template's third letter must be a ta."""
    yield stem, False
    if stem.endswith(("ة", "ي")):
        yield stem[:-1], False
    if stem.endswith("ية"):
        yield stem[:-2], False
    if stem.endswith("ى"):
        yield stem[:-1] + "ي", False
    if any(alef in stem for alef in "أآإ"):
        yield stem.translate(str.maketrans("أآإ", "ااا")), False
    if len(stem) > 1:
        yield stem + stem[-1], False
    if stem.startswith("ات"):
        yield stem[0] + "و" + stem[1:], False
    if len(stem) >= 5 and stem[2] in "طد":
        yield stem[:2] + "ت" + stem[3:], True
    if "آ" in stem:
        yield stem.replace("آ", "أا"), False
    if "ئ" in stem or "ؤ" in stem:
        yield stem.translate(str.maketrans("ئؤ", "ءء")), False


def _fit(stem: str, model: Model) -> str:
    """The likeliest template of a transliterated stem; one with a `C` only if no other fits."""
    if len(stem) == 2:
        return "fE" if (stem + stem[1]).translate(_TO_ROOT) in model.roots else NO_TEMPLATE
    fitting = [
        (template, model.roots[root] * weight)
        for template, weight in model.templates.items()
        if len(template) == len(stem)
        for root in _roots(stem, template, model)
    ]
    plain = [each for each in fitting if "C" not in each[0]]
    best = max(plain or fitting, key=lambda each: each[1], default=(NO_TEMPLATE, 0.0))  # the first of equals
    return best[0]


def _roots(stem: str, template: str, model: Model) -> list[str]:
    """The known roots of the stem under the template: its own, else those with one weak letter exchanged."""
    if template.count("E") > 1 or template.count("l") > 1:  # the original never matches these
        return []
    if any(sign not in ROOT_SLOTS and sign != letter for sign, letter in zip(template, stem, strict=True)):
        return []
    root = "".join(letter for sign, letter in zip(template, stem, strict=True) if sign in ROOT_SLOTS)
    root = root.translate(_TO_ROOT)
    if root in model.roots:
        return [root]
    exchanged = (
        root[:at] + weak + root[at + 1 :]
        for at, letter in enumerate(root)
        if letter in WEAK_LETTERS
        for weak in WEAK_LETTERS
    )
    return [each for each in exchanged if each in model.roots]
