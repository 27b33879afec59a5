"""Cells with messages or lists as text are opened, an answer that is JSON stays text; columns by their plain names."""

import json
from typing import Any

import pytest

from sources.layouts.find import find_layout, row_reader
from sources.layouts.layout import Draft
from sources.layouts.nearest import suggest
from sources.layouts.opened import opened, plainly_named
from tests.sources.layouts.rows import EN, ZH, Row, said, shared

PAIR = {"prompt": "一", "chosen": "好", "rejected": "坏"}


def draft(row: Row) -> Draft:
    (found,) = row_reader("trl", is_named=False)(row).drafts
    assert isinstance(found, Draft)
    return found


def written(value: Any, how: str) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) if how == "json" else repr(value)


@pytest.mark.parametrize("how", ["json", "python"])
@pytest.mark.parametrize(("prompt", "chosen", "rejected"), [ZH, EN])
def test_messages_as_text_are_messages(prompt: str, chosen: str, rejected: str, how: str) -> None:
    row = {
        "conversations": written([shared("human", prompt)], how),
        "chosen": written(shared("gpt", chosen), how),
        "rejected": written([shared("gpt", rejected)], how),
        "history": written([["你好", "你好，请讲。"]], how),
    }
    found = draft(row)
    assert [turn["content"] for turn in found.prompt] == ["你好", "你好，请讲。", prompt]
    assert (found.chosen[0]["content"], found.rejected[0]["content"]) == (chosen, rejected)


@pytest.mark.parametrize("how", ["json", "python"])
def test_lists_of_answers_as_text_are_lists(how: str) -> None:
    completions = [{"response": "坏", "score": 1}, {"response": "好", "score": 2}]
    assert draft({"prompt": "一", "completions": written(completions, how)}).score_chosen == 2.0
    lists = {"responses": written(["坏", "好"], how), "scores": written([1, 2], how)}
    assert draft({"prompt": "一", **lists}).chosen[0]["content"] == "好"


@pytest.mark.parametrize(
    "answer",
    [
        '{"role": "admin", "content": "x"}',
        '{"role": "assistant", "content": "x", "n": 1}',
        '{"value": 3}',
        '{"name": "小明"}',
        '[{"name": "Tom"}]',
        "[1, 2]",
        "[好]",
        "{你好}",
        '{"role": "assistant", ',
        " [",
    ],
)
def test_an_answer_that_looks_like_data_stays_text(answer: str) -> None:
    row = {**PAIR, "chosen": answer}
    assert opened(row) is row
    assert draft(row).chosen == [said("assistant", answer)]


def test_columns_may_have_large_letters_and_spaces() -> None:
    row = {"Prompt": "一", "Chosen Response": "好", "Rejected-Response": "坏", "System": "你是猫。", "ID": 7}
    assert find_layout([row], "a.csv").name == "named-sides"
    found = row_reader("named-sides", is_named=False)(row)
    (pair,) = found.drafts
    assert [turn["content"] for turn in pair.prompt] == ["你是猫。", "一"]
    assert found.unused == ["id"]


def test_columns_that_would_be_one_keep_their_names() -> None:
    row = {"Prompt": "一", "prompt ": "二"}
    assert plainly_named(row) is row


def test_scores_of_both_sides_in_one_column() -> None:
    found = draft({**PAIR, "scores": {"chosen": "4", "rejected": 1}})
    assert (found.score_chosen, found.score_rejected) == (4.0, 1.0)
    read = row_reader("trl", is_named=False)
    for other in ([4, 1], {"chosen": 4}, {"a": 4, "b": 1}):
        assert read({**PAIR, "ratings": other}).unused == ["ratings"]


def test_columns_with_chinese_names_are_suggested() -> None:
    row = {"编号": 1, "问题": "一", "好的回答": "好", "差的回答": "坏"}
    assert suggest(row) == "keys(prompt=问题,chosen=好的回答,rejected=差的回答)"
