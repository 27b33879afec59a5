"""Whether a text is in a language other than Chinese and English."""

import numpy as np
import pyarrow as pa
import pytest

from sources.pairs.languages import LANGS
from sources.text.texts import Texts
from sources.text.verdict import NO, OPEN, YES

SAID = {
    "zh": "中国的首都是北京，是政治和文化的中心，很多人在那里生活。",
    "en": "The capital of England is London, which is on the river Thames, and many people live there.",
    "ja": "日本の首都は東京です。政治と経済の中心であり、多くの人々が暮らしています。",
    "ko": "한국의 수도는 서울입니다. 정치와 경제의 중심지이며 많은 사람들이 살고 있습니다.",
    "fr": "La capitale de la France est Paris, connue pour ses musées, ses monuments et sa cuisine.",
    "de": "Die Hauptstadt von Deutschland ist Berlin, und viele Menschen leben dort seit langer Zeit.",
    "es": "La capital de España es Madrid, una ciudad muy conocida por los museos y la comida.",
    "pt": "A capital de Portugal é Lisboa, uma cidade muito conhecida por suas ruas e pela comida do mar.",
    "sv": "Huvudstaden i Sverige heter Stockholm, och där bor många människor vid vattnet året runt.",
    "ru": "Столица России — Москва, крупнейший город страны, центр политики, науки и культуры.",
    "uk": "Столиця України — Київ, найбільше місто країни, центр політики, науки та культури.",
    "ar": "عاصمة فرنسا هي باريس وهي مدينة معروفة بالمتاحف والمطاعم والحدائق الكثيرة في كل مكان",
    "fa": "پایتخت ایران شهر تهران است که بزرگ‌ترین شهر کشور و مرکز سیاست و فرهنگ آن به شمار می‌رود",
    "el": "Η πρωτεύουσα της Ελλάδας είναι η Αθήνα και εκεί ζουν πολλοί άνθρωποι.",
    "th": "เมืองหลวงของประเทศไทยคือกรุงเทพมหานครและมีผู้คนอาศัยอยู่มาก",
    "he": "בירת ישראל היא ירושלים והיא עיר עתיקה שבה גרים אנשים רבים",
    "hi": "भारत की राजधानी नई दिल्ली है और वहाँ बहुत सारे लोग रहते हैं जो अलग अलग भाषाएँ बोलते हैं",
}


def verdict(lang: str, *texts: str) -> list[int]:
    found: list[int] = Texts(pa.array(texts), np.full(len(texts), LANGS.index(lang))).verdicts.tolist()
    return found


@pytest.mark.parametrize("lang", list(SAID)[2:])
def test_a_text_is_in_its_language_and_in_no_other(lang: str) -> None:
    assert dict(zip(SAID, verdict(lang, *SAID.values()), strict=True)) == {
        other: YES if other == lang else NO for other in SAID
    }


@pytest.mark.parametrize("lang", ["ja", "ko", "fr", "ru", "th", "sw", "ka"])
def test_code_numbers_and_little_text_are_in_no_language(lang: str) -> None:
    texts = ["42", "x = [f(y) for y in range(10)]", "OK", "", '{"a": [1, 2, 3], "b": "c"}']
    assert verdict(lang, *texts) == [OPEN] * len(texts)


def test_names_and_code_in_latin_letters_may_stand_in_any_text() -> None:
    assert verdict("ja", "Pythonのリスト内包表記は for を使って書きます。list() も便利です。") == [YES]
    assert verdict("ru", "Функция print() в Python выводит текст, а input() его читает из консоли.") == [YES]


def test_a_language_that_langdetect_does_not_know_is_told_from_english_only() -> None:
    basque = "Euskal Herriko hiririk handiena Bilbo da, eta bertan jende asko bizi da itsasoaren ondoan."
    assert verdict("eu", basque, SAID["en"], SAID["fr"], SAID["ru"]) == [OPEN, NO, OPEN, NO]


def test_kanji_without_kana_may_be_japanese_if_there_are_few() -> None:
    assert verdict("ja", "東京", "東京都千代田区丸之内一丁目九番一号東京駅前") == [OPEN, NO]
