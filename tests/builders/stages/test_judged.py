"""Verdicts on pairs: dropped, tagged, turned round or left, each as it was asked for."""

from collections.abc import Callable
from typing import Any

import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.stages.judged import Disagrees, Judged, Verdict
from sources.pairs.assemble import ITEM
from sources.pairs.extras import EXTRAS, write_extras
from sources.pairs.schema import content_ids

ROWS = [("问一", "好", "差"), ("问二", "好", "差"), ("问三", "好", "差"), ("问四", "好", "差")]
LABELS = ["chosen", "rejected", "tie"]
"""Of the first three rows; the last has no verdict."""


@pytest.fixture
def pairs(make_pairs: Callable[..., pa.Table]) -> pa.Table:
    """Four pairs of a source with scores, models, rows of their own for each answer and tags of one side."""
    table = make_pairs(ROWS)
    values: dict[str, list[Any]] = {
        "score_chosen": [3.0] * 4,
        "score_rejected": [1.0] * 4,
        "chosen_model": ["strong"] * 4,
        "rejected_model": ["weak"] * 4,
        "source_row": [f"a/b.json:{row},{row + 10}" for row in range(4)],
        "tags": [["cut_by_length_rejected", "refusal_chosen", "html"]] * 4,
    }
    for name, column in values.items():
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(name), pa.array(column, table.schema.field(name).type))
    extras = [
        None,
        write_extras(None, [[], [{"role": "assistant", "content": "好", "reasoning": "想"}], []]),
        None,
        None,
    ]
    return table.append_column(EXTRAS, pa.array(extras, pa.string()))


def judged(
    pairs: pa.Table, disagrees: Disagrees, margins: tuple[float, float] = (1.0, 1.0), least: float = 0.0
) -> Judged:
    ids = pairs["id"].to_pylist()
    verdicts = dict(
        zip(ids, [Verdict("chosen", margins[0]), Verdict("rejected", margins[1]), Verdict("tie", 0.0)], strict=False)
    )
    return Judged("m", verdicts, disagrees, least)


def test_dropped_with_the_verdict_as_evidence(pairs: pa.Table) -> None:
    by = judged(pairs, "drop")
    assert by.flip(pairs) is pairs
    assert by.find(pairs) == (
        {1: ("judge_disagrees", "m: rejected, margin 1"), 2: ("judge_tie", "m: tie, margin 0")},
        {},
    )


def test_tagged_or_left_as_they_are(pairs: pa.Table) -> None:
    assert judged(pairs, "tag").find(pairs) == ({}, {1: "judge_disagrees", 2: "judge_tie"})
    assert judged(pairs, "off").find(pairs) == ({}, {})


@pytest.mark.parametrize("disagrees", ["drop", "tag", "flip", "off"])
def test_a_small_margin_drops_a_pair_the_judge_agrees_with(disagrees: Disagrees, pairs: pa.Table) -> None:
    by = judged(pairs, disagrees, margins=(0.5, 1.0), least=0.75)
    drops, _ = by.find(by.flip(pairs))
    assert drops[0] == ("margin", "m: chosen, margin 0.5")
    assert 3 not in drops


def test_a_pair_that_is_turned_round_changes_everything_that_has_a_side(pairs: pa.Table) -> None:
    by = judged(pairs, "flip")
    turned = by.flip(pairs)
    before, after = pairs.to_pylist()[1], turned.to_pylist()[1]
    assert turned.schema == pairs.schema
    assert (after["chosen"], after["rejected"]) == (before["rejected"], before["chosen"])
    assert (after["score_chosen"], after["score_rejected"]) == (1.0, 3.0)
    assert (after["chosen_model"], after["rejected_model"]) == ("weak", "strong")
    assert after["source_row"] == "a/b.json:11,1"
    assert after["tags"] == ["cut_by_length_chosen", "refusal_rejected", "html", "judge_flipped"]
    assert orjson.loads(after[EXTRAS.name])["messages"]["rejected"][0]["reasoning"] == "想"
    sides = [turned[name].combine_chunks() for name in ("prompt", "chosen", "rejected")]
    assert after["id"] == content_ids(*sides, turned[EXTRAS.name].combine_chunks()).to_pylist()[1] != before["id"]
    others = [0, 2, 3]
    assert turned.take(others).equals(pairs.take(others))
    assert by.find(turned) == ({2: ("judge_tie", "m: tie, margin 0")}, {})


def test_what_would_be_turned_round_for_a_small_margin_is_dropped(pairs: pa.Table) -> None:
    by = judged(pairs, "flip", margins=(1.0, 0.5), least=0.75)
    assert by.flip(pairs) is pairs
    assert by.find(pairs)[0][1] == ("margin", "m: rejected, margin 0.5")


@given(st.lists(st.sampled_from(LABELS), min_size=4, max_size=4), st.sampled_from(["drop", "tag", "flip", "off"]))
def test_a_pair_has_one_fate_at_most(labels: list[str], disagrees: Disagrees) -> None:
    ids = pa.array([f"{row:032x}" for row in range(4)])
    verdicts = {pair: Verdict(label, 1.0) for pair, label in zip(ids.to_pylist(), labels, strict=True)}
    drops, tags = Judged("m", verdicts, disagrees).find(pa.table({"id": ids, ITEM.name: ids}))
    assert not set(drops) & set(tags)
    assert not (disagrees == "off" and (drops or tags))
    if disagrees == "drop":
        assert {*drops} == {row for row, label in enumerate(labels) if label != "chosen"}
