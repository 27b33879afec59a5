"""The language that a word names: a code, an English name, or what people write in a column or behind --lang."""

import re
from collections.abc import Sequence

from sources.command.errors import UsageError
from sources.pairs.languages import LANGS, LANGUAGE_NAMES, TESTED, UNKNOWN, Lang

ALIASES = {
    "zh": "zho cmn chi mandarin 中文 汉语 漢語 zh-cn zh-tw zh-hans zh-hant",
    "en": "eng 英文 英语 英語 en-us en-gb",
    "ja": "jpn 日本語 日语", "ko": "kor 한국어 韩语", "fr": "fra fre français 法语", "de": "deu ger deutsch 德语",
    "es": "spa español castilian 西班牙语", "ru": "rus русский 俄语", "pt": "por português", "it": "ita italiano",
    "vi": "vie", "nl": "nld dut nederlands flemish", "pl": "pol polski", "id": "ind", "ar": "ara العربية",
    "hi": "hin", "tr": "tur türkçe", "uk": "ukr", "th": "tha", "cs": "ces cze", "sv": "swe", "fi": "fin", "da": "dan",
    "el": "ell gre", "he": "heb iw", "hu": "hun", "ro": "ron rum", "fa": "fas per farsi", "ms": "msa may",
    "tl": "tgl fil filipino", "no": "nor", "nb": "nob bokmål", "nn": "nno nynorsk", "bn": "ben bangla",
}  # fmt: skip
"""Other names of the languages that data most often has."""

COUNTRIES = {"jp": "ja", "cn": "zh", "tw": "zh", "ua": "uk", "cz": "cs", "gr": "el", "dk": "da", "vn": "vi"}
"""Codes of countries that are taken for those of languages."""

REGION = re.compile(r"(?<=^[a-z]{2})-(?:[a-z]{2}|hans|hant|latn|cyrl|arab|\d{3})$")
"""What may stand behind a code of two letters: a country, a script."""

NAMED = {
    **{code: code for code in LANGS},
    **{name.lower(): code for code, name in LANGUAGE_NAMES.items() if code != UNKNOWN},
    **{alias: code for code, aliases in ALIASES.items() for alias in aliases.split()},
}


def language_named(name: object) -> Lang:
    """The language that a cell names; empty where it names none. A region behind a code does not count: pt-BR is pt."""
    if not isinstance(name, str):
        return ""
    plain = name.strip().lower().replace("_", "-")
    found = NAMED.get(plain) or NAMED.get(REGION.sub("", plain), "")
    return "" if found == UNKNOWN else found


def parse_langs(given: str, where: str) -> tuple[Lang, ...]:
    """The languages that `all`, a code, or codes with commas between them name.

    Raises:
        UsageError: one is no code of ISO 639-1.
    """
    if given == "all":
        return TESTED
    return tuple(dict.fromkeys(check_lang(code.strip(), where) for code in given.split(",")))


def check_lang(code: str, where: str, allowed: Sequence[Lang] = LANGS) -> Lang:
    """The code, if it is one of those that are allowed.

    Raises:
        UsageError: it is none; says which is meant where that is plain.
    """
    if code in allowed and code != UNKNOWN:
        return code
    meant = COUNTRIES.get(code) or language_named(code)
    hint = f"Did you mean {meant}?" if meant in allowed else ""
    expected = "a code of ISO 639-1 (zh, en, ja, ko, fr ...), several with commas between them, or all for zh and en"
    raise UsageError(where, f"no language {code!r}", expected=expected, hint=hint)
