"""The questions of benchmarks, read from files in their upstream formats.

They are found by name in a folder (`--benchmarks DIR`), in a mirror, or downloaded. A benchmark that cannot be had is
reported with the reason, never passed over.
"""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from builders.stages.benchmarks import Benchmark, BenchmarkStatus, Question
from builders.stages.benchmarks_of_today import EVERY_BENCHMARK
from sources.command.errors import BrokenFileError, MissingFileError, PrefsError
from sources.fetch.fetcher import Fetcher


def load_benchmarks(
    names: tuple[str, ...], folder: Path | None, fetcher: Fetcher
) -> tuple[list[Question], list[BenchmarkStatus]]:
    """The questions of the named benchmarks, and of each benchmark what was checked or why it could not be.

    Raises:
        BrokenFileError: a file that is there cannot be read.
    """
    questions: list[Question] = []
    statuses = []
    for benchmark in (benchmark for benchmark in EVERY_BENCHMARK if benchmark.name in names):
        try:
            files = _locate(benchmark, folder, fetcher)
        except PrefsError as error:
            statuses.append(BenchmarkStatus(benchmark.name, 0, (), missing=error.found))
            continue
        found = [question for name, path in files for question in _read(benchmark, name, path)]
        questions += found
        statuses.append(BenchmarkStatus(benchmark.name, len(found), tuple(name for name, _ in files)))
    return questions, statuses


def _locate(benchmark: Benchmark, folder: Path | None, fetcher: Fetcher) -> list[tuple[str, Path]]:
    """(name, path) of the files: from the folder if it has any, else by the fetcher.

    Raises:
        FetchError: there are none.
    """
    if folder is not None:
        found = sorted({path for pattern in benchmark.patterns for path in folder.glob(pattern) if path.is_file()})
        if found:
            return [(path.relative_to(folder).as_posix(), path) for path in found]
    if not benchmark.files:
        found_out = f"no place to download {benchmark.name} from is known"
        raise MissingFileError("benchmarks", found_out, hint="Give its files with --benchmarks.")
    files = [file for named in benchmark.files for file in fetcher.name_all(named)]
    return [(file.mirror_path, fetcher.locate(file).path) for file in files]


def _read(benchmark: Benchmark, name: str, path: Path) -> Iterator[Question]:
    """The questions of one file.

    Raises:
        BrokenFileError: it has no such column, or is not what its name says.
    """
    reader, paths = _READERS[path.suffix], [each.split(".") for each in benchmark.column.split("|")]
    try:
        for row, record in enumerate(reader(path, benchmark)):
            text = next((text for path in paths if isinstance(text := _follow(record, path), str)), None)
            if text is None or not _is_encodable(text):
                raise BrokenFileError(name, f"row {row} has no text in column {benchmark.column}")
            item = record.get(benchmark.item_column, row)
            yield Question(benchmark.name, f"{name}:{item}", text)
    except (ValueError, TypeError, csv.Error, pa.ArrowException, AttributeError, RecursionError) as error:
        raise BrokenFileError(name, f"cannot be read ({error})", expected=f"the files of {benchmark.name}") from error


def _follow(record: Any, path: list[str]) -> Any:
    """What lies at the end of the path; None where a step is missing."""
    for step in path:
        if isinstance(record, list):
            record = record[int(step)] if step.isdigit() and int(step) < len(record) else None
        else:
            record = record.get(step) if isinstance(record, dict) else None
    return record


def _is_encodable(text: str) -> bool:
    """Whether the text holds no half surrogate."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _read_lines(path: Path, benchmark: Benchmark) -> Iterator[dict[str, object]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def _read_array(path: Path, benchmark: Benchmark) -> Iterator[dict[str, object]]:
    yield from json.loads(path.read_text(encoding="utf-8"))


def _read_csv(path: Path, benchmark: Benchmark) -> Iterator[dict[str, object]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        yield from csv.DictReader(lines)


def _read_parquet(path: Path, benchmark: Benchmark) -> Iterator[dict[str, object]]:
    first_steps = {each.partition(".")[0] for each in benchmark.column.split("|")}
    wanted = [name for name in pq.read_schema(path).names if name in (*first_steps, benchmark.item_column)]
    yield from pq.read_table(path, columns=wanted).to_pylist()


_READERS: dict[str, Callable[[Path, Benchmark], Iterator[dict[str, object]]]] = {
    ".jsonl": _read_lines,
    ".json": _read_array,
    ".csv": _read_csv,
    ".parquet": _read_parquet,
}
