"""Rows of each layout, and what is said of those that do not fit."""

import re
from typing import Any

import pytest

from train.evaluation.benchmarks import BY_NAME

COPA = {"premise": "It rained.", "choice1": "A b.", "choice2": "C d.", "question": "cause", "label": 1, "idx": 0}
CMMLU = {"": "0", "Question": "问", "A": "甲", "B": "乙", "C": "丙", "D": "", "Answer": "A"}
HELLASWAG = {"activity_label": "X", "ctx_a": "a", "ctx_b": "b", "endings": ["1", "2", "3", "4"], "label": "3", "ind": 5}
TRIVIAQA = {"question": "Who", "question_id": "q", "answer": {"aliases": ["A", "B"], "value": "A"}}
CVALUES = {"meta_info": {"question": "q"}, "prompt": "问[回复1][回复2]", "label": "回复1", "response": ""}


def test_rows_keep_what_the_task_reads() -> None:
    assert BY_NAME["copa"].fit(COPA) == {name: COPA[name] for name in COPA if name != "idx"}
    assert BY_NAME["cmmlu"].fit(CMMLU) == {name: CMMLU[name] for name in CMMLU if name}
    assert BY_NAME["hellaswag"].fit(HELLASWAG) == {name: HELLASWAG[name] for name in HELLASWAG if name != "ind"}
    assert BY_NAME["triviaqa"].fit(TRIVIAQA) == {"question": "Who", "answer": {"aliases": ["A", "B"]}}
    assert BY_NAME["cvalues"].fit(CVALUES) == {"prompt": CVALUES["prompt"], "label": "回复1"}


def test_labels_may_be_numbers_or_digits() -> None:
    assert BY_NAME["hellaswag"].fit({**HELLASWAG, "label": 3})["label"] == "3"
    assert BY_NAME["copa"].fit({**COPA, "label": "1"})["label"] == 1


@pytest.mark.parametrize(
    ("name", "row", "said"),
    [
        ("copa", {**COPA, "label": -1}, "label is -1; expected 0 to 1 (a test split has no answers)"),
        ("copa", {**COPA, "label": True}, "label is True"),
        ("copa", {**COPA, "question": "why"}, "question is 'why'; expected cause or effect"),
        ("copa", {**COPA, "premise": " "}, "premise is empty"),
        ("copa", {"premise": "x"}, "no column choice1; found premise"),
        ("cmmlu", {**CMMLU, "Answer": "E"}, "Answer is 'E'; expected A or B or C or D"),
        ("cmmlu", {**CMMLU, "B": None}, "B is None; expected a text"),
        ("hellaswag", {**HELLASWAG, "endings": ["1", "2"]}, "expected four texts"),
        ("hellaswag", {**HELLASWAG, "label": ""}, "label is ''; expected 0 to 3"),
        ("triviaqa", {**TRIVIAQA, "answer": "A"}, "answer.aliases is None; expected a list of answers"),
        ("triviaqa", {**TRIVIAQA, "answer": {"aliases": []}}, "answer.aliases is []"),
        ("cvalues", {**CVALUES, "label": "A"}, "label is 'A'; expected 回复1 or 回复2"),
        ("cvalues", {"meta_info": {}, "label": "回复1"}, "no column prompt; found meta_info, label"),
    ],
)
def test_a_row_that_does_not_fit_is_described(name: str, row: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        BY_NAME[name].fit(row)


def test_a_long_value_is_cut_in_the_description() -> None:
    with pytest.raises(ValueError, match="…; expected") as raised:
        BY_NAME["cvalues"].fit({**CVALUES, "label": "x" * 500})
    assert len(str(raised.value)) < 120
