"""Each check on an answer finds what it names, and not what only looks like it."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.pairs.languages import Lang
from sources.text.texts import PairTexts
from synth.job.answer_checks import CHECKS, AnswerLimits, nearly_identical
from synth.job.template import load_template
from tests.conftest import pair_table
from tests.synth.made import TEMPLATE

Make = Callable[..., PairTexts]

ASK = {"zh": "请解释一下天空为什么是蓝色的。", "en": "Please explain to me why the sky is blue in the daytime."}
CHOSEN = {
    "zh": "因为阳光进入大气以后，波长较短的蓝光更容易被空气分子散射到各个方向，所以我们抬头看到的天空就是蓝色的。",
    "en": "Sunlight is scattered by the molecules of the air, and short blue waves are scattered the most.",
}
OTHER = {
    "zh": "天空是蓝色的，这主要和海洋的颜色有关系，海水把颜色映到了天上，大家都这么说。",
    "en": "It is blue because the ocean is blue and the water mirrors its colour onto the whole sky above us.",
}
LONG = {
    "zh": "".join(chr(0x4E00 + 37 * n % 6000) for n in range(400)),
    "en": " ".join(f"word{n * 7919 % 10007}" for n in range(100)),
}
LANG = pytest.mark.parametrize("lang", ["zh", "en"])


def found(code: str, texts: PairTexts, **limits: object) -> dict[int, str]:
    return CHECKS[code](texts, AnswerLimits(**limits))  # type: ignore[arg-type]


@LANG
@pytest.mark.parametrize("code", CHECKS)
def test_a_good_pair_passes_every_check(code: str, lang: Lang, make_texts: Make) -> None:
    texts = make_texts((ASK[lang], CHOSEN[lang], OTHER[lang]), lang=lang)
    assert found(code, texts, marks=load_template("--template", lang).marks) == {}


@pytest.mark.parametrize("code", CHECKS)
def test_every_check_bears_no_pairs_at_all(code: str, make_texts: Make) -> None:
    assert found(code, PairTexts(pair_table([], "zh", None, "test")), marks=("### x",)) == {}


def nearly(lang: Lang, chosen: str, rejected: str, make_texts: Make, max_similarity: float = 0.9) -> bool:
    texts = make_texts((ASK[lang], chosen, rejected), (ASK[lang], CHOSEN[lang], OTHER[lang]), lang=lang)
    hits = nearly_identical(texts, AnswerLimits(max_similarity=max_similarity))
    assert set(hits) <= {0}
    return bool(hits)


@LANG
@pytest.mark.parametrize(
    "change",
    [
        lambda text: text,
        lambda text: text.upper(),
        lambda text: text.replace("，", ",").replace("。", "."),
        lambda text: text.replace("，", " ").replace(",", "").replace(" ", "\n"),
        lambda text: f"  {text}！！！",
        lambda text: "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text),
    ],
)
def test_white_space_punctuation_case_and_width_make_no_other_answer(
    change: Callable[[str], str], lang: Lang, make_texts: Make
) -> None:
    assert nearly(lang, CHOSEN[lang], change(CHOSEN[lang]), make_texts)


@LANG
def test_one_character_in_a_long_answer_makes_no_other_answer(lang: Lang, make_texts: Make) -> None:
    half = len(LONG[lang]) // 2
    for changed in (
        LONG[lang][:half] + ("错" if lang == "zh" else "q") + LONG[lang][half + 1 :],
        LONG[lang][:half] + LONG[lang][half + 1 :],
        LONG[lang] + ("对。" if lang == "zh" else "Yes."),
        LONG[lang][3:],
    ):
        assert nearly(lang, LONG[lang], changed, make_texts)


@LANG
def test_a_tenth_that_differs_makes_another_answer(lang: Lang, make_texts: Make) -> None:
    tenth = len(LONG[lang]) // 10
    assert not nearly(lang, LONG[lang], OTHER[lang] + LONG[lang][2 * tenth :], make_texts)
    assert not nearly(lang, LONG[lang], LONG[lang][: -2 * tenth], make_texts)


@pytest.mark.parametrize(
    ("lang", "chosen", "rejected"),
    [("zh", "是的。", "不是。"), ("zh", "三", "四"), ("zh", "北京", "南京"), ("en", "Yes.", "No."), ("en", "42", "43")],
)
def test_short_answers_are_only_similar_when_they_are_equal(
    lang: Lang, chosen: str, rejected: str, make_texts: Make
) -> None:
    assert not nearly(lang, chosen, rejected, make_texts)
    assert nearly(lang, chosen, f" {chosen}", make_texts)


def test_the_limit_of_similarity_is_that_of_the_recipe(make_texts: Make) -> None:
    half = CHOSEN["zh"] + OTHER["zh"]
    assert nearly("zh", half, CHOSEN["zh"], make_texts, max_similarity=0.5)
    assert not nearly("zh", half, CHOSEN["zh"], make_texts, max_similarity=0.7)
    assert not nearly("zh", CHOSEN["zh"], CHOSEN["zh"], make_texts, max_similarity=1.0)


def test_an_empty_answer_is_not_nearly_identical_to_one_of_signs(make_texts: Make) -> None:
    texts = make_texts((ASK["zh"], "，，，", ""), (ASK["zh"], "，，，", "、"))
    assert list(found("nearly_identical", texts)) == [1]


def test_similarity_is_the_same_however_many_pairs_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(ASK["zh"], f"{CHOSEN['zh']}{n}", CHOSEN["zh"] if n % 3 else f"{OTHER['zh']}{n}") for n in range(50)]
    texts = PairTexts(pair_table(rows, "zh", None, "test"))  # type: ignore[arg-type]
    whole = nearly_identical(texts, AnswerLimits())
    assert sorted(whole) == [n for n in range(50) if n % 3]
    for at_once in (1, 7, 50):
        monkeypatch.setattr("synth.job.answer_checks.ROWS_AT_ONCE", at_once)
        assert nearly_identical(texts, AnswerLimits()) == whole


def test_so_many_pairs_that_they_do_not_fit_at_once_are_not_mixed_up() -> None:
    """With 16 bits for the number of a text, more than 65,536 texts were once taken for each other."""
    rows = [("问", f"甲乙丙丁{n}", f"子丑寅卯{n}") for n in range(40_000)]
    texts = PairTexts(pair_table(rows, "zh", None, "test"))  # type: ignore[arg-type]
    assert nearly_identical(texts, AnswerLimits()) == {}


@given(st.text(max_size=60), st.text(max_size=60))
def test_similarity_goes_both_ways(one: str, other: str) -> None:
    pairs = PairTexts(pair_table([("问", one, other), ("问", other, one)], "zh", None, "test"))
    hits = nearly_identical(pairs, AnswerLimits())
    assert np.array_equal(np.unique([*hits]), [0, 1]) or not hits or not one.strip() or not other.strip()


TEMPLATE_GOES_ON = [
    ("zh", "蓝色。\n\n### 指令：\n再说一遍。"),
    ("zh", "### 回答：\n蓝色。"),
    ("zh", "下面是一条指令。请写出恰当、完整的回答。\n\n蓝色。"),
    ("en", "It is blue.\n\n### Instruction:\nNow the sea."),
    ("en", "It is blue. ###  Response: again"),
    ("en", "Below is an instruction. Write a\nresponse that completes it well."),
]


@pytest.mark.parametrize(("lang", "answer"), TEMPLATE_GOES_ON)
def test_an_answer_that_goes_on_with_the_template_is_found(lang: Lang, answer: str, make_texts: Make) -> None:
    marks = load_template("--template", lang).marks
    texts = make_texts((ASK[lang], CHOSEN[lang], answer), (ASK[lang], answer, OTHER[lang]), lang=lang)
    hits = found("repeats_template", texts, marks=marks)
    assert list(hits) == [0]
    assert hits[0].startswith("rejected holds ")
    assert found("repeats_template", texts) == {}


@pytest.mark.parametrize(
    ("lang", "answer"),
    [
        ("zh", "### 指令是什么\n指令就是要求。"),
        ("zh", "## 回答：蓝色。"),
        ("zh", "下面是一条指令的例子。"),
        ("zh", "### 步骤：\n1. 看天。"),
        ("en", "### Instructions\n1. Look up."),
        ("en", "My response: it is blue. Follow the instruction: look up."),
        ("en", "### response:\nblue"),
    ],
)
def test_headings_of_its_own_are_no_template(lang: Lang, answer: str, make_texts: Make) -> None:
    texts = make_texts((ASK[lang], CHOSEN[lang], answer), lang=lang)
    assert found("repeats_template", texts, marks=load_template("--template", lang).marks) == {}


def test_signs_of_a_pattern_in_a_mark_are_taken_as_they_are(make_texts: Make) -> None:
    texts = make_texts(("问", "答", "a.b*c"), ("问", "答", "axbbc"), ("问", "答", "(a|b)"))
    assert list(found("repeats_template", texts, marks=("a.b*c", "(a|b)"))) == [0, 2]
    assert TEMPLATE.marks == ("### Ask:", "### Said:")


@pytest.mark.parametrize(("rejected", "empty"), [("", True), (" \u3000\n", True), ("\u200b", True), (".", False)])
def test_an_empty_answer_is_found(rejected: str, empty: bool, make_texts: Make) -> None:
    texts = make_texts((ASK["zh"], CHOSEN["zh"], rejected))
    assert found("empty_side", texts) == ({0: "rejected empty"} if empty else {})


@LANG
def test_an_answer_equal_but_for_white_space_and_width_is_identical(lang: Lang, make_texts: Make) -> None:
    spread = " ".join(CHOSEN[lang].split(" ")) + " \n"
    texts = make_texts((ASK[lang], CHOSEN[lang], spread), (ASK[lang], CHOSEN[lang], CHOSEN[lang] + "x"), lang=lang)
    assert list(found("identical_sides", texts)) == [0]


@pytest.mark.parametrize(
    ("lang", "ask", "answer", "strange"),
    [
        ("zh", ASK["zh"], OTHER["en"], True),
        ("en", ASK["en"], OTHER["zh"], True),
        ("zh", "请把“天空是蓝色的”翻译成英文，并且解释。", OTHER["en"], False),
        ("en", "Please translate into Chinese why the sky is blue.", OTHER["zh"], False),
        ("zh", ASK["zh"], f"{OTHER['zh']}（Rayleigh 散射）", False),
        ("zh", ASK["zh"], "42", False),
        ("en", ASK["en"], "print(42)", False),
    ],
)
def test_an_answer_in_another_language_is_found_unless_it_was_asked_for(
    lang: Lang, ask: str, answer: str, strange: bool, make_texts: Make
) -> None:
    texts = make_texts((ask, CHOSEN[lang], answer), lang=lang)
    assert bool(found("answer_language", texts)) == strange


@pytest.mark.parametrize(
    ("code", "answer", "hit"),
    [
        ("template_token", "蓝色。<|im_end|>", True),
        ("template_token", "蓝色。</s>", True),
        ("template_token", "[INST] 再来 [/INST]", True),
        ("template_token", "a < b | c > d，数组[1]", False),
        ("mojibake_rejected", "锟斤拷烫烫烫", True),
        ("mojibake_rejected", "\ufffd\ufffd", True),
        ("mojibake_rejected", "锟这个字很少见", False),
        ("control_characters", "蓝\x00色", True),
        ("control_characters", "\x1b[31m蓝色", True),
        ("control_characters", "蓝\t色\r\n", False),
    ],
)
def test_tokens_broken_text_and_control_characters_are_found(
    code: str, answer: str, hit: bool, make_texts: Make
) -> None:
    assert bool(found(code, make_texts((ASK["zh"], CHOSEN["zh"], answer)))) == hit


def test_evidence_is_safe_to_show(make_texts: Make) -> None:
    nasty = "\x1b[31m\u202e### Ask:\x07"
    texts = make_texts((ASK["zh"], CHOSEN["zh"], nasty))
    for code in ("repeats_template", "control_characters"):
        evidence = found(code, texts, marks=TEMPLATE.marks)[0]
        assert evidence.isprintable()
        assert "\\x1b" in evidence
