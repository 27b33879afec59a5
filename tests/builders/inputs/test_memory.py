"""Pairs that do not fit into the memory allowed are refused in one line that says what to do."""

from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pytest

from builders.building.pipeline import Built
from builders.gathering import gather as module
from builders.inputs.memory import FIXED_BYTES, PAIR_BYTES, WORKER_BYTES, check_memory, needed_memory
from builders.stages.keys import Keys
from sources.command.errors import UsageError
from tests.builders.running import Run


def test_what_stands_for_a_pair_is_less_than_it_is_said_to_need() -> None:
    none = Keys.none()
    columns = [getattr(none, field.name) for field in fields(Keys)]
    assert sum(column.dtype.itemsize * int(np.prod(column.shape[1:])) for column in columns) < PAIR_BYTES


def test_memory_that_is_too_small_is_one_clear_line(run: Run) -> None:
    code, out, err = run("--lang", "zh", "--sample", "--memory", "500MiB", "--workers", "2")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("build-prefs: --memory: ")
    assert "2 workers need about 1.1 GB; expected at most 524.3 MB. Allow that much" in err


def test_memory_that_is_enough_changes_nothing(run: Run) -> None:
    assert run("--lang", "zh", "--sample", "--memory", "2GiB", "--workers", "1", "--no-report")[0] == 0


def test_what_files_are_too_large_for_is_refused_before_they_are_read(
    build_sample: Callable[..., list[Built]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MIN_PAIR_TEXT_BYTES", 1)
    monkeypatch.setattr("builders.gathering.gather_here.gather_unit", None)
    with pytest.raises(UsageError, match="pairs and 1 workers need about"):
        build_sample(max_memory_bytes=FIXED_BYTES + WORKER_BYTES + 1)


def test_the_pairs_count_once_they_are_known(build_sample: Callable[..., list[Built]]) -> None:
    with pytest.raises(UsageError, match="194 pairs and 1 workers need about"):
        build_sample(max_memory_bytes=needed_memory(193, 1))


def test_without_a_limit_any_number_of_pairs_is_tried() -> None:
    check_memory(None, 1 << 50, 2)
