"""Prompts that contain the question of a benchmark."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.stages.benchmarks import Question
from builders.stages.contamination import ContaminationIndex
from sources.text.texts import Texts

MakeColumn = Callable[..., Texts]

LONG_ZH = "下列哪一项是中国古代四大发明之一"
LONG_EN = "The man turned on the faucet in the kitchen"
SHORT_ZH = "二氧化碳有害吗"
SHORT_EN = "Why is the sky blue"

QUESTIONS = [
    Question("cmmlu", "test/history.csv:3", LONG_ZH),
    Question("copa", "val.jsonl:7", LONG_EN),
    Question("cvalues", "prompts.jsonl:4", SHORT_ZH),
    Question("triviaqa", "q.parquet:tc_1", SHORT_EN),
]
INDEX = ContaminationIndex(QUESTIONS)


def search(make_column: MakeColumn, *prompts: str, index: ContaminationIndex = INDEX) -> dict[int, str]:
    return index.search(make_column(*prompts).letters(np.arange(len(prompts))))


@pytest.mark.parametrize("question", [LONG_ZH, LONG_EN])
@pytest.mark.parametrize("frame", ["{}", "请回答：{}？A. 火药 B. 玻璃", "Question 12: {} so that?", "……{}……"])
def test_a_long_question_is_found_anywhere_in_a_prompt(make_column: MakeColumn, question: str, frame: str) -> None:
    assert list(search(make_column, "你好", frame.format(question), "好的")) == [1]


@pytest.mark.parametrize("question", [SHORT_ZH, SHORT_EN])
def test_a_short_question_is_found_only_as_the_whole_prompt(make_column: MakeColumn, question: str) -> None:
    assert list(search(make_column, f"请问，{question}", question, f"{question}，为什么")) == [1]


@pytest.mark.parametrize(
    ("prompt", "question"),
    [
        ("下列哪一项，是“中国古代”四大发明之一", LONG_ZH),
        (" 下列哪一项是中国\n古代四大发明之一 ", LONG_ZH),
        ("THE MAN TURNED ON THE FAUCET, IN THE KITCHEN", LONG_EN),
        ("Ｔhe man turned on the ｆaucet in the kitchen", LONG_EN),
        ("二氧化碳，有害吗", SHORT_ZH),
        ("WHY IS THE SKY  BLUE", SHORT_EN),
    ],
)
def test_case_width_white_space_and_commas_do_not_count(make_column: MakeColumn, prompt: str, question: str) -> None:
    (evidence,) = search(make_column, prompt).values()
    assert evidence.endswith(question)


@pytest.mark.parametrize(
    ("prompt", "question"),
    [
        ("二氧化碳有害吗", "二氧化碳有害吗？"),
        ("二氧化碳有害吗？", "二氧化碳有害吗"),
        ("请问下列哪一项是中国古代四大发明之一，为什么？", "下列哪一项是中国古代四大发明之一？"),
        (
            "Is it true that the man turned on the faucet in the kitchen?",
            "The man turned on the faucet in the kitchen.",
        ),
        ("下列哪一项是中国古代……四大发明之一", "下列哪一项是中国古代四大发明之一"),
    ],
)
def test_full_stops_and_question_marks_do_not_count_either(make_column: MakeColumn, prompt: str, question: str) -> None:
    index = ContaminationIndex([Question("test", "1", question)])
    assert list(search(make_column, prompt, index=index)) == [0]


@pytest.mark.parametrize(
    "prompt",
    [
        "下列哪一项是中国现代四大发明之一",
        "下列哪一项是中国古代四大发明",
        "The man turned off the faucet in the kitchen",
        "下列哪一项",
        "",
    ],
)
def test_a_prompt_that_only_resembles_a_question_is_clean(make_column: MakeColumn, prompt: str) -> None:
    assert search(make_column, prompt) == {}


def test_traditional_and_simplified_characters_are_the_same(make_column: MakeColumn) -> None:
    simplified, traditional = "下列哪个国家的领土面积最大", "下列哪個國家的領土面積最大"
    for prompt, question in ((simplified, traditional), (traditional, simplified)):
        index = ContaminationIndex([Question("cmmlu", "1", question)])
        assert list(search(make_column, f"请回答：{prompt}？謝謝", index=index)) == [0]


def test_a_question_across_two_prompts_is_in_neither(make_column: MakeColumn) -> None:
    assert search(make_column, LONG_ZH[:9], LONG_ZH[9:]) == {}


def test_the_evidence_names_benchmark_item_and_question(make_column: MakeColumn) -> None:
    assert search(make_column, f"请问{LONG_ZH}", SHORT_EN) == {
        0: f"cmmlu test/history.csv:3: {LONG_ZH}",
        1: f"triviaqa q.parquet:tc_1: {SHORT_EN}",
    }


def test_the_evidence_is_safe_to_print(make_column: MakeColumn) -> None:
    index = ContaminationIndex([Question("b", "1", f"{LONG_ZH}\n\u202e{LONG_EN * 5}")])
    (evidence,) = search(make_column, f"{LONG_ZH}\n\u202e{LONG_EN * 5}", index=index).values()
    assert "\n" not in evidence
    assert "\u202e" not in evidence
    assert evidence.endswith("…")


def test_of_two_questions_in_a_prompt_one_is_evidence(make_column: MakeColumn) -> None:
    assert list(search(make_column, f"{LONG_ZH}？{LONG_EN}")) == [0]


def test_two_questions_that_begin_alike_are_told_apart(make_column: MakeColumn) -> None:
    index = ContaminationIndex([Question("b", "1", LONG_ZH + "甲"), Question("b", "2", LONG_ZH + "乙")])
    assert search(make_column, LONG_ZH + "乙", LONG_ZH, index=index) == {0: f"b 2: {LONG_ZH}乙"}


@pytest.mark.parametrize("questions", [[], [Question("b", "1", "")], [Question("b", "1", "，")]])
def test_without_questions_no_prompt_is_contaminated(make_column: MakeColumn, questions: list[Question]) -> None:
    index = ContaminationIndex(questions)
    assert len(index) == len(questions)
    assert search(make_column, "你好", "", index=index) == search(make_column, index=index) == {}


PROMPTS = st.lists(st.sampled_from([LONG_ZH, SHORT_ZH, SHORT_EN, "你好", "", f"x{LONG_EN}y", "请问" + SHORT_ZH]))


@given(PROMPTS)
def test_a_prompt_is_judged_alone(make_column: MakeColumn, prompts: list[str]) -> None:
    alone = {place: hits[0] for place, prompt in enumerate(prompts) if (hits := search(make_column, prompt))}
    assert search(make_column, *prompts) == alone
