"""oaast_rm_zh: a ranking of answers below a conversation."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from sources.files.read import read_rows
from sources.files.rows import Limits
from sources.oaast_rm_zh import SOURCE, Options, Pairing
from sources.pairs.assemble import assemble, check_every_row

Adapt = Callable[..., Any]


def row(*answers: str | None, history: list[Any] | None = None, **changes: Any) -> dict[str, Any]:
    return {"instruction": "再短一点", "input": "", "output": list(answers), "history": history or [], **changes}


@pytest.mark.parametrize(
    ("options", "sides"),
    [
        ({}, ["ab"]),
        ({"pairing": "first-second"}, ["ab"]),
        ({"pairing": "best-others"}, ["ab", "ac", "ad"]),
        ({"pairing": "all"}, ["ab", "ac", "ad", "bc", "bd", "cd"]),
    ],
    ids=str,
)
def test_a_ranking_gives_the_pairs_that_the_option_says(
    adapt: Adapt, options: dict[str, str], sides: list[str]
) -> None:
    result = adapt(SOURCE, [row("a", "b", "c", "d")], **options)
    assert [chosen + rejected for _, chosen, rejected in result.texts] == sides
    assert {pair["row"] for pair in result.pairs} == {0}


@pytest.mark.parametrize("pairing", ["first-second", "best-others", "all"])
def test_two_answers_give_one_pair_whatever_the_option(adapt: Adapt, pairing: Pairing) -> None:
    assert len(adapt(SOURCE, [row("a", "b")], pairing=pairing).pairs) == 1


def test_the_scores_are_the_places_from_the_end_of_the_ranking(adapt: Adapt) -> None:
    result = adapt(SOURCE, [row("a", "b", "c")], pairing="all")
    assert [(pair["score_chosen"], pair["score_rejected"]) for pair in result.pairs] == [(2, 1), (2, 0), (1, 0)]


def test_the_history_is_kept_as_turns_before_the_instruction(adapt: Adapt) -> None:
    (pair,) = adapt(SOURCE, [row("a", "b", history=[["写诗", "春眠"], ["改", "不觉晓"]])]).pairs
    assert [(message["role"], message["content"]) for message in pair["prompt"]] == [
        ("user", "写诗"),
        ("assistant", "春眠"),
        ("user", "改"),
        ("assistant", "不觉晓"),
        ("user", "再短一点"),
    ]
    assert pair["chosen"] == [{"role": "assistant", "content": "a"}]


def test_the_same_instruction_below_another_history_is_another_pair(adapt: Adapt) -> None:
    result = adapt(SOURCE, [row("a", "b"), row("a", "b", history=[["x", "y"]]), row("a", "b")])
    first, second, third = (pair["id"] for pair in result.built)
    assert first == third != second


def test_an_input_would_stand_below_the_instruction(adapt: Adapt) -> None:
    assert adapt(SOURCE, [row("a", "b", input="诗")]).texts[0][0] == "再短一点\n诗"


@pytest.mark.parametrize("answers", [[], ["only"]], ids=len)
def test_fewer_than_two_answers_are_skipped_with_their_reason(adapt: Adapt, answers: list[str]) -> None:
    result = adapt(SOURCE, [row("a", "b"), row(*answers)])
    assert result.lost == [(1, "fewer_than_two_answers", f"output has {len(answers)}")]


@pytest.mark.parametrize("exchange", [[], ["x"], ["x", "y", "z"]], ids=repr)
def test_an_exchange_that_is_no_pair_of_turns_is_skipped_with_its_reason(adapt: Adapt, exchange: Any) -> None:
    result = adapt(SOURCE, [row("a", "b", history=[["x", "y"], exchange]), row("a", "b")])
    assert result.reasons == [(0, "broken_history")]
    assert "is not [user, assistant]" in result.lost[0][2]
    assert len(result.pairs) == 1


def test_a_file_of_which_no_row_can_be_used_gives_no_pair(adapt: Adapt) -> None:
    result = adapt(SOURCE, [row("a"), row()], pairing="all")
    assert result.pairs == []
    assert len(result.lost) == 2


@pytest.mark.parametrize(
    "broken",
    [row("a", None), row(None, "b"), row("a", "b", history=[[None, "y"]]), row("a", "b", history=[None])],
    ids=["worse", "better", "history", "exchange"],
)
def test_a_text_that_is_null_costs_only_its_row(adapt: Adapt, broken: dict[str, Any]) -> None:
    result = adapt(SOURCE, [row("a", "b"), broken])
    assert [pair["row"] for pair in result.pairs] == [0]
    assert [(number, reason) for number, reason, _ in result.bad] == [(1, "null_value")]


@pytest.mark.parametrize(("pairing", "count"), [("first-second", 775), ("best-others", 1218), ("all", 1809)])
def test_the_real_file_gives_the_known_number_of_pairs(shared: Path, pairing: Pairing, count: int) -> None:
    options = Options(pairing=pairing)
    (file,) = SOURCE.files(options)
    batches = list(read_rows(shared / "upstream" / file.mirror_path, file.path, SOURCE.layouts, Limits()))
    rows = pa.concat_tables([batch.rows for batch in batches])
    adapted = SOURCE.adapt(rows, options)
    assert check_every_row(rows, adapted, file.path) == 775
    assert len(assemble(adapted, SOURCE, file.path)) == count


def test_22_of_the_real_rows_repeat_the_prompt_of_another(shared: Path) -> None:
    (file,) = SOURCE.files(Options())
    batches = list(read_rows(shared / "upstream" / file.mirror_path, file.path, SOURCE.layouts, Limits()))
    rows = pa.concat_tables([batch.rows for batch in batches])
    prompts = Counter(map(str, SOURCE.adapt(rows, Options()).pairs["prompt"].to_pylist()))
    assert sum(count - 1 for count in prompts.values()) == 22
