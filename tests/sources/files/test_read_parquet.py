"""Parquet files of PAIRS."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sources.command.errors import BadRowsError, BrokenFileError, MissingColumnError
from sources.files import read_parquet
from sources.files.read import read_rows
from sources.files.rows import Limits, RowBatch
from sources.pairs.schema import PAIRS


def pair(number: int, **changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(PAIRS.names)
    row |= {
        "id": f"{number:032x}",
        "prompt": [{"role": "user", "content": f"q{number}"}],
        "chosen": [{"role": "assistant", "content": "good"}],
        "rejected": [{"role": "assistant", "content": "bad"}],
        "lang": "zh",
        "tags": [],
    }
    return {**row, **changes}


def write(path: Path, rows: list[dict[str, Any]], schema: pa.Schema = PAIRS) -> Path:
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
    return path


def read(path: Path, max_bad_share: float = 1.0, max_rows: int | None = None) -> list[RowBatch]:
    return list(read_rows(path, "a.parquet", (PAIRS,), Limits(max_bad_share=max_bad_share), max_rows=max_rows))


def numbers(batches: list[RowBatch]) -> list[int]:
    return [number for batch in batches for number in batch.rows["row"].to_pylist()]


def test_rows_come_back_as_they_were_written(tmp_path: Path) -> None:
    rows = [pair(0), pair(1, tags=["a"], score_chosen=0.5)]
    (batch,) = read(write(tmp_path / "a.parquet", rows))
    assert batch.rows.schema.names == [*PAIRS.names, "row"]
    assert batch.rows.drop_columns("row").to_pylist() == rows
    assert len(batch) == 2


def test_rows_are_numbered_through_all_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_parquet, "BATCH_ROWS", 3)
    path = write(tmp_path / "a.parquet", [pair(n) for n in range(8)])
    assert numbers(read(path)) == list(range(8))
    assert numbers(read(path, max_rows=4)) == [0, 1, 2, 3]
    assert numbers(read(path, max_rows=3)) == [0, 1, 2]


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": None},
        {"chosen": []},
        {"rejected": [None]},
        {"chosen": [{"role": None, "content": "x"}]},
        {"rejected": [{"role": "assistant", "content": None}]},
        {"prompt": [{"role": "user", "content": "x"}, {"role": "user", "content": None}]},
        {"lang": None},
    ],
    ids=repr,
)
def test_a_row_without_a_whole_turn_is_bad(tmp_path: Path, change: dict[str, Any]) -> None:
    (batch,) = read(write(tmp_path / "a.parquet", [pair(0), pair(1, **change), pair(2)]))
    assert batch.rows["row"].to_pylist() == [0, 2]
    (bad,) = batch.bad.to_pylist()
    assert bad["row"] == 1
    assert bad["reason"] == "null_value"


def test_more_bad_rows_than_allowed_are_an_error(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.parquet", [pair(n, chosen=None if n in (3, 5) else pair(n)["chosen"]) for n in range(10)]
    )
    with pytest.raises(BadRowsError, match=r"2 of 10 rows cannot be read: row 3: null_value .*; row 5: null_value"):
        read(path, max_bad_share=0.1)
    assert len(numbers(read(path, max_bad_share=0.2))) == 8


def test_a_missing_column_is_named_with_the_found_ones(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"prompt": ["x"], "chosen": ["y"]}), path)
    with pytest.raises(
        MissingColumnError, match=r"no column id, rejected, lang, .*; found prompt, chosen; expected PAIRS"
    ):
        read(path)


def test_a_column_of_another_type_is_a_broken_file(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({name: ["x"] for name in PAIRS.names}), path)
    with pytest.raises(BrokenFileError, match=r"a\.parquet: cannot be read as PAIRS"):
        read(path)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no parquet at all", b"PAR1" + b"\x00" * 100 + b"PAR1"])
def test_what_is_no_parquet_is_a_broken_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(content)
    with pytest.raises(BrokenFileError, match="expected a Parquet file of PAIRS"):
        read(path)


def test_a_truncated_file_is_a_broken_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", [pair(n) for n in range(50)])
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(BrokenFileError):
        read(path)


def test_a_file_without_rows_has_none(tmp_path: Path) -> None:
    assert numbers(read(write(tmp_path / "a.parquet", []))) == []
