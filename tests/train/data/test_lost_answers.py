"""What a chat template leaves out of the answers is told, and what it writes is not."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from train.data.fit import fit
from train.data.lost_answers import tell_lost_answers
from train.data.tokenize_pairs import tokenize_pairs

Pairs = Callable[..., pa.Table]
ANSWER_ONLY = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content.split('</think>')[-1].strip() }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""A template that leaves reasoning out, as several models have."""

THOUGHT = "<think>\n天空散射蓝光。\n</think>\n\n因为散射。"
ROWS = [
    ("为什么天是蓝的？", THOUGHT, "因为海。"),
    ("Why?", "Because of\nscattering. ", " Because the sea is."),
    ("一加一？", THOUGHT, "<think>海。</think>因为散射。"),
    ("二加二？", "四", "五"),
]


@pytest.fixture
def answer_only(chatml: Any) -> Any:
    chatml.chat_template = ANSWER_ONLY
    return chatml


def test_the_share_and_an_example_are_told(answer_only: Any, make_pairs: Pairs) -> None:
    pairs = make_pairs(ROWS)
    tokens = tokenize_pairs(pairs, answer_only, cache=None)
    assert tokens["answer_lost"].to_pylist() == [True, False, True, False]
    (told,) = tell_lost_answers(pairs, tokens, answer_only)
    assert "2 of 4 pairs (50%)" in told
    assert f"first of {pairs['id'][0]}: <think>" in told
    assert "天空散射蓝光" in told
    assert "因为散射" not in told


def test_answers_that_differ_in_what_is_left_out_have_a_reason_of_their_own(
    answer_only: Any, make_pairs: Pairs
) -> None:
    fitted = fit(tokenize_pairs(make_pairs(ROWS), answer_only, cache=None), 512, "drop")
    assert fitted.left_out.select(["source_row", "reason"]).to_pylist() == [
        {"source_row": "file:2", "reason": "equal_after_template"}
    ]
    assert fitted.total.answers_lost == 2


def test_a_template_that_writes_everything_is_no_remark(chatml: Any, make_pairs: Pairs) -> None:
    pairs = make_pairs([*ROWS, ("问", "  前后有空白 \n", "\t换行\n")])
    assert tell_lost_answers(pairs, tokenize_pairs(pairs, chatml, cache=None), chatml) == []


def test_what_is_told_is_safe_to_print(answer_only: Any, make_pairs: Pairs) -> None:
    pairs = make_pairs([("问", "\x1b[31m红\x07" + "很长" * 100 + "</think>好", "坏")])
    (told,) = tell_lost_answers(pairs, tokenize_pairs(pairs, answer_only, cache=None), answer_only)
    assert "\x1b" not in told
    assert len(told) < 400
