"""Asks langdetect, seeded and private to this room, for the language of text that the votes leave open."""

import re
import unicodedata
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from langdetect import detector_factory
from langdetect.lang_detect_exception import LangDetectException

# The languages that langdetect is asked about, by script, in the order they are loaded in. Arabic script is not left to
# it: short text makes it sure of the wrong language.
PROFILED = {
    script: tuple(codes.split())
    for script, codes in {
        "latin": "af ca cs cy da de en es et fi fr hr hu id it lt lv nl no pl pt ro sk sl so sq sv sw tl tr vi",
        "other": "bg bn el gu he hi ja kn ko mk ml mr ne pa ru ta te th uk zh",
    }.items()
}
LONGEST = 500  # characters given to langdetect
_TRIALS = 3  # of 7 that langdetect makes by default to even out its random choice of n-grams

FILES = {"zh": ("zh-cn", "zh-tw")}
_ADDRESS = re.compile(r"(?i:www\.)[^\x00-\x20\xa0]*|[^\x00-\x20\xa0]*(?:@|://)[^\x00-\x20\xa0]*")
# Characters that langdetect is not given.
_LEFT_OUT = {
    "latin": re.compile(r"[^\u0000-\u024f\u1e00-\u1eff]+"),
    "other": re.compile(r"[\u0000-\u024f\u0600-\u077f\u1e00-\u1eff]+"),
}
_LOCK = Lock()


def guess(text: str, script: str) -> tuple[str, float]:
    """Returns the likeliest language and its probability; ("und", 0.0) if the text has nothing to go by.

    The same arguments give the same answer in every thread and process.

    Args:
        text: its first LONGEST characters are read, addresses and other scripts left out.
        script: a key of PROFILED; the answer is one of its languages.
    """
    text = unicodedata.normalize("NFKC", _ADDRESS.sub(" ", text))
    detector = _factory(script).create()
    detector.n_trial = _TRIALS
    detector.append(_LEFT_OUT[script].sub(" ", text)[:LONGEST])
    try:
        best = max(detector.get_probabilities(), key=lambda each: each.prob, default=None)
    except LangDetectException:
        return "und", 0.0
    return (best.lang.split("-")[0], best.prob) if best else ("und", 0.0)


def _factory(script: str) -> Any:
    """Returns the factory of a script; threads load it once."""
    with _LOCK:
        return _load(script)


@cache
def _load(script: str) -> Any:
    """Returns a detector factory of a script's languages; langdetect's global factory and seed are not touched."""
    folder = Path(detector_factory.PROFILES_DIRECTORY)
    names = [name for language in PROFILED[script] for name in FILES.get(language, (language,))]
    factory = detector_factory.DetectorFactory()
    factory.load_json_profile([(folder / name).read_text(encoding="utf-8") for name in names])
    factory.set_seed(0)
    return factory
