"""The results of a run as plain data, and the folder that they are written to, whole or not at all."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sources.command.errors import OutputError
from sources.files.folder import put_in_place
from train.evaluation.ask import Run
from train.evaluation.benchmarks import Benchmark
from train.evaluation.find_data import DataFile
from train.evaluation.results import METHOD, Difference, TaskRun, compare

RESULTS = "results.json"
QUESTIONS = "questions.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that was measured. `files` are those of each benchmark; lm-eval's own downloads have no hash."""

    benchmarks: tuple[Benchmark, ...]
    after: Run
    before: Run | None
    files: dict[str, list[DataFile]]
    downloads: dict[str, list[str]]
    settings: dict[str, Any]
    versions: dict[str, str]

    def difference(self, benchmark: Benchmark) -> Difference | None:
        """After minus before, if there is a before."""
        if self.before is None:
            return None
        return compare(self.before.tasks[benchmark.name], self.after.tasks[benchmark.name])


def as_data(report: Report) -> dict[str, Any]:
    """The report for results.json and --json."""
    return {
        "models": {side: _model(run) for side, run in _sides(report)},
        "settings": report.settings,
        "versions": report.versions,
        "intervals": {"level": 0.95, "scores": "lm-eval's standard error, normal", "difference": METHOD},
        "tasks": [_task(report, benchmark) for benchmark in report.benchmarks],
    }


def _sides(report: Report) -> list[tuple[str, Run]]:
    return [*([("before", report.before)] if report.before else []), ("after", report.after)]


def _model(run: Run) -> dict[str, Any]:
    return {
        "model": run.model.given,
        "base": run.model.pretrained if run.model.adapter else None,
        "parameters": run.parameters,
        "dtype": run.dtype,
        "context_tokens": run.max_length,
        "prompts_cut_to_context": run.cut,
    }


def _task(report: Report, benchmark: Benchmark) -> dict[str, Any]:
    after, difference = report.after.tasks[benchmark.name], report.difference(benchmark)
    files = [{"name": file.name, "sha256": file.sha256} for file in report.files[benchmark.name]]
    return {
        "task": benchmark.name,
        **({"note": benchmark.note} if benchmark.note else {}),
        "version": after.version,
        "metric": benchmark.metric,
        "chance": benchmark.chance,
        "num_fewshot": after.num_fewshot,
        "questions": len(after.outcomes),
        "files": files or [{"name": name, "sha256": None} for name in report.downloads[benchmark.name]],
        **{side: _side(run.tasks[benchmark.name]) for side, run in _sides(report)},
        "difference": None
        if difference is None
        else {
            **asdict(difference.estimate),
            "improved": difference.improved,
            "worsened": difference.worsened,
            "verdict": difference.verdict,
        },
    }


def _side(run: TaskRun) -> dict[str, Any]:
    extra = {"readings": run.readings, "subjects": run.subjects}
    return {**asdict(run.score), "metrics": run.metrics, **{name: value for name, value in extra.items() if value}}


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """A folder to write to, which takes the place of `out` at the end; after an error `out` is as it was.

    Raises:
        OutputError: `out` is something else than results of an earlier run, or cannot be written.
    """
    if out.exists() and not (out.is_dir() and ((out / RESULTS).is_file() or not any(out.iterdir()))):
        raise OutputError(out, f"exists and holds no {RESULTS}", hint="Move it away, or give another --out.")
    try:
        out.absolute().parent.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.absolute().parent)
    except OSError as error:
        raise OutputError(out, f"cannot be written ({error.strerror})", hint="Give another --out.") from error
    with scratch as aside:
        made = Path(aside) / "made"
        made.mkdir()
        yield made
        put_in_place(made, out.absolute())


def write_report(report: Report, folder: Path) -> None:
    """results.json, and questions.jsonl with every answer."""
    text = json.dumps(as_data(report), ensure_ascii=False, indent=2, allow_nan=False)
    (folder / RESULTS).write_text(text + "\n", encoding="utf-8", errors="backslashreplace")
    with (folder / QUESTIONS).open("w", encoding="utf-8", errors="backslashreplace") as lines:
        for benchmark in report.benchmarks:
            lines.writelines(_lines(report, benchmark))


def _lines(report: Report, benchmark: Benchmark) -> Iterator[str]:
    runs: Sequence[tuple[str, TaskRun]] = [(side, run.tasks[benchmark.name]) for side, run in _sides(report)]
    for number, outcome in enumerate(runs[-1][1].outcomes):
        answers = {side: run.outcomes[number] for side, run in runs}
        sides = {side: {"answer": found.answer, "score": found.score} for side, found in answers.items()}
        yield json.dumps({"task": outcome.task, "question": outcome.index, **sides}, ensure_ascii=False) + "\n"
