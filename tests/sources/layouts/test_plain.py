"""Rows of three strings read as columns are what they are row by row."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.layouts.adapt_rows import adapt_cells
from sources.layouts.find import row_reader
from sources.layouts.own_data import adapt
from sources.layouts.plain import read_plain
from sources.pairs.source import WHOLE_ROW, NoOptions
from sources.pairs.whole_row import rows_in_columns, whole_cells

PAIR = {"prompt": "夸夸这只猫。", "chosen": "它的尾巴真漂亮。", "rejected": "猫。"}
EN = {"prompt": "Praise this cat.", "chosen": "What a tail.", "rejected": "Cat."}

cells = st.sampled_from(
    ["好", "", "A cat.", " [", "[{'role': 'user'}]", "[x]", "\n\nHuman: 一\n\nAssistant:", None, 7, ["好"]]
)
columns = {
    **dict.fromkeys(PAIR, cells),
    "system": st.sampled_from([None, "", "你是猫。"]),
    "id": st.integers(0, 3) | st.none(),
    "n": st.just(1),
}


def table(rows: list[Any]) -> pa.Table:
    whole = rows_in_columns(rows, 1_000_000)
    assert whole is not None
    return pa.table({WHOLE_ROW.names[0]: whole, "row": pa.array(range(len(rows)), pa.int64())})


def said(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


turns = st.lists(st.builds(said, st.sampled_from(["user", "assistant", "system", "gpt"]), st.sampled_from("好 A")))
plain_turns = st.sampled_from(
    [
        [said("user", "猫？")],
        [said("system", "你是猫。"), said("user", "Cat?")],
        [said("system", " "), said("user", "猫？")],
    ]
)
answers = st.sampled_from([[said("assistant", "好")], [said("assistant", "Good."), said("assistant", "")], "好"])
good = st.builds(lambda text: [said("assistant", text)], st.sampled_from(["好", "A cat.", ""]))
conversations = {
    "prompt": plain_turns | turns,
    "chosen": good | answers | turns,
    "rejected": good | answers,
    "lang": st.sampled_from(["zh", "EN ", "fr", "", None]),
    "score_chosen": st.floats(allow_infinity=False) | st.none() | st.sampled_from([3, "4.5"]),
    "score_rejected": st.floats() | st.none(),
    "chosen_model": st.sampled_from(["gpt-4", None, " ", 7]),
    "language": st.sampled_from(["en", None]),
    "tags": st.lists(st.just("a"), max_size=1) | st.none(),
    "messages": st.just([said("user", "猫？")]) | st.none(),
    "n": st.just(1),
}
usual = conversations | {"prompt": plain_turns, "chosen": good, "rejected": good}
SHAPES = [columns, conversations, usual]


def both_ways(rows: list[Any], lang: Any) -> tuple[Any, Any]:
    """What comes of rows by the function that chooses, and one by one."""
    reader, read = row_reader("trl-standard", is_named=False), table(rows)
    return adapt("trl-standard", False, lang, read, NoOptions()), adapt_cells(
        whole_cells(read), [*range(len(rows))], reader, lang, reader.options
    )


@pytest.mark.parametrize("lang", ["zh", "en", None])
@pytest.mark.parametrize("shape", SHAPES, ids=["texts", "messages of any kind", "plain messages"])
@given(data=st.data())
def test_rows_are_the_same_both_ways(lang: str | None, shape: dict[str, Any], data: st.DataObject) -> None:
    left_out = data.draw(st.sets(st.sampled_from(sorted(shape))))
    full = data.draw(st.lists(st.fixed_dictionaries(shape), min_size=1, max_size=4))
    rows = [{name: row[name] for name in shape if name not in left_out or name == "n"} for row in full]
    chosen, one_by_one = both_ways(rows, lang)
    names = chosen.pairs.column_names
    assert chosen.pairs.to_pylist() == one_by_one.pairs.select(names).to_pylist()
    assert chosen.skipped == one_by_one.skipped
    assert (dict(chosen.unused), dict(chosen.layouts)) == (dict(one_by_one.unused), dict(one_by_one.layouts))


def test_rows_of_plain_messages_are_read_as_columns() -> None:
    reader = row_reader("trl", is_named=False)
    row = {side: [said("user" if side == "prompt" else "assistant", text)] for side, text in PAIR.items()}
    beside = {"lang": "zh", "score_chosen": 1.5, "chosen_model": "gpt-4", "id": "a", "tags": ["x"]}
    plain = read_plain(table([{**row, **beside}, {**row, **dict.fromkeys(beside)}]), reader)
    assert plain is not None
    assert plain.columns["prompt"].to_pylist() == [row["prompt"]] * 2
    assert plain.columns["lang"].to_pylist() == ["zh", None]
    assert plain.columns["score_chosen"].to_pylist() == [1.5, None]
    assert plain.columns["chosen_model"].to_pylist() == ["gpt-4", None]
    assert dict(plain.unused) == {"id": 1, "tags": 1}
    for other in (
        {"tools": "[]"},
        {"chosen": [said("tool", "a")]},
        {"chosen": [{"role": "assistant", "content": None}]},
    ):
        assert read_plain(table([{**row, **other}] * 2), reader) is None


def test_rows_of_three_strings_are_read_as_columns() -> None:
    reader = row_reader("trl-standard", is_named=False)
    plain = read_plain(table([{**PAIR, "id": 1}, {**EN, "id": None}, {**PAIR, "prompt": " [", "id": None}]), reader)
    assert plain is not None
    asked = [turns[0]["content"] for turns in plain.columns["prompt"].to_pylist()]
    assert asked == [PAIR["prompt"], EN["prompt"], " ["]
    assert dict(plain.unused) == {"id": 1}
    for other in ({**PAIR, "system": None}, {**PAIR, "chosen": ["好"]}, {**PAIR, "chosen": "[{'role': 'assistant'}]"}):
        assert read_plain(table([other, other]), reader) is None


def test_a_batch_in_two_languages_is_the_same_both_ways() -> None:
    for lang in ("zh", "en", None):
        chosen, one_by_one = both_ways([PAIR, EN, PAIR], lang)
        assert chosen.skipped == one_by_one.skipped
        assert chosen.pairs.to_pylist() == one_by_one.pairs.select(chosen.pairs.column_names).to_pylist()
