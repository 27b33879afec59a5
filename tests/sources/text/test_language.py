"""The language of a text, told by script first."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.text.language import NO, OPEN, YES, detect, name_language
from sources.text.texts import Texts

MakeColumn = Callable[..., Texts]

CHINESE = [
    "你好",
    "请介绍一下北京的历史。",
    "我想用 Python 写一个爬虫，应该怎么做？",
    "繁體中文也是中文，請問臺灣的首都在哪裡？",
    "因为 iPhone 的 App Store 里没有这个应用。",
    "答案是(A)。",
    "日本のアニメ是很多中国年轻人喜欢的日本动画片的统称，包括电视动画片和动画电影，历史悠久，题材丰富多样。",
]

ENGLISH = [
    "The cat sat on the mat and looked at the dog that was sleeping by the fire.",
    "What is the capital of France, and how many people live there?",
    "You should talk to your doctor about this before you try it.",
    "I would like to know how the word 你好 is pronounced, and what it means.",
]

NO_LANGUAGE = [
    "",
    "42",
    "3.14159 × 2 = 6.28318",
    "x^2 + y^2 = z^2",
    "A",
    "OK",
    "(C)",
    "100%",
    "😀😀",
    "https://example.org/a/b?c=d",
    "def add(a, b):\n    return a + b\n\nprint(add(1, 2))  # {'x': [1, 2]}",
    "for (int i = 0; i < n; i++) { sum += a[i]; }",
    "\\frac{a}{b} = \\sum_{i=1}^{n} x_i",
]

FOREIGN = {
    "ja": "これは日本語の文章です。とても面白いですね。",
    "ja with Han": "東京都は日本の首都であり、世界最大の都市の一つである。",
    "ko": "이것은 한국어 문장입니다. 매우 재미있습니다.",
    "ru": "Это предложение написано на русском языке, и оно довольно длинное.",
    "ar": "هذه جملة مكتوبة باللغة العربية وهي طويلة بما يكفي.",
    "fr": "Le château que nous avons visité hier était magnifique, et les enfants ont beaucoup aimé le jardin du roi.",
    "de": "Der Hund läuft schnell durch den großen Wald, weil er einen Hasen gesehen hat und ihn fangen möchte.",
}


def verdict(texts: Texts) -> list[int]:
    return texts.verdicts.tolist()


def test_all_prompts_of_cvalues_are_chinese(make_column: MakeColumn, shared: Path) -> None:
    lines = (shared / "benchmarks/cvalues_responsibility_prompts.jsonl").read_text(encoding="utf-8").splitlines()
    prompts = [json.loads(line)["prompt"] for line in lines]
    strange = [p for p, found in zip(prompts, verdict(make_column(*prompts)), strict=True) if found != YES]
    assert (len(prompts), strange) == (664, [])


@pytest.mark.parametrize("text", CHINESE)
def test_chinese_with_foreign_words_is_chinese(make_column: MakeColumn, text: str) -> None:
    assert verdict(make_column(text)) == [YES]


@pytest.mark.parametrize("text", ENGLISH)
def test_english_prose_is_english(make_column: MakeColumn, text: str) -> None:
    assert verdict(make_column(text, lang="en")) == [YES]


@pytest.mark.parametrize("text", ENGLISH[:3])
def test_english_prose_is_not_chinese(make_column: MakeColumn, text: str) -> None:
    assert verdict(make_column(text, lang="zh")) == [NO]


@pytest.mark.parametrize("text", CHINESE[1:4])
def test_chinese_is_not_english(make_column: MakeColumn, text: str) -> None:
    assert verdict(make_column(text, lang="en"))[0] != YES


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("text", NO_LANGUAGE)
def test_code_formulas_numbers_and_short_answers_are_open(make_column: MakeColumn, text: str, lang: str) -> None:
    assert verdict(make_column(text, lang=lang)) == [OPEN]


@pytest.mark.parametrize(
    "text",
    [
        '{\n    "DkimTokens": [\n        "vvjuipp74whm76gqoni7qmwwn4w4qusjiainivf6sf",\n        "p4bd4ypb"\n    ]\n}',
        '{"Cluster": {"Name": "mycluster", "Status": "available", "Availability": "Available", "Master": "adminuser", '
        '"Endpoint": {"Address": "mycluster"}}}',
        "let esmImpl = await import('node:readline');\nlet cjsImpl = require('node:readline');",
        "aws dms describe-schemas \\\n    --endpoint-arn arn:aws:dms:us-east-1:endpoint:6GGI6YPWWGAYUVLKIB732KEVWA",
        "src/main/java/com/example/app/UserController.java src/main/resources/application.yaml pom.xml",
    ],
)
def test_names_of_code_are_no_other_language(make_column: MakeColumn, text: str) -> None:
    assert verdict(make_column(text, lang="en")) == [OPEN]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_code_made_of_english_words_is_no_other_language(make_column: MakeColumn, lang: str) -> None:
    assert verdict(make_column("SELECT * FROM t WHERE a = 1 AND b <> 2;", lang=lang))[0] != NO


@pytest.mark.parametrize("text", ["Paris.", "Yes, sure.", "Berlin, Rome"])
def test_short_latin_answers_are_open_in_both_languages(make_column: MakeColumn, text: str) -> None:
    assert verdict(make_column(text, lang="zh")) == verdict(make_column(text, lang="en")) == [OPEN]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("text", FOREIGN.values(), ids=FOREIGN.keys())
def test_other_languages_are_neither_chinese_nor_english(make_column: MakeColumn, text: str, lang: str) -> None:
    assert verdict(make_column(text, lang=lang)) == [NO]


ALL = [*CHINESE, *ENGLISH, *NO_LANGUAGE, *FOREIGN.values()]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_verdict_is_the_same_on_every_run(make_column: MakeColumn, lang: str) -> None:
    first = verdict(make_column(*ALL, lang=lang))
    detect.cache_clear()
    assert verdict(make_column(*ALL, lang=lang)) == first


@given(st.permutations(range(len(ALL))), st.sampled_from(["zh", "en"]))
def test_the_verdict_does_not_depend_on_the_texts_beside(make_column: MakeColumn, order: list[int], lang: str) -> None:
    expected = np.array(verdict(make_column(*ALL, lang=lang)))
    assert verdict(make_column(*(ALL[place] for place in order), lang=lang)) == expected[order].tolist()


def test_a_detected_language_has_its_probability() -> None:
    language, probability = detect(FOREIGN["fr"])
    assert language == "fr"
    assert probability > 0.99


def test_a_text_without_letters_is_detected_as_nothing() -> None:
    assert detect("12345") == ("unknown", 0.0)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", "no letters"),
        ("12 + 3", "no letters"),
        (CHINESE[1], "zh"),
        (ENGLISH[0], "en"),
        (FOREIGN["ja"], "ja"),
        (FOREIGN["ko"], "ko"),
        (FOREIGN["ru"], "Cyrillic script"),
        (FOREIGN["ar"], "Arabic script"),
        (FOREIGN["de"], "de"),
        ("Αυτή είναι μια πρόταση", "Greek script"),
        ("यह एक वाक्य है", "Devanagari script"),
    ],
)
def test_a_language_has_a_name_for_people(make_column: MakeColumn, text: str, name: str) -> None:
    texts = make_column(text)
    assert name_language(texts.counts[0], texts.normal(0)) == name
