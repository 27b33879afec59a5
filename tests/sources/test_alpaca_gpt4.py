"""alpaca_gpt4: prompts and chosen answers, no pairs yet."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from sources.alpaca_gpt4 import EN, ZH
from sources.files.read import read_rows
from sources.files.rows import Limits
from sources.pairs.assemble import check_every_row
from sources.pairs.source import Source

Adapt = Callable[..., Any]

ROW = {"instruction": "把句子改成疑问句。", "input": "今天下雨。", "output": "今天下雨吗？"}


def test_a_row_is_a_prompt_and_a_chosen_answer_without_a_rejected_one(adapt: Adapt) -> None:
    result = adapt(ZH, [ROW])
    assert result.pairs == [
        {
            "prompt": [{"role": "user", "content": "把句子改成疑问句。\n今天下雨。"}],
            "chosen": [{"role": "assistant", "content": "今天下雨吗？"}],
            "row": 0,
        }
    ]
    assert result.lost == []


@pytest.mark.parametrize("nothing", ["", "  ", "\n"], ids=repr)
def test_an_empty_input_adds_no_line(adapt: Adapt, nothing: str) -> None:
    assert adapt(EN, [{**ROW, "input": nothing}]).texts == [("把句子改成疑问句。", "今天下雨吗？")]


def test_an_answer_that_is_cut_off_is_kept_as_it_is(adapt: Adapt) -> None:
    assert adapt(ZH, [{**ROW, "output": "首先，"}]).texts[0][1] == "首先，"


def test_a_row_that_is_null_somewhere_is_bad(adapt: Adapt) -> None:
    result = adapt(ZH, [ROW, {**ROW, "output": None}])
    assert [(number, reason) for number, reason, _ in result.bad] == [(1, "null_value")]


def test_the_source_makes_prompts_and_says_who_answered() -> None:
    for source in (ZH, EN):
        assert (source.makes, source.chosen_model, source.signal) == ("prompts", "gpt-4", "synthetic")
        (file,) = source.files(source.options())
        assert file.path == f"data/alpaca_gpt4_data_{source.lang}.json"
        assert file.sha256


@pytest.mark.parametrize("source", [ZH, EN], ids=lambda source: source.name)
def test_the_real_prompts_are_read(shared: Path, source: Source) -> None:
    (file,) = source.files(source.options())
    batches = list(read_rows(shared / "upstream" / file.mirror_path, file.path, source.layouts, Limits()))
    rows = pa.concat_tables([batch.rows for batch in batches])
    adapted = source.adapt(rows, source.options())
    assert check_every_row(rows, adapted, file.path) == 500
    prompts = [prompt[0]["content"] for prompt in adapted.pairs["prompt"].to_pylist()]
    with_input = [text != "" for text in rows["input"].to_pylist()]
    instructions = rows["instruction"].to_pylist()
    assert any(with_input)
    for prompt, instruction, more in zip(prompts, instructions, with_input, strict=True):
        assert prompt.startswith(instruction)
        assert (prompt != instruction) == more
