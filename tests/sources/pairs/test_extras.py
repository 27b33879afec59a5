"""Wide pairs: what is more than roles and texts goes to the disk and comes back, and the id counts it."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import load_dataset

from sources.pairs.extras import EXTRAS, TOOLS, is_wide, narrow, wide_schema, widen, write_extras
from sources.pairs.schema import PAIRS, SIDES, content_ids, turns

TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}
CALL = {"type": "function", "function": {"name": "get_weather", "arguments": {"city": "杭州"}}}
ASKED = [{"role": "user", "content": "杭州天气？"}]
CALLED = [{"role": "assistant", "content": "", "tool_calls": [CALL]}]
GUESSED = [{"role": "assistant", "content": "晴。"}]


def rows(*extras: str | None) -> pa.Table:
    """Narrow rows with EXTRAS: every column of PAIRS, null where nothing is said."""
    count = len(extras)
    sides = {side: turns([[("user" if side == "prompt" else "assistant", side)]] * count) for side in SIDES}
    columns = [sides.get(field.name, pa.nulls(count, field.type)) for field in PAIRS]
    return pa.table([*columns, pa.array(extras, EXTRAS.type)], schema=pa.schema([*PAIRS, EXTRAS]))


def whole(tools: list[Any] | None = None) -> str:
    written = write_extras(tools, (ASKED, CALLED, GUESSED))
    assert written is not None
    return written


def test_plain_turns_have_no_extras() -> None:
    assert write_extras(None, (ASKED, GUESSED, GUESSED)) is None
    assert write_extras([TOOL], (ASKED, GUESSED, GUESSED)) is not None
    assert write_extras(None, (ASKED, [*CALLED, *GUESSED], GUESSED)) is not None
    assert write_extras(None, ([*ASKED, {"role": "tool", "content": "21"}], GUESSED, GUESSED)) is not None


def test_wide_rows_come_back_as_they_were(tmp_path: Path) -> None:
    wide = widen(rows(whole([TOOL]), None, whole()))
    assert wide.schema == wide_schema(PAIRS)
    pq.write_table(wide, tmp_path / "wide.parquet")
    back = pq.read_table(tmp_path / "wide.parquet")
    assert is_wide(back.schema)
    assert narrow(back)[EXTRAS.name].to_pylist() == [whole([TOOL]), None, whole()]
    assert widen(narrow(back)).equals(wide)


def test_narrow_turns_are_readable() -> None:
    read = narrow(widen(rows(whole([TOOL]))))
    assert read["prompt"].to_pylist() == [ASKED]
    ((turn,),) = read["chosen"].to_pylist()
    assert turn == {"role": "assistant", "content": '{"name":"get_weather","arguments":{"city":"杭州"}}'}


def test_rows_of_a_narrow_file_stay_as_they_are() -> None:
    plain = rows(None).drop_columns([EXTRAS.name])
    assert narrow(plain) is plain


def test_a_lost_row_has_no_turns_in_either_form() -> None:
    lost = rows(None)
    for side in SIDES:
        lost = lost.set_column(
            lost.schema.get_field_index(side), PAIRS.field(side), pa.nulls(1, PAIRS.field(side).type)
        )
    assert [widen(lost)[side].to_pylist() for side in SIDES] == [[None]] * 3
    assert [narrow(widen(lost))[side].to_pylist() for side in SIDES] == [[None]] * 3


def test_the_datasets_library_reads_messages_as_they_were(tmp_path: Path) -> None:
    pq.write_table(widen(rows(whole([TOOL]), None)), tmp_path / "wide.parquet")
    loaded = load_dataset("parquet", data_files=str(tmp_path / "wide.parquet"), cache_dir=str(tmp_path), split="train")
    assert loaded[0]["chosen"] == CALLED
    assert loaded[0][TOOLS.name] == [TOOL]
    assert loaded[1]["tools"] is None


def test_the_id_counts_what_is_more_than_text() -> None:
    table = rows(None, whole(), whole([TOOL]))
    prompt, chosen, rejected = (table[side].combine_chunks() for side in SIDES)
    ids = content_ids(prompt, chosen, rejected, table[EXTRAS.name].combine_chunks()).to_pylist()
    assert len(set(ids)) == 3
    assert ids[0] == content_ids(prompt, chosen, rejected)[0].as_py(), "a plain pair has the id that it always had"
