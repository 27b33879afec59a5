"""The languages that pairs may be in: every code of ISO 639-1, with its English name and its scripts.

Chinese and English are the tested ones. They come first, so that their places in LANGS never change.
"""

from typing import Final, Literal

import numpy as np

Lang = str
"""A code of LANGS."""

TestedLang = Literal["zh", "en"]
TESTED: Final[tuple[Lang, ...]] = ("zh", "en")
UNKNOWN: Final = "und"
"""The language of a text in a script that no language here is written in (the code of ISO 639-2)."""

BY_SCRIPT: Final = {
    "Latin": "en English, aa Afar, af Afrikaans, ak Akan, an Aragonese, ay Aymara, az Azerbaijani, bi Bislama, "
    "bm Bambara, br Breton, bs Bosnian, ca Catalan, ch Chamorro, co Corsican, cs Czech, cy Welsh, da Danish, "
    "de German, ee Ewe, eo Esperanto, es Spanish, et Estonian, eu Basque, ff Fulah, fi Finnish, fj Fijian, "
    "fo Faroese, fr French, fy Western Frisian, ga Irish, gd Gaelic, gl Galician, gn Guarani, gv Manx, "
    "ha Hausa, ho Hiri Motu, hr Croatian, ht Haitian, hu Hungarian, hz Herero, ia Interlingua, "
    "id Indonesian, ie Interlingue, ig Igbo, ik Inupiaq, io Ido, is Icelandic, it Italian, jv Javanese, "
    "kg Kongo, ki Kikuyu, kj Kuanyama, kl Kalaallisut, kr Kanuri, ku Kurdish, kw Cornish, la Latin, "
    "lb Luxembourgish, lg Ganda, li Limburgan, ln Lingala, lt Lithuanian, lu Luba-Katanga, lv Latvian, "
    "mg Malagasy, mh Marshallese, mi Maori, ms Malay, mt Maltese, na Nauru, nb Norwegian Bokmål, "
    "nd North Ndebele, ng Ndonga, nl Dutch, nn Norwegian Nynorsk, no Norwegian, nr South Ndebele, nv Navajo, "
    "ny Chichewa, oc Occitan, om Oromo, pl Polish, pt Portuguese, qu Quechua, rm Romansh, rn Rundi, "
    "ro Romanian, rw Kinyarwanda, sc Sardinian, se Northern Sami, sg Sango, sk Slovak, sl Slovenian, "
    "sm Samoan, sn Shona, so Somali, sq Albanian, ss Swati, st Southern Sotho, su Sundanese, sv Swedish, "
    "sw Swahili, tk Turkmen, tl Tagalog, tn Tswana, to Tonga, tr Turkish, ts Tsonga, tw Twi, ty Tahitian, "
    "uz Uzbek, ve Venda, vi Vietnamese, vo Volapük, wa Walloon, wo Wolof, xh Xhosa, yo Yoruba, za Zhuang, "
    "zu Zulu",
    "Han": "zh Chinese",
    "Kana": "ja Japanese",
    "Hangul": "ko Korean",
    "Cyrillic": "ru Russian, ab Abkhazian, av Avaric, ba Bashkir, be Belarusian, bg Bulgarian, ce Chechen, "
    "cu Church Slavic, cv Chuvash, kk Kazakh, kv Komi, ky Kyrgyz, mk Macedonian, mn Mongolian, os Ossetian, "
    "sr Serbian, tg Tajik, tt Tatar, uk Ukrainian",
    "Arabic": "ar Arabic, fa Persian, ks Kashmiri, ps Pashto, sd Sindhi, ug Uyghur, ur Urdu",
    "Greek": "el Greek",
    "Devanagari": "hi Hindi, mr Marathi, ne Nepali, pi Pali, sa Sanskrit",
    "Hebrew": "he Hebrew, yi Yiddish",
    "Bengali": "bn Bengali, as Assamese",
    "Ethiopic": "am Amharic, ti Tigrinya",
    "Tibetan": "bo Tibetan, dz Dzongkha",
    "Canadian": "iu Inuktitut, cr Cree, oj Ojibwa",
    "Armenian": "hy Armenian",
    "Avestan": "ae Avestan",
    "Georgian": "ka Georgian",
    "Gujarati": "gu Gujarati",
    "Gurmukhi": "pa Punjabi",
    "Kannada": "kn Kannada",
    "Khmer": "km Khmer",
    "Lao": "lo Lao",
    "Malayalam": "ml Malayalam",
    "Myanmar": "my Burmese",
    "Oriya": "or Oriya",
    "Sinhala": "si Sinhala",
    "Tamil": "ta Tamil",
    "Telugu": "te Telugu",
    "Thaana": "dv Divehi",
    "Thai": "th Thai",
    "Yi": "ii Sichuan Yi",
}  # fmt: skip
"""By script, as Unicode names it, the commonest language first; one of two scripts stands under its usual one."""

_LISTED: Final = [(script, *each.split(" ", 1)) for script, listed in BY_SCRIPT.items() for each in listed.split(", ")]

SCRIPT_OF: Final[dict[Lang, str]] = {code: script for script, code, _ in _LISTED}
LANGS: Final[tuple[Lang, ...]] = (*TESTED, *sorted(SCRIPT_OF.keys() - {*TESTED}), UNKNOWN)
LANGUAGE_NAMES: Final[dict[Lang, str]] = {code: name for _, code, name in _LISTED} | {UNKNOWN: "Unknown language"}
USUAL: Final[dict[str, Lang]] = {script: listed.split(" ", 1)[0] for script, listed in BY_SCRIPT.items()}
"""From a script to its commonest language."""

NO_SPACES: Final = ("Han", "Kana", "Hangul", "Khmer", "Lao", "Myanmar", "Thai", "Tibetan", "Yi")
"""Scripts in which a few characters say as much as a word of letters."""

IS_DENSE: Final = np.array([SCRIPT_OF.get(lang) in NO_SPACES for lang in LANGS])
"""bool[len(LANGS)]: whether a language is written in such a script."""

IS_LATIN: Final = np.array([SCRIPT_OF.get(lang) == "Latin" for lang in LANGS])
"""bool[len(LANGS)]: whether a language is written in Latin letters."""


def asked_in(lang: Lang) -> Lang:
    """The language in which a model is asked about texts in `lang`: that one, if it is a tested one, else English."""
    return lang if lang in TESTED else "en"
