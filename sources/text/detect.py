"""What langdetect finds in a text, among the languages of one script and with a prior; the same on every run."""

import re
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from typing import Final

from sources.pairs.languages import SCRIPT_OF, Lang

PROFILES: Final = {
    "Latin": "en af ca cs cy da de es et fi fr hr hu id it lt lv nl no pl pt ro sk sl so sq sv sw tl tr vi",
    "Cyrillic": "ru bg mk uk",
    "Arabic": "ar fa ur",
    "Devanagari": "hi mr ne",
}
"""The languages that langdetect tells apart by words, for the scripts that several have in common."""

SAME_PROFILE: Final = {"nb": "no", "nn": "no"}

Prior = tuple[tuple[Lang, float], ...]
"""How likely each language is before the text is read; langdetect may answer no other."""

ENGLISH: Final[Prior] = (
    ("en", 0.6), ("fr", 0.06), ("de", 0.06), ("es", 0.06), ("it", 0.04), ("pt", 0.04), ("nl", 0.04), ("id", 0.02),
    ("vi", 0.02),
)  # fmt: skip
OWN, ENGLISH_TOO = 0.5, 0.2
"""The shares of a language asked for, and of English beside it."""

MIN_DETECT_LETTERS = 60
DETECT_CHARS = 400
EDGES = ".,;:!?()\"'“”‘’«»¿¡…"
PROSE_WORD = re.compile(r"(?:[^\W\d_A-Z]|[^\W\d_][^\W\d_A-Z]*|[^\W\d_a-z]+)(?:['’-][^\W\d_]+)*")
"""A word in lower case, with a capital at its beginning, or in capitals; parts may be joined by ' and -."""


def prose(text: str) -> str:
    """The words of a text without names of code, paths, keys and numbers, which look like any language; no JSON."""
    if text.lstrip()[:1] in ("{", "["):
        return ""
    words = (word.strip(EDGES) for word in text.split())
    return " ".join(word for word in words if PROSE_WORD.fullmatch(word))


def profile_of(lang: Lang) -> Lang | None:
    """The name under which langdetect tells a language from others of its script; None where it cannot."""
    name = SAME_PROFILE.get(lang, lang)
    return name if name in PROFILES.get(SCRIPT_OF.get(lang, ""), "").split() else None


@cache
def prior_for(lang: Lang) -> Prior:
    """The languages of the script of `lang`, that one the likeliest, and English beside it where it has that script."""
    own, names = SAME_PROFILE.get(lang, lang), PROFILES[SCRIPT_OF[lang]].split()
    likely = {own: OWN}
    if "en" in names and own != "en":
        likely["en"] = ENGLISH_TOO
    rest = (1 - sum(likely.values())) / (len(names) - len(likely))
    return tuple((name, likely.get(name, rest)) for name in names)


@cache
def _factory(names: tuple[Lang, ...]) -> object:
    from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory

    factory = DetectorFactory()
    factory.load_json_profile([Path(PROFILES_DIRECTORY, name).read_text(encoding="utf-8") for name in names])
    factory.set_seed(0)
    return factory


_FACTORY_LOCK = Lock()


@lru_cache(maxsize=4096)
def detect(text: str, prior: Prior = ENGLISH) -> tuple[str, float]:
    """The language that langdetect finds in a text of one script, with its probability; the same on every run."""
    from langdetect.lang_detect_exception import LangDetectException

    with _FACTORY_LOCK:
        factory = _factory(tuple(name for name, _ in prior))
    detector = factory.create()  # type: ignore[attr-defined]
    detector.set_prior_map(dict(prior))
    detector.append(text)
    try:
        found = detector.get_probabilities()
    except LangDetectException:
        return "unknown", 0.0
    return (found[0].lang, found[0].prob) if found else ("unknown", 0.0)
