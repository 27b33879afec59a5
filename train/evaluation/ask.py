"""One model, every benchmark: lm-eval asks, and its answers become scores and outcomes."""

import gc
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sources.command.errors import DownloadError, PrefsError
from train.evaluation.benchmarks import Benchmark
from train.evaluation.cvalues import read_answer
from train.evaluation.harness import CutPrompts
from train.evaluation.model import LOADING_ERRORS, Loading, ModelSource, first_line, load_model
from train.evaluation.results import Outcome, TaskRun, estimate
from train.evaluation.task_files import Workplace


@dataclass(frozen=True, slots=True)
class Asking:
    """Which benchmarks, where their task files are, how many questions, and the seed for the choice of examples."""

    benchmarks: Sequence[Benchmark]
    place: Workplace
    limit: int | None
    seed: int


@dataclass(frozen=True, slots=True)
class Run:
    """What one model scored; `cut` counts the prompts that were longer than its context of `max_length` tokens."""

    model: ModelSource
    parameters: int
    dtype: str
    max_length: int
    cut: int
    tasks: dict[str, TaskRun]


def load_tasks(place: Workplace, benchmark: Benchmark, seed: int) -> Any:
    """The benchmark as lm-eval's tasks, its questions loaded.

    Raises:
        PrefsError: lm-eval cannot load it.
    """
    from lm_eval.tasks import TaskManager

    manager = TaskManager(include_path=str(place.tasks), include_defaults=False)
    try:
        loaded = manager.load([benchmark.name])
    except Exception as error:  # datasets, the Hub and a task file may raise anything
        raise DownloadError(
            benchmark.name,
            f"needs {benchmark.upstream}, which cannot be loaded ({first_line(error)})",
            hint="Give the folder that holds its files to --mirror.",
        ) from error
    for task in loaded["tasks"].values():
        task.set_fewshot_seed(seed=seed)
    return loaded


def ask(source: ModelSource, loading: Loading, asking: Asking, cut: CutPrompts) -> Run:
    """The scores of one model, which is loaded for it and let go.

    Raises:
        PrefsError: it cannot be loaded, or fails at a question.
    """
    import torch

    lm = load_model(source, loading)
    before = cut.warnings
    try:
        tasks = {}
        for benchmark in asking.benchmarks:
            torch.manual_seed(asking.seed)
            tasks[benchmark.name] = ask_one(lm, loading, benchmark, asking)
        facts = (lm.model.num_parameters(), str(lm.model.dtype).removeprefix("torch."), int(lm.max_length))
        return Run(source, *facts, cut.warnings - before, tasks)
    except LOADING_ERRORS as error:
        raise PrefsError(source.given, f"fails at {benchmark.name} ({first_line(error)})", hint=_hint(error)) from error
    finally:
        del lm
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def _hint(error: BaseException) -> str:
    if "out of memory" in str(error).casefold():
        return "Give a smaller --batch-size."
    if "maximum sequence length" in str(error):
        return "The model's context is too short for this benchmark."
    return ""


def ask_one(lm: Any, loading: Loading, benchmark: Benchmark, asking: Asking) -> TaskRun:
    from lm_eval.evaluator import evaluate

    loaded = load_tasks(asking.place, benchmark, asking.seed)
    found = evaluate(
        lm=lm,
        task_dict=loaded,
        limit=asking.limit,
        bootstrap_iters=1,  # the scores are means, whose standard error needs no bootstrap; 0 would leave it out
        log_samples=True,
        apply_chat_template=loading.apply_chat_template,
        fewshot_as_multiturn=loading.apply_chat_template,
    )
    return _task_run(benchmark, list(loaded["tasks"]), found)


def _task_run(benchmark: Benchmark, names: list[str], found: dict[str, Any]) -> TaskRun:
    """lm-eval's results of one benchmark, those of a group from its own line."""
    metrics = _metrics(found["results"][benchmark.name])
    stderr = metrics.get(f"{benchmark.metric}_stderr")
    outcomes = [_outcome(benchmark, name, sample) for name in names for sample in found["samples"][name]]
    readings = Counter[str]()
    if benchmark.name == "cvalues":
        readings = Counter(read_answer(str(outcome.answer)) for outcome in outcomes)
    return TaskRun(
        version=str(found["versions"][benchmark.name]),
        num_fewshot=int(found["n-shot"][names[0]]),
        score=estimate(metrics[benchmark.metric], stderr, low=0.0, high=1.0),
        metrics=metrics,
        readings=dict(sorted(readings.items())),
        subjects={name: _metrics(found["results"][name])[benchmark.metric] for name in names if name != benchmark.name},
        outcomes=tuple(outcomes),
    )


def _metrics(results: dict[str, Any]) -> dict[str, float]:
    """ "acc,none" as acc; a standard error that cannot be had is "N/A" there and left out."""
    numbers = {key.partition(",")[0]: value for key, value in results.items() if "," in key}
    return {key: float(value) for key, value in numbers.items() if isinstance(value, int | float)}


def _outcome(benchmark: Benchmark, task: str, sample: dict[str, Any]) -> Outcome:
    answers = sample["filtered_resps"]
    chosen = answers[0] if isinstance(answers[0], str) else _choice(benchmark, sample)
    return Outcome(task, int(sample["doc_id"]), sample["doc_hash"], chosen, float(sample[benchmark.metric]))


def _choice(benchmark: Benchmark, sample: dict[str, Any]) -> int:
    """The number of the likeliest choice, per character where the metric is."""
    logps = [logp for logp, _ in sample["filtered_resps"]]
    if benchmark.metric == "acc_norm":
        logps = [logp / len(text) for logp, text in zip(logps, sample["doc"]["choices"], strict=True)]
    return max(range(len(logps)), key=logps.__getitem__)
