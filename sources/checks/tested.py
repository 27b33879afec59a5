"""What is not known to work in a language other than Chinese and English, in words for a plan, a card and a report."""

from collections.abc import Sequence

from sources.pairs.languages import LANGUAGE_NAMES, SCRIPT_OF, TESTED, USUAL, Lang
from sources.text.detect import profile_of

BY_WORDS = ("refusal_chosen", "refusal_rejected", "identity_leak")
BY_SIGNS = ("cut_off_chosen", "cut_off_rejected")


def not_tested(lang: Lang) -> list[str]:
    """A line for each thing; none for the two languages that are tested."""
    if lang in TESTED:
        return []
    return [
        _how_told(lang),
        f"{', '.join(BY_WORDS)}, speaker_mark: only words of Chinese and English are found",
        f"{', '.join(BY_SIGNS)}: by the punctuation of Chinese and English",
        "first_letter_lost: for English only",
        "mojibake, mojibake_rejected: what broken bytes leave is found in any language; a whole text that was read in "
        "the wrong charset only where it is Chinese",
        "wrong_language, answer_language, repetition: a prompt that asks for another language, or for something to be "
        "repeated, is understood in Chinese and English",
        "contaminated: the questions of the benchmarks are Chinese and English",
    ]


def not_tested_in(langs: Sequence[Lang]) -> list[str]:
    """The same for several languages, each line once, behind the languages that it is about."""
    about: dict[str, list[Lang]] = {}
    for lang in langs:
        for line in not_tested(lang):
            about.setdefault(line, []).append(lang)
    return [f"{', '.join(mine)}: {line}" for line, mine in about.items()]


def _how_told(lang: Lang) -> str:
    """How far the language itself is checked."""
    name, script = LANGUAGE_NAMES[lang], SCRIPT_OF.get(lang, "")
    if profile_of(lang):
        return f"wrong_language, answer_language: {name} is told by its script ({script}) and langdetect"
    but_english = ", except English" * (script == "Latin")
    others = "" if USUAL.get(script) == lang else f"; from other languages of that script it is not told{but_english}"
    return f"wrong_language, answer_language: {name} is told by its script ({script}){others}"
