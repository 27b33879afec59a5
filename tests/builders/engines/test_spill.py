"""Rows go to disk in batches and come back by number."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.engines.spill import SPILLED, Spill, SpillWriter
from sources.pairs.schema import SIDES
from sources.text.texts import PairTexts

MakePairs = Callable[..., pa.Table]
SIZES = (3, 0, 5, 1)
ROWS = sum(SIZES)


@pytest.fixture(scope="session")
def rows(make_pairs: MakePairs) -> pa.Table:
    """Rows of SPILLED in two languages, as many as all batches hold."""
    texts = [(f"第{row}个问题是什么", f"答案是{row}" * row, "no answer " * (row % 3)) for row in range(ROWS)]
    pairs = make_pairs(texts, ["zh", "en", "zh"] * (ROWS // 3))
    columns = [pairs[name] if name in pairs.column_names else pa.nulls(ROWS, pa.string()) for name in SPILLED.names]
    return pa.table(columns, schema=SPILLED)


@pytest.fixture(scope="session")
def spill(rows: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Spill:
    """The rows in two files: the first holds all batches but the last, which is in the second."""
    folder = tmp_path_factory.mktemp("spill")
    writers = [SpillWriter(folder / "a.arrow"), SpillWriter(folder / "b.arrow")]
    start = 0
    for number, size in enumerate(SIZES):
        writers[number == len(SIZES) - 1].append(rows.slice(start, size))
        start += size
    for writer in writers:
        writer.close()
    return Spill([writer.part for writer in writers])


def test_all_rows_come_back_in_order(spill: Spill, rows: pa.Table) -> None:
    assert len(spill) == ROWS
    assert spill.offsets[-1] == ROWS
    with spill.opened() as read:
        batches = [read(number) for number in range(spill.batch_count)]
    assert pa.concat_tables(batches).to_pylist() == rows.to_pylist()
    assert [len(batch) for batch in batches] == np.diff(spill.offsets).tolist()


def test_only_the_columns_asked_for_are_read(spill: Spill, rows: pa.Table) -> None:
    with spill.opened(["id", "lang"]) as read:
        batch = read(0)
    assert set(batch.column_names) == {"id", "lang"}
    assert batch["id"].to_pylist() == rows["id"].to_pylist()[:3]


@given(st.sets(st.integers(0, ROWS - 1)).map(sorted))
def test_texts_and_tokens_are_those_of_the_rows_asked_for(spill: Spill, rows: pa.Table, wanted: list[int]) -> None:
    whole = PairTexts(rows.select([*SIDES, "lang"])).tokens
    numbers = np.array(wanted, dtype=np.int64)
    pairs, prompts = spill.pair_texts(numbers).tokens, spill.prompt_tokens(numbers)
    expected = whole.select((3 * numbers[:, None] + np.arange(3)).ravel())
    assert (pairs.flat.tolist(), pairs.offsets.tolist()) == (expected.flat.tolist(), expected.offsets.tolist())
    expected = whole.select(3 * numbers)
    assert (prompts.flat.tolist(), prompts.offsets.tolist()) == (expected.flat.tolist(), expected.offsets.tolist())


def test_batches_may_be_read_in_any_order_and_again(spill: Spill, rows: pa.Table) -> None:
    with spill.opened(["id"]) as read:
        last, first, again = read(spill.batch_count - 1), read(0), read(spill.batch_count - 1)
    assert last == again
    assert last["id"].to_pylist() == rows["id"].to_pylist()[-1:]
    assert first["id"].to_pylist() == rows["id"].to_pylist()[:3]


@given(st.sets(st.integers(0, ROWS - 1)).map(sorted))
def test_every_row_lies_in_one_batch(spill: Spill, wanted: list[int]) -> None:
    found = [
        int(spill.offsets[number] + place)
        for number, places in spill.places(np.array(wanted, dtype=np.int64))
        for place in places
    ]
    assert found == wanted


def test_a_spill_may_be_empty(tmp_path: Path) -> None:
    writer = SpillWriter(tmp_path / "none.arrow")
    writer.close()
    spill = Spill([writer.part])
    assert (len(spill), spill.batch_count) == (0, 0)
    assert len(spill.pair_texts(np.empty(0, np.int64))) == 0
    assert len(Spill([])) == 0


def test_rows_of_another_layout_are_refused(tmp_path: Path, rows: pa.Table) -> None:
    writer = SpillWriter(tmp_path / "other.arrow")
    with pytest.raises(pa.ArrowInvalid):
        writer.append(rows.drop_columns(["evidence"]))
    writer.close()
