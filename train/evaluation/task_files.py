"""The task files for one run: YAML that includes the packaged task and points it at JSON lines on this machine."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sources.command.errors import BadRowsError, BrokenFileError
from sources.files.read_whole import whole_rows
from sources.files.rows import Limits
from sources.pairs.whole_row import whole_cells
from train.evaluation.benchmarks import Benchmark
from train.evaluation.find_data import DataFile, Part
from train.evaluation.fit_rows import Row
from train.evaluation.harness import packaged


@dataclass(frozen=True, slots=True)
class Workplace:
    """A folder that lives as long as the run: task files, questions, and the cache of `datasets`."""

    folder: Path

    @property
    def tasks(self) -> Path:
        return self.folder / "tasks"

    @property
    def cache(self) -> Path:
        return self.folder / "cache"


def write_tasks(place: Workplace, benchmark: Benchmark, parts: list[Part], num_fewshot: int) -> None:
    """The task files of one benchmark and the JSON lines that they name, below `place`.

    Raises:
        ReadError: a file cannot be read, or a row is not what the task needs.
    """
    shots = num_fewshot if benchmark.examples else 0
    for part in parts:
        task: dict[str, Any] = {"include": str(part.task_file), "task": part.task, "num_fewshot": shots}
        if part.files:
            written = {
                split: _write_lines(place, benchmark, part.task, split, files) for split, files in part.files.items()
            }
            task |= {
                "dataset_path": "json",
                "dataset_name": None,
                "dataset_kwargs": {"data_files": written, "cache_dir": str(place.cache)},
            }
            if benchmark.examples and not shots:
                task[benchmark.examples_key] = None
        _write_yaml(place, part.task, task)
    if benchmark.group_file:
        group = {"group": benchmark.name, "task": [part.task for part in parts]}
        _write_yaml(place, benchmark.name, {"include": str(packaged(benchmark.group_file)), **group})


def _write_yaml(place: Workplace, name: str, content: dict[str, Any]) -> None:
    place.tasks.mkdir(parents=True, exist_ok=True)
    (place.tasks / f"{name}.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


def _write_lines(place: Workplace, benchmark: Benchmark, task: str, split: str, files: list[DataFile]) -> str:
    """The path of the JSON lines that hold the rows of the files."""
    path = place.folder / "questions" / task / f"{split}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as lines:
        for file in files:
            count = 0
            for row in _fitted(benchmark, file):
                lines.write(json.dumps(row, ensure_ascii=False) + "\n")
                count += 1
            if not count:
                raise BrokenFileError(file.name, "holds no row", expected=f"questions of {benchmark.name}")
    return str(path)


def _fitted(benchmark: Benchmark, file: DataFile) -> Iterator[Row]:
    """The rows as the task needs them; a bad one is an error here, since a benchmark of fewer questions is another.

    Raises:
        BadRowsError: names the row, counted from 0.
    """
    expected = f"the rows of {benchmark.name}"
    for batch in whole_rows(file.path, file.name, Limits(max_bad_share=0.0), None):
        for bad in batch.bad.to_pylist():
            raise BadRowsError(
                f"{file.name}: row {bad['row']}", f"{bad['reason']}: {bad['evidence']}", expected=expected
            )
        for number, row in zip(batch.rows["row"].to_pylist(), whole_cells(batch.rows), strict=True):
            try:
                yield benchmark.fit(row)
            except ValueError as error:
                raise BadRowsError(f"{file.name}: row {number}", str(error), expected=expected) from error
