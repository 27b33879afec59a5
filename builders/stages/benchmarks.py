"""The benchmarks of the model card, and their questions: what must not be in a training set.

Files are in their upstream formats, found by name in a folder (`--benchmarks DIR`), in a mirror, or downloaded at a
pinned revision. A benchmark that cannot be had is reported with the reason, never passed over.
"""

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sources.command.errors import BrokenFileError, PrefsError
from sources.fetch.fetcher import Fetcher
from sources.pairs.source import UpstreamFile


@dataclass(frozen=True, slots=True)
class Question:
    """One benchmark item; `item` is its place as people would look it up."""

    benchmark: str
    item: str
    text: str


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Where the files of a benchmark are, by pattern in a folder and pinned upstream, and which column asks."""

    name: str
    patterns: tuple[str, ...]
    files: tuple[UpstreamFile, ...]
    column: str
    item_column: str
    license: str


@dataclass(frozen=True, slots=True)
class BenchmarkStatus:
    """Whether a benchmark was checked: from which files, how many questions, or why not."""

    name: str
    questions: int
    files: tuple[str, ...]
    missing: str = ""


CMMLU_SUBJECTS = (  # noqa: SIM905 - a fixed list: the folder once held a file that is no subject
    "agronomy anatomy ancient_chinese arts astronomy business_ethics chinese_civil_service_exam "
    "chinese_driving_rule chinese_food_culture chinese_foreign_policy chinese_history chinese_literature "
    "chinese_teacher_qualification clinical_knowledge college_actuarial_science college_education "
    "college_engineering_hydrology college_law college_mathematics college_medical_statistics college_medicine "
    "computer_science computer_security conceptual_physics construction_project_management economics education "
    "electrical_engineering elementary_chinese elementary_commonsense elementary_information_and_technology "
    "elementary_mathematics ethnology food_science genetics global_facts high_school_biology "
    "high_school_chemistry high_school_geography high_school_mathematics high_school_physics "
    "high_school_politics human_sexuality international_law journalism jurisprudence legal_and_moral_basis "
    "logical machine_learning management marketing marxist_theory modern_chinese nutrition philosophy "
    "professional_accounting professional_law professional_medicine professional_psychology public_relations "
    "security_study sociology sports_science traditional_chinese_medicine virology world_history "
    "world_religions "
).split()


def _github(
    repository: str, revision: str, path: str, sha256: str | None = None, size: int | None = None
) -> UpstreamFile:
    return UpstreamFile(host="github", repository=repository, revision=revision, path=path, sha256=sha256, size=size)


def _hub(repository: str, revision: str, path: str, sha256: str | None = None, size: int | None = None) -> UpstreamFile:
    return UpstreamFile(host="hub", repository=repository, revision=revision, path=path, sha256=sha256, size=size)


CVALUES = _github(
    "X-PLUG/CValues", "c9c7edf3c088084bd8897817636eb3c7827def96", "dataset/cvalues_responsibility_prompts.jsonl",
    sha256="ee99050d4a8933829697c796e279b83795838feacefc84cdd06856bad01bfff4", size=102_859,
)  # fmt: skip
CMMLU = tuple(
    _github("haonan-li/CMMLU", "d6e7b716d8ac694f38969a6c0407437d1fded799", f"data/{split}/{subject}.csv")
    for split in ("dev", "test")
    for subject in CMMLU_SUBJECTS
)
XCOPA = tuple(
    _github("cambridgeltl/xcopa", "a4c5f76ba6e18e6606bc08fe5b07a3c8093191ea", f"data/zh/{name}", sha256=sha256)
    for name, sha256 in (
        ("val.zh.jsonl", "8f638466c196342104bdbe9276e7d91fe0abcc044e9a9ad715f30c8ad618bcdd"),
        ("test.zh.jsonl", None),
    )
)
COPA = tuple(
    _hub("aps/super_glue", "3de24cf8022e94f4ee4b9d55a6f539891524d646", f"copa/{split}-00000-of-00001.parquet")
    for split in ("validation", "test")
)
HELLASWAG = _hub(
    "Rowan/hellaswag", "218ec52e09a7e7462a5400043bb9a69a41d06b76", "data/validation-00000-of-00001.parquet",
    sha256="899813071e1e95efafec90f856e1987d2150fa4d020fc005df6962c259f660cd", size=6_315_951,
)  # fmt: skip
TRIVIAQA = _hub(
    "mandarjoshi/trivia_qa",
    "0f7faf33a3908546c6fd5b73a660e0f8ff173c2f",
    "rc.nocontext/validation-00000-of-00001.parquet",
)

HELLASWAG_PATTERNS = ("**/hellaswag_val.jsonl", "**/hellaswag/*.jsonl", "**/hellaswag/*.parquet")
TRIVIAQA_PATTERNS = ("**/triviaqa/*.jsonl", "**/triviaqa/*.parquet", "**/trivia_qa/**/*.parquet")
BY_THIRD_PARTIES = "BSD-2-Clause (as stated by third parties)"

BENCHMARKS = (
    Benchmark("cvalues", ("**/cvalues_responsibility_prompts.jsonl",), (CVALUES,), "prompt", "id_", "Apache-2.0"),
    Benchmark("cmmlu", ("**/cmmlu/dev/*.csv", "**/cmmlu/test/*.csv"), CMMLU, "Question", "", "CC-BY-NC-SA-4.0"),
    Benchmark("xcopa_zh", ("**/xcopa_zh/*.jsonl",), XCOPA, "premise", "idx", "CC-BY-4.0"),
    Benchmark("copa", ("**/copa/*.jsonl", "**/copa/*.parquet"), COPA, "premise", "idx", BY_THIRD_PARTIES),
    Benchmark("hellaswag", HELLASWAG_PATTERNS, (HELLASWAG,), "ctx", "ind", "MIT"),
    Benchmark("triviaqa", TRIVIAQA_PATTERNS, (TRIVIAQA,), "question", "question_id", "unknown"),
)


def load_benchmarks(
    names: tuple[str, ...], folder: Path | None, fetcher: Fetcher
) -> tuple[list[Question], list[BenchmarkStatus]]:
    """The questions of the named benchmarks, and of each benchmark what was checked or why it could not be.

    Raises:
        BrokenFileError: a file that is there cannot be read.
    """
    questions: list[Question] = []
    statuses = []
    for benchmark in (benchmark for benchmark in BENCHMARKS if benchmark.name in names):
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
    return [(file.mirror_path, fetcher.locate(file).path) for file in benchmark.files]


def _read(benchmark: Benchmark, name: str, path: Path) -> Iterator[Question]:
    """The questions of one file.

    Raises:
        BrokenFileError: it has no such column, or is not what its name says.
    """
    reader = _READERS[path.suffix]
    try:
        for row, record in enumerate(reader(path, benchmark)):
            text = record.get(benchmark.column)
            if not isinstance(text, str) or not _is_encodable(text):
                raise BrokenFileError(name, f"row {row} has no text in column {benchmark.column}")
            item = record.get(benchmark.item_column, row)
            yield Question(benchmark.name, f"{name}:{item}", text)
    except (ValueError, csv.Error, pa.ArrowException, AttributeError, RecursionError) as error:
        raise BrokenFileError(name, f"cannot be read ({error})", expected=f"the files of {benchmark.name}") from error


def _is_encodable(text: str) -> bool:
    """Whether the text holds no half surrogate."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _read_lines(path: Path, benchmark: Benchmark) -> Iterator[dict[str, object]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def _read_csv(path: Path, benchmark: Benchmark) -> Iterator[dict[str, object]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        yield from csv.DictReader(lines)


def _read_parquet(path: Path, benchmark: Benchmark) -> Iterator[dict[str, object]]:
    wanted = [benchmark.column, *([benchmark.item_column] if benchmark.item_column else [])]
    yield from pq.read_table(path, columns=wanted).to_pylist()


_READERS: dict[str, Callable[[Path, Benchmark], Iterator[dict[str, object]]]] = {
    ".jsonl": _read_lines,
    ".csv": _read_csv,
    ".parquet": _read_parquet,
}
