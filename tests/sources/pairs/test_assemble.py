"""From an adapter's drafts to finished rows, and the account of every upstream row."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from sources import alpaca_gpt4, huozi
from sources.command.errors import AccountingError
from sources.pairs.assemble import ITEM, assemble, check_every_row, lost_rows
from sources.pairs.extras import EXTRAS
from sources.pairs.schema import DROPPED, PAIRS, content_ids, one_turn
from sources.pairs.source import Adapted, skipped


def drafts(numbers: list[int], **columns: Any) -> pa.Table:
    count = len(numbers)
    sides = {
        "prompt": one_turn("user", pa.array([f"q{n}" for n in numbers], pa.string())),
        "chosen": one_turn("assistant", pa.array(["good"] * count, pa.string())),
        "rejected": one_turn("assistant", pa.array(["bad"] * count, pa.string())),
    }
    return pa.table({**sides, "row": pa.array(numbers, pa.int64()), **columns})


def upstream(count: int) -> pa.Table:
    return pa.table({"row": pa.array(np.arange(count))})


def test_what_the_adapter_does_not_say_comes_from_the_source() -> None:
    (row,) = assemble(Adapted(drafts([3]), skipped([])), huozi.SOURCE, "a/b/c.csv").to_pylist()
    assert row["lang"] == "zh"
    assert row["source"] == "huozi"
    assert row["license"] == "Apache-2.0"
    assert row["signal"] == "human"
    assert row["source_row"] == "a/b/c.csv:3"
    assert row["tags"] == []
    unsaid = ("prompt_group", "score_chosen", "score_rejected", "chosen_model", "rejected_model", "item")
    assert [row[name] for name in unsaid] == [None] * len(unsaid)


def test_the_model_that_the_source_knows_stands_in_every_pair() -> None:
    (row,) = assemble(Adapted(drafts([0]), skipped([])), alpaca_gpt4.ZH, "f").to_pylist()
    assert (row["chosen_model"], row["rejected_model"]) == ("gpt-4", None)


def test_what_the_adapter_says_stays() -> None:
    given = drafts(
        [1, 2],
        score_chosen=pa.array([2, 3]),
        tags=pa.array([["a"], ["b", "c"]]),
        item=pa.array(["x:1", "x:2"]),
        rejected_model=pa.array(["m", "m"]),
        license=pa.array(["MIT", "MIT"]),
        source_row=pa.array(["there:7", "there:8"]),
    )
    rows = assemble(Adapted(given, skipped([])), huozi.SOURCE, "f").to_pylist()
    assert [row["score_chosen"] for row in rows] == [2.0, 3.0]
    assert [row["tags"] for row in rows] == [["a"], ["b", "c"]]
    assert [row["item"] for row in rows] == ["x:1", "x:2"]
    assert [row["source_row"] for row in rows] == ["there:7", "there:8"]
    assert {(row["rejected_model"], row["license"]) for row in rows} == {("m", "MIT")}


def test_a_pair_of_two_rows_names_both() -> None:
    given = drafts([4], row_rejected=pa.array([9]))
    (row,) = assemble(Adapted(given, skipped([])), huozi.SOURCE, "f.jsonl").to_pylist()
    assert row["source_row"] == "f.jsonl:4,9"


def test_the_schema_is_pairs_with_the_item_and_the_id_is_that_of_the_content() -> None:
    given = drafts([1, 2])
    table = assemble(Adapted(given, skipped([])), huozi.SOURCE, "f")
    assert table.schema == pa.schema([*PAIRS, EXTRAS, ITEM])
    sides = [given[side].combine_chunks() for side in ("prompt", "chosen", "rejected")]
    assert table["id"].to_pylist() == content_ids(*sides).to_pylist()


def test_no_pairs_give_an_empty_table_of_the_same_schema() -> None:
    table = assemble(Adapted(drafts([]), skipped([])), huozi.SOURCE, "f")
    assert len(table) == 0
    assert table.schema == pa.schema([*PAIRS, EXTRAS, ITEM])


def test_a_lost_row_has_its_place_and_reason_and_no_turns() -> None:
    table = lost_rows(skipped([(5, "vote_tie", "2 votes")]), huozi.SOURCE, "f.csv", "read")
    assert table.schema == DROPPED
    (row,) = table.to_pylist()
    said = {key: value for key, value in row.items() if value is not None}
    assert said == {
        "lang": "zh",
        "source": "huozi",
        "source_row": "f.csv:5",
        "license": "Apache-2.0",
        "signal": "human",
        "stage": "read",
        "reason": "vote_tie",
        "evidence": "2 votes",
    }


def test_no_lost_rows_give_an_empty_table() -> None:
    assert len(lost_rows(skipped([]), huozi.SOURCE, "f", "read")) == 0


def test_every_row_is_used_or_skipped() -> None:
    adapted = Adapted(drafts([0, 0, 2]), skipped([(1, "a", "b")]))
    assert check_every_row(upstream(3), adapted, "f") == 2


def test_the_rejected_row_of_a_pair_is_used_too() -> None:
    adapted = Adapted(drafts([0], row_rejected=pa.array([1])), skipped([]))
    assert check_every_row(upstream(2), adapted, "f") == 2


@pytest.mark.parametrize(
    ("used", "lost"),
    [([0, 1], []), ([0, 1, 2, 3], []), ([0, 1, 2], [2]), ([0, 1], [2, 2])],
    ids=["lost", "invented", "used and skipped", "skipped twice"],
)
def test_an_adapter_that_miscounts_is_found_out(used: list[int], lost: list[int]) -> None:
    adapted = Adapted(drafts(used), skipped([(row, "a", "b") for row in lost]))
    with pytest.raises(AccountingError, match=r"f\.json: 3 rows became"):
        check_every_row(upstream(3), adapted, "f.json")
