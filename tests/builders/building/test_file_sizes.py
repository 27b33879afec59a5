"""Output files have a sensible size, however many pairs there are."""

from collections.abc import Callable

import numpy as np
import pytest

from builders.building.pipeline import Built
from builders.building.write_pairs import MAX_FILE_TEXT_BYTES, count_files

CT_LLM_PAIRS, BYTES_A_PAIR = 178_000, 900


@pytest.mark.parametrize(
    ("rows", "bytes_a_pair", "files"),
    [
        (0, 0, 1),
        (1, 900, 1),
        (98_304, 900, 1),
        (98_305, 900, 2),
        (CT_LLM_PAIRS, BYTES_A_PAIR, 2),
        (16 * 98_304, 900, 16),
        (5_000_000, 900, 16),
        (100_000_000, 900, 75),
        (90_000, 40_000, 3),
    ],
)
def test_a_split_has_few_files_and_none_is_too_large(rows: int, bytes_a_pair: int, files: int) -> None:
    assert count_files(rows, rows * bytes_a_pair) == files
    assert rows * bytes_a_pair <= files * MAX_FILE_TEXT_BYTES


def test_more_rows_never_give_fewer_files() -> None:
    counts = [count_files(rows, rows * BYTES_A_PAIR) for rows in range(0, 60_000_000, 77_777)]
    assert (np.diff(counts) >= 0).all()


def test_long_texts_make_more_files(build_sample: Callable[..., list[Built]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builders.building.write_pairs.MAX_FILE_TEXT_BYTES", 20_000)
    [built] = build_sample()
    sizes = [written.file.rows for written in built.files if written.file.path.startswith("data/train")]
    assert len(sizes) > 2
    assert max(sizes) - min(sizes) <= 1
