"""comparison_gpt4: two layouts, and the same item on the same row of both languages."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from sources.comparison_gpt4 import EN, NEW_LAYOUT, OLD_LAYOUT, ZH
from sources.files.read import read_rows
from sources.files.rows import Limits
from sources.pairs.assemble import assemble, check_every_row
from sources.pairs.source import Source

Adapt = Callable[..., Any]

NEW = {"instruction": "说出一个质数。", "input": "", "chosen": "7 是质数。", "rejected": "8"}
OLD = {"instruction": "Name a prime.", "input": "", "output": ["7 is a prime number.", "8"]}


def test_the_new_layout_has_a_column_a_side(adapt: Adapt) -> None:
    result = adapt(ZH, [NEW, {**NEW, "chosen": "11"}])
    assert result.texts == [("说出一个质数。", "7 是质数。", "8"), ("说出一个质数。", "11", "8")]
    assert result.lost == []


def test_the_old_layout_has_the_better_answer_first(adapt: Adapt) -> None:
    result = adapt(EN, [OLD, {**OLD, "output": ["11", "9"]}])
    assert result.texts == [("Name a prime.", "7 is a prime number.", "8"), ("Name a prime.", "11", "9")]


def test_both_layouts_of_one_row_are_the_same_pair(adapt: Adapt) -> None:
    new = {"instruction": "a", "input": "b", "chosen": "c", "rejected": "d"}
    old = {"instruction": "a", "input": "b", "output": ["c", "d"]}
    assert adapt(EN, [new]).built == adapt(EN, [old]).built


@pytest.mark.parametrize("output", [[], ["only"], ["a", "b", "c"]], ids=len)
def test_an_output_of_another_number_of_answers_is_skipped_with_its_reason(adapt: Adapt, output: list[str]) -> None:
    result = adapt(EN, [{**OLD, "output": output}, OLD, {**OLD, "output": ["x", "y"]}])
    assert result.lost == [(0, "not_two_answers", f"output has {len(output)}")]
    assert [texts[1:] for texts in result.texts] == [("7 is a prime number.", "8"), ("x", "y")]
    assert [pair["row"] for pair in result.pairs] == [1, 2]


def test_a_file_of_which_no_row_has_two_answers_gives_no_pair(adapt: Adapt) -> None:
    result = adapt(EN, [{**OLD, "output": ["a"]}, {**OLD, "output": []}])
    assert result.pairs == []
    assert result.reasons == [(0, "not_two_answers"), (1, "not_two_answers")]


@pytest.mark.parametrize("output", [["a", None], [None, "b"]], ids=repr)
def test_an_answer_that_is_null_costs_only_its_row(adapt: Adapt, output: list[str | None]) -> None:
    result = adapt(EN, [OLD, {**OLD, "output": output}])
    assert [pair["row"] for pair in result.pairs] == [0]
    assert [(number, reason) for number, reason, _ in result.bad] == [(1, "null_value")]


def test_an_output_that_is_a_string_of_two_characters_is_no_pair(adapt: Adapt) -> None:
    result = adapt(EN, [OLD, {**OLD, "output": "no"}])
    assert [pair["row"] for pair in result.pairs] == [0]


def test_the_input_stands_below_the_instruction_where_there_is_one(adapt: Adapt) -> None:
    rows = [{**OLD, "input": "below 10"}, OLD, {**OLD, "input": " \n"}, {**OLD, "input": " 7 "}]
    assert [texts[0] for texts in adapt(EN, rows).texts] == [
        "Name a prime.\nbelow 10",
        "Name a prime.",
        "Name a prime.",
        "Name a prime.\n 7 ",
    ]


def test_the_same_row_of_both_languages_is_one_item(adapt: Adapt) -> None:
    zh = adapt(ZH, [NEW, {**NEW, "instruction": "二"}])
    en = adapt(EN, [OLD, {**OLD, "instruction": "two"}])
    items = ["comparison_gpt4:0", "comparison_gpt4:1"]
    assert [pair["item"] for pair in zh.built] == [pair["item"] for pair in en.built] == items


def test_equal_sides_and_lost_first_characters_are_kept_as_they_are(adapt: Adapt) -> None:
    result = adapt(EN, [{**OLD, "output": ["ophie sat at her desk.", "ophie sat at her desk."]}])
    assert result.texts[0][1:] == ("ophie sat at her desk.", "ophie sat at her desk.")


@pytest.mark.parametrize("source", [ZH, EN], ids=lambda source: source.name)
def test_the_file_is_that_of_the_language_with_its_hash(source: Source) -> None:
    (file,) = source.files(source.options())
    assert file.path == f"data/comparison_gpt4_data_{source.lang}.json"
    assert file.sha256
    assert file.size


@pytest.mark.parametrize(
    ("source", "layout", "count"), [(ZH, NEW_LAYOUT, 1200), (EN, OLD_LAYOUT, 600)], ids=["zh", "en"]
)
def test_the_real_rows_become_pairs(shared: Path, source: Source, layout: pa.Schema, count: int) -> None:
    (file,) = source.files(source.options())
    batches = list(read_rows(shared / "upstream" / file.mirror_path, file.path, source.layouts, Limits()))
    rows = pa.concat_tables([batch.rows for batch in batches])
    assert rows.column_names == [*layout.names, "row"]
    assert len(rows) == count
    adapted = source.adapt(rows, source.options())
    assert check_every_row(rows, adapted, file.path) == count
    pairs = assemble(adapted, source, file.path)
    assert len(set(pairs["item"].to_pylist())) == count
    assert all(side[0]["content"] for side in pairs["prompt"].to_pylist())
