"""Pairs that are none: empty, identical, too long, with broken turns."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from sources.checks import CHECKS, CheckLimits
from sources.checks.structure import broken_turns, empty_side, identical_sides, over_length
from sources.pairs.schema import turns
from sources.text.texts import PairTexts

MakeTexts = Callable[..., PairTexts]
MakePairs = Callable[..., pa.Table]
LIMITS = CheckLimits()

GOOD_ZH = ("你好，请问今天天气怎么样？", "今天是晴天。", "我不知道。")
GOOD_EN = ("How are you today?", "I am fine, thank you.", "No.")


@pytest.mark.parametrize("code", ["empty_side", "broken_turns", "identical_sides", "over_length"])
def test_a_sound_pair_passes(make_texts: MakeTexts, code: str) -> None:
    assert CHECKS[code](make_texts(GOOD_ZH, GOOD_EN, lang=["zh", "en"]), LIMITS) == {}


@pytest.mark.parametrize("code", CHECKS)
def test_a_batch_of_no_pair_passes(make_texts: MakeTexts, code: str) -> None:
    assert CHECKS[code](make_texts(), LIMITS) == {}


@pytest.mark.parametrize("nothing", ["", " ", "\n\n", "\u3000", "\u200b\ufeff", "\t\x00"])
def test_a_side_of_white_space_is_empty(make_texts: MakeTexts, nothing: str) -> None:
    hits = empty_side(make_texts(GOOD_ZH, ("问", nothing, "答"), ("问", nothing, nothing)), LIMITS)
    assert hits == {1: "chosen empty", 2: "chosen and rejected empty"}


def test_an_answer_of_one_mark_is_not_empty(make_texts: MakeTexts) -> None:
    assert empty_side(make_texts(("?", "。", "A")), LIMITS) == {}


@pytest.mark.parametrize(
    ("chosen", "rejected"), [("好的", "好的"), ("好 的", "好的\n"), ("ＯＫ", "OK"), ("e\u0301", "é"), ("Yes.", "Yes. ")]
)
def test_sides_that_differ_in_width_or_space_are_identical(make_texts: MakeTexts, chosen: str, rejected: str) -> None:
    assert set(identical_sides(make_texts(GOOD_ZH, ("问", chosen, rejected)), LIMITS)) == {1}


@pytest.mark.parametrize(("chosen", "rejected"), [("好的", "好的。"), ("Yes", "yes"), ("", ""), ("1", "2")])
def test_sides_that_differ_in_more_are_not_identical(make_texts: MakeTexts, chosen: str, rejected: str) -> None:
    assert identical_sides(make_texts(("问", chosen, rejected)), LIMITS) == {}


def test_over_length_counts_chinese_in_characters(make_texts: MakeTexts) -> None:
    limits = CheckLimits(max_prompt_chars=5, max_answer_chars=7)
    texts = make_texts(("一二三四五", "一二三四五六七", "一"), ("一二三四五六", "一", "一"), ("一", "一", "一" * 8))
    assert over_length(texts, limits) == {
        1: "prompt has 6 characters, at most 5",
        2: "rejected has 8 characters, at most 7",
    }


def test_over_length_counts_characters_beyond_the_basic_plane_once(make_texts: MakeTexts) -> None:
    assert over_length(make_texts(("问", "😀" * 7, "𠀀" * 7)), CheckLimits(max_answer_chars=7)) == {}


def test_over_length_counts_characters_as_they_are_written(make_texts: MakeTexts) -> None:
    assert over_length(make_texts(("问", "我想……好吧", "①②③")), CheckLimits(max_answer_chars=7)) == {}


SYSTEM, USER, ASSISTANT = ("system", "你是助手"), ("user", "你好"), ("assistant", "您好")


@pytest.mark.parametrize("prompt", [[USER], [SYSTEM, USER], [USER, ASSISTANT, USER], [SYSTEM, USER, ASSISTANT, USER]])
def test_prompts_in_turn_are_whole(make_texts: MakeTexts, prompt: list[tuple[str, str]]) -> None:
    assert broken_turns(make_texts((prompt, "好", "坏"), GOOD_ZH), LIMITS) == {}


@pytest.mark.parametrize(
    ("prompt", "evidence"),
    [
        ([ASSISTANT], "the prompt's only turn is assistant's"),
        ([SYSTEM], "the prompt's only turn is system's"),
        ([], "the last turn is not the user's"),
        ([USER, ASSISTANT], "the last turn is not the user's"),
        ([USER, USER, USER], "turn 1 is user's, expected assistant's"),
        ([ASSISTANT, USER], "turn 0 is assistant's, expected user's"),
        ([USER, SYSTEM, USER], "turn 1 is system's, expected assistant's"),
        ([USER, ("assistant", " \n"), USER], "turn 1 is empty"),
    ],
)
def test_prompts_out_of_turn_are_broken(make_texts: MakeTexts, prompt: list[tuple[str, str]], evidence: str) -> None:
    assert broken_turns(make_texts(GOOD_ZH, (prompt, "好", "坏"), GOOD_ZH), LIMITS) == {1: evidence}


def with_answers(table: pa.Table, chosen: list[list[tuple[str, str]]]) -> PairTexts:
    return PairTexts(table.set_column(table.schema.get_field_index("chosen"), "chosen", turns(chosen)))


def test_an_answer_of_two_turns_is_broken(make_pairs: MakePairs) -> None:
    texts = with_answers(make_pairs([GOOD_ZH] * 2), [[ASSISTANT], [ASSISTANT, ASSISTANT]])
    assert broken_turns(texts, LIMITS) == {1: "chosen is not one turn of the assistant"}


def test_an_answer_said_by_the_user_is_broken(make_pairs: MakePairs) -> None:
    texts = with_answers(make_pairs([GOOD_ZH] * 2), [[USER], [ASSISTANT]])
    assert broken_turns(texts, LIMITS) == {0: "chosen is not one turn of the assistant"}


def test_an_answer_is_broken_whatever_stands_beside_it(make_pairs: MakePairs) -> None:
    texts = with_answers(make_pairs([GOOD_ZH] * 3), [[USER], [ASSISTANT], [ASSISTANT, ASSISTANT]])
    assert set(broken_turns(texts, LIMITS)) == {0, 2}


def test_every_check_names_rows_of_the_batch_and_gives_evidence(make_texts: MakeTexts) -> None:
    texts = make_texts(GOOD_ZH, ("问", "", "\ufffd"), ("问" * 9, "问" * 9, "抱歉，我无法回答。"))
    for check in CHECKS.values():
        for row, evidence in check(texts, CheckLimits(max_prompt_chars=5)).items():
            assert row in range(len(texts))
            assert evidence
    assert np.flatnonzero(texts.solid.lengths == 0).tolist() == [4]
