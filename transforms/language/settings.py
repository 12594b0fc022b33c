"""The settings of the language room."""

from typing import Annotated

from pydantic import AfterValidator, Field

from transforms.settings import Settings


def codes() -> frozenset[str]:
    """Returns the codes of all languages that can be told."""
    # These modules load kernels, which most readers of settings do not need.
    from transforms.language.clues import LANGUAGES, PROFILED  # noqa: PLC0415

    return frozenset(LANGUAGES).union(*PROFILED.values())


def _known(code: str) -> str:
    known = codes()
    if code not in known:
        near = f"did you mean {code[:2].lower()}? Known" if code[:2].lower() in known else "known"
        raise ValueError(f"no such language can be told; {near}: {', '.join(sorted(known))}")
    return code


class LanguageSettings(Settings):
    """The languages whose documents are kept, and how much of a document is read to tell its language."""

    keep: list[Annotated[str, AfterValidator(_known)]] = Field(
        [], description="codes of the languages to keep, for example [ar]; empty: keep all and only record the language"
    )
    least_probability: float = Field(
        0.6, gt=0, le=1, description="leave out documents that are in other languages with at least this probability"
    )
    sample_bytes: int = Field(512, ge=64, le=65536, description="bytes of a document that are read, in four places")
