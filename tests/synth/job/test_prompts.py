"""The prompts of a run: every row of a file is a prompt or has a reason why it is none."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from sources.fetch.fetcher import SAMPLE, Mirror, file_sha256, sample
from sources.pairs.languages import TESTED, Lang
from sources.pairs.schema import DROPPED
from synth.job.prompts import Prompts, alpaca_prompts, read_prompts
from tests.synth.made import own, rows_of, user

Row = dict[str, Any]

Read = Callable[..., Prompts]

GOOD: Row = {"prompt": "你好吗？", "chosen": "我很好。"}

SYSTEM, ASSISTANT = {"role": "system", "content": "简短。"}, {"role": "assistant", "content": "好的。"}


def lost(prompts: Prompts) -> list[tuple[int, str, str]]:
    assert prompts.lost.schema == DROPPED
    return [(int(row["source_row"].rpartition(":")[2]), row["reason"], row["evidence"]) for row in rows(prompts.lost)]


def rows(table: pa.Table) -> list[Row]:
    found: list[Row] = table.to_pylist()
    return found


@pytest.fixture
def read_alpaca(tmp_path: Path) -> Callable[..., Prompts]:
    """Read the prompts of alpaca_gpt4."""

    def read(
        lang: Lang, mirror: Mirror | None = None, limit: int | None = None, *, writes_chosen: bool = False
    ) -> Prompts:
        spool = tmp_path / f"{limit}.arrow"
        return read_prompts(alpaca_prompts(lang, mirror or sample()), spool, limit=limit, writes_chosen=writes_chosen)

    return read


@pytest.mark.parametrize("lang", TESTED)
def test_the_prompts_of_alpaca_come_with_gpt4s_answers(lang: Lang, read_alpaca: Read) -> None:
    prompts = read_alpaca(lang)
    path = SAMPLE / f"hiyouga/LLaMA-Factory/data/alpaca_gpt4_data_{lang}.json"
    upstream = json.loads(path.read_text(encoding="utf-8"))
    assert len(prompts) + len(prompts.lost) == prompts.rows_read == len(upstream)
    for row in rows_of(prompts):
        given = upstream[row["row"]]
        (turn,) = row["prompt"]
        assert turn["role"] == "user"
        assert turn["content"].startswith(given["instruction"].strip()[:20])
        assert given["input"].strip() in turn["content"]
        assert row["chosen"] == [{"role": "assistant", "content": given["output"]}]
    assert prompts.sha256 == file_sha256(path)
    assert prompts.source.chosen_model == "gpt-4"
    assert (prompts.name, prompts.warnings) == (f"hiyouga/LLaMA-Factory/data/alpaca_gpt4_data_{lang}.json", [])


def test_a_mirror_with_other_bytes_than_the_pinned_ones_is_remarked(read_alpaca: Read, tmp_path: Path) -> None:
    shutil.copytree(SAMPLE, tmp_path / "mirror")
    prompts = read_alpaca("zh", Mirror(tmp_path / "mirror"))
    (warning,) = prompts.warnings
    assert "not the pinned bytes" in warning
    assert prompts.pinned[:12] in warning


def test_a_chosen_answer_that_is_written_anew_is_not_taken(read_alpaca: Read) -> None:
    prompts = read_alpaca("zh", writes_chosen=True)
    assert [row["chosen"] for row in rows_of(prompts)] == [None] * len(prompts) != []


@pytest.mark.parametrize("limit", [1, 7, 10_000])
def test_a_limit_takes_the_first_rows(limit: int, read_alpaca: Read) -> None:
    everything, some = read_alpaca("zh"), read_alpaca("zh", limit=limit)
    assert some.rows_read == min(limit, everything.rows_read)
    assert rows_of(some) == rows_of(everything)[: len(some)]
    assert some.sha256 == everything.sha256


TURNS: list[tuple[object, list[Row]]] = [
    ("你好吗？", user("你好吗？")),
    (user("你好吗？"), user("你好吗？")),
    ([SYSTEM, *user("你好吗？")], [SYSTEM, *user("你好吗？")]),
    ([*user("一"), ASSISTANT, *user("二")], [*user("一"), ASSISTANT, *user("二")]),
    ([SYSTEM, *user("一"), ASSISTANT, *user("二")], [SYSTEM, *user("一"), ASSISTANT, *user("二")]),
    ([{"role": "user", "content": "带名字", "name": "小明"}], user("带名字")),
    ("{content} {0} %s\\n\0", user("{content} {0} %s\\n\0")),
    ('{"role": "user"}', user('{"role": "user"}')),
    (" 空白 \r\n", user(" 空白 \r\n")),
]


@pytest.mark.parametrize(("given", "expected"), TURNS)
@pytest.mark.parametrize("column", ["prompt", "messages"])
def test_a_prompt_is_a_string_or_messages(given: object, expected: list[Row], column: str, tmp_path: Path) -> None:
    prompts = own(tmp_path, [{column: given, "chosen": "我很好。"}])
    assert list(prompts) == [expected]
    assert lost(prompts) == []


@pytest.mark.parametrize("given", ["我很好。", {"role": "assistant", "content": "我很好。"}, ASSISTANT])
def test_chosen_is_a_string_or_one_message(given: object, tmp_path: Path) -> None:
    content = given if isinstance(given, str) else given["content"]  # type: ignore[index]
    for spelled in (given, [given]) if isinstance(given, dict) else (given,):
        prompts = own(tmp_path, [{"prompt": "你好吗？", "chosen": spelled}])
        assert rows_of(prompts)[0]["chosen"] == [{"role": "assistant", "content": content}]


def test_chosen_may_be_there_in_some_rows_only(tmp_path: Path) -> None:
    mixed: list[Row] = [{"prompt": "一"}, {"prompt": "二", "chosen": "二答"}, {"prompt": "三", "chosen": None}]
    prompts = own(tmp_path, mixed)
    assert [row["row"] for row in rows_of(prompts)] == [1]
    why = "the row has no chosen answer; --chosen-model writes one"
    assert lost(prompts) == [(0, "no_chosen", why), (2, "no_chosen", why)]
    assert len(own(tmp_path, mixed, writes_chosen=True)) == 3


UNFIT: list[tuple[Row, str, str]] = [
    ({"prompt": 5}, "broken_turns", "prompt is int, expected a string or messages"),
    ({"prompt": None}, "broken_turns", "prompt is NoneType, expected a string or messages"),
    ({"prompt": True}, "broken_turns", "prompt is bool, expected a string or messages"),
    ({"prompt": {"role": "user", "content": "一"}}, "broken_turns", "prompt is dict, expected a string or messages"),
    ({"prompt": []}, "broken_turns", "prompt is list, expected a string or messages"),
    ({"prompt": ["一"]}, "broken_turns", "message 0: no content"),
    ({"prompt": [{"role": "user"}]}, "broken_turns", "message 0: no content"),
    ({"prompt": [{"role": "user", "content": ["一"]}]}, "broken_turns", "message 0: no content"),
    ({"prompt": [*user("一"), None]}, "broken_turns", "message 1: no content"),
    (
        {"prompt": [{"role": "tool\x1b[31m", "content": "一"}]},
        "broken_turns",
        "message 0: role tool\\x1b[31m, expected system, user, assistant",
    ),
    ({"prompt": [{"content": "一"}]}, "broken_turns", "message 0: role None, expected system, user, assistant"),
    ({"prompt": [ASSISTANT]}, "broken_turns", "the only message is the assistant's"),
    ({"prompt": [SYSTEM]}, "broken_turns", "the only message is the system's"),
    ({"prompt": [*user("一"), ASSISTANT]}, "broken_turns", "the last turn is not the user's"),
    ({"prompt": [*user("一"), *user("二")]}, "broken_turns", "turn 1 is user's, expected assistant's"),
    ({"prompt": [*user("一"), SYSTEM, *user("二")]}, "broken_turns", "turn 1 is system's, expected assistant's"),
    ({"prompt": [*user(" "), ASSISTANT, *user("二")]}, "broken_turns", "turn 0 is empty"),
    ({"prompt": ""}, "empty_prompt", "the prompt has nothing but white space"),
    ({"prompt": " \u3000\n"}, "empty_prompt", "the prompt has nothing but white space"),
    ({"prompt": user("")}, "empty_prompt", "the prompt has nothing but white space"),
    ({"chosen": ""}, "empty_chosen", "the chosen answer has nothing but white space"),
    ({"chosen": "\u3000\t"}, "empty_chosen", "the chosen answer has nothing but white space"),
    ({"chosen": 5}, "broken_turns", "chosen is int, expected a string or one message of the assistant"),
    ({"chosen": []}, "broken_turns", "chosen is list, expected a string or one message of the assistant"),
    ({"chosen": [ASSISTANT, ASSISTANT]}, "broken_turns", "chosen is list, expected a string or one message"),
    ({"chosen": user("一")}, "broken_turns", "chosen is list, expected a string or one message of the assistant"),
    ({"chosen": {"role": "assistant"}}, "broken_turns", "chosen is dict, expected a string or one message"),
]


@pytest.mark.parametrize(("changes", "reason", "evidence"), UNFIT)
def test_a_row_that_is_no_prompt_has_its_number_and_reason(
    changes: Row, reason: str, evidence: str, tmp_path: Path
) -> None:
    prompts = own(tmp_path, [GOOD, {**GOOD, **changes}, GOOD])
    ((number, found, why),) = lost(prompts)
    assert (number, found) == (1, reason)
    assert why.startswith(evidence)
    assert prompts.lost["stage"].to_pylist() == ["adapt"]
    assert [row["row"] for row in rows_of(prompts)] == [0, 2]
    assert prompts.rows_read == 3
