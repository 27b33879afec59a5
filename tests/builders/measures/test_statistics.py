"""Numbers of a built dataset: the same from its files and while they are written."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.building.pipeline import Built
from builders.measures.statistics import Measurer, SourceStatistics, measure, together


def source(chosen: list[int], rejected: list[int]) -> SourceStatistics:
    return SourceStatistics("x", np.array(chosen), np.array(chosen), np.array(rejected), np.empty(0))


@pytest.mark.parametrize(
    ("chosen", "rejected", "auc"), [([9, 9], [1, 1], 1.0), ([1], [9], 0.0), ([5, 9], [5, 1], 0.75), ([3], [3], 0.5)]
)
def test_length_auc_is_how_often_the_longer_answer_is_chosen(
    chosen: list[int], rejected: list[int], auc: float
) -> None:
    assert source(chosen, rejected).length_auc == auc


def test_without_pairs_there_is_no_auc() -> None:
    assert np.isnan(source([], []).length_auc)


def test_what_was_measured_while_writing_is_what_the_files_hold(
    build_sample: Callable[..., list[Built]], tmp_path: Path
) -> None:
    built = build_sample()[0]
    written = together(one.measured for one in built.files)
    read = measure(built.folder)
    assert [one.source for one in written.sources] == [one.source for one in read.sources]
    for one, other in zip(written.sources, read.sources, strict=True):
        for name in ("prompt_chars", "chosen_chars", "rejected_chars", "margins"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    np.testing.assert_array_equal(written.group_sizes, read.group_sizes)
    rows = pa.concat_tables(pq.read_table(path) for path in (built.folder / "data").iterdir())
    assert written.whole.pairs == len(rows) == written.group_sizes.sum()
    assert len(written.group_sizes) == len(set(rows["prompt_group"].to_pylist()))
    texts = [turns[0]["content"] for turns in rows["chosen"].to_pylist()]
    assert sorted(written.whole.chosen_chars.tolist()) == sorted(map(len, texts))


def test_nothing_measured_is_no_source() -> None:
    assert Measurer().statistics().sources == []
    assert Measurer().statistics().whole.pairs == 0
