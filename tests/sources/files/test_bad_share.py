"""How many bad rows a file may have."""

import json
from pathlib import Path
from typing import Any

import pytest

from sources.command.errors import BadRowsError
from sources.files import read_json
from sources.files.rows import Limits
from tests.sources.files.typed_rows import GOOD, bad_rows, good_rows, read, write


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_bad_rows_up_to_the_limit_are_skipped(tmp_path: Path, name: str) -> None:
    rows: list[Any] = [GOOD] * 200
    rows[17] = rows[150] = 5
    batches = read(write(tmp_path, rows, name), Limits(max_bad_share=0.01))
    assert [row for row, _, _ in bad_rows(batches)] == [17, 150]
    assert len(good_rows(batches)) == 198


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_bad_rows_beyond_the_limit_are_an_error_that_names_them(tmp_path: Path, name: str) -> None:
    rows: list[Any] = [GOOD] * 200
    rows[17] = rows[150] = 5
    rows[199] = {**GOOD, "text": None}
    with pytest.raises(BadRowsError) as caught:
        read(write(tmp_path, rows, name), Limits(max_bad_share=0.01))
    assert str(caught.value) == (
        "there/a.json: 3 of 200 rows cannot be read: row 17: not_an_object (int: 5); row 150: not_an_object (int: 5); "
        "row 199: null_value (text is null); expected at most 1.0% bad rows. "
        "Correct the file, or raise limits.max_bad_share in the recipe."
    )


def test_one_bad_row_is_always_borne(tmp_path: Path) -> None:
    batches = read(write(tmp_path, [GOOD, 5]), Limits(max_bad_share=0.0))
    assert good_rows(batches) == [0]


def test_an_error_names_five_bad_rows_and_counts_the_others(tmp_path: Path) -> None:
    with pytest.raises(BadRowsError) as caught:
        read(write(tmp_path, [GOOD, *range(8)]), Limits())
    assert "8 of 9 rows cannot be read: row 1: " in str(caught.value)
    assert "row 5: not_an_object (int: 4); and 3 more;" in str(caught.value)


def test_a_file_of_bad_rows_is_given_up_before_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_json, "BLOCK_BYTES", 1000)
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(GOOD) + "\n" + "[1, 2]\n" * 5000, "utf-8")
    with pytest.raises(BadRowsError, match=r"1,[01]\d\d of 1,[01]\d\d rows"):
        read(path, Limits())
