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
from sources.pairs.whole_row import rows_in_columns

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


def both_ways(rows: list[Any], lang: Any) -> tuple[Any, Any]:
    """What comes of rows by the function that chooses, and one by one."""
    reader = row_reader("trl-standard", is_named=False)
    return adapt("trl-standard", False, lang, table(rows), NoOptions()), adapt_cells(
        rows, [*range(len(rows))], reader, lang, reader.options
    )


@pytest.mark.parametrize("lang", ["zh", "en", None])
@given(st.sets(st.sampled_from(sorted(columns))), st.lists(st.fixed_dictionaries(columns), min_size=1))
def test_rows_are_the_same_both_ways(lang: str | None, left_out: set[str], full: list[Any]) -> None:
    rows = [{name: row[name] for name in columns if name not in left_out or name == "n"} for row in full]
    chosen, one_by_one = both_ways(rows, lang)
    names = chosen.pairs.column_names
    assert chosen.pairs.to_pylist() == one_by_one.pairs.select(names).to_pylist()
    assert chosen.skipped == one_by_one.skipped
    assert (dict(chosen.unused), dict(chosen.layouts)) == (dict(one_by_one.unused), dict(one_by_one.layouts))


def test_rows_of_three_strings_are_read_as_columns() -> None:
    reader = row_reader("trl-standard", is_named=False)
    plain = read_plain(table([{**PAIR, "id": 1}, {**EN, "id": None}, {**PAIR, "prompt": " [", "id": None}]), reader)
    assert plain is not None
    assert plain.sides[0].to_pylist() == [PAIR["prompt"], EN["prompt"], " ["]
    assert dict(plain.unused) == {"id": 1}
    for other in ({**PAIR, "system": None}, {**PAIR, "chosen": ["好"]}, {**PAIR, "chosen": "[{'role': 'assistant'}]"}):
        assert read_plain(table([other, other]), reader) is None


def test_a_batch_in_two_languages_is_the_same_both_ways() -> None:
    for lang in ("zh", "en", None):
        chosen, one_by_one = both_ways([PAIR, EN, PAIR], lang)
        assert chosen.skipped == one_by_one.skipped
        assert chosen.pairs.to_pylist() == one_by_one.pairs.select(chosen.pairs.column_names).to_pylist()
