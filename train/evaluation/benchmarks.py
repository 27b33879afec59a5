"""The benchmarks that can be asked for: which lm-eval task, which files, which metric.

copa, cmmlu, hellaswag and triviaqa are lm-eval's packaged tasks. CValues is not among them; its multiple-choice file
(https://github.com/X-PLUG/CValues, dataset/cvalues_responsibility_mc.jsonl, 1,712 rows, Apache-2.0) has a `prompt`
that holds the question and both responses, and a `label`, 回复1 or 回复2. So say the repository's README and its
code/cvalues_eval.py, and OpenCompass (opencompass/datasets/cvalues.py), which reads these two columns.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sources.pairs.source import UpstreamFile
from train.evaluation.fit_rows import Row, fit_cmmlu, fit_copa, fit_cvalues, fit_hellaswag, fit_triviaqa

OWN_TASKS = Path(__file__).parent / "tasks"


@dataclass(frozen=True, slots=True)
class Split:
    """One split of a benchmark: lm-eval's name for it, and the ends of the paths that its files may have."""

    name: str
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """`task_file` is the packaged YAML below lm_eval/tasks, or one of ours.

    `examples` is where few-shot examples come from; None: always asked without any. `upstream` says where the files
    can be had, `download` is the one file that lm-eval cannot get itself. `note` is said wherever results are shown.
    """

    name: str
    metric: str
    chance: float
    task_file: str
    group_file: str = ""
    questions: Split
    examples: Split | None
    examples_key: str = "training_split"
    fit: Callable[[Row], Row]
    upstream: str
    download: UpstreamFile | None = None
    note: str = ""


CVALUES_FILE = UpstreamFile(
    host="github",
    repository="X-PLUG/CValues",
    revision="c9c7edf3c088084bd8897817636eb3c7827def96",
    path="dataset/cvalues_responsibility_mc.jsonl",
)


def _cvalues(name: str, note: str) -> Benchmark:
    return Benchmark(
        name=name,
        metric="acc",
        chance=0.5,
        task_file=str(OWN_TASKS / f"{name}.yaml"),
        questions=Split("test", ("cvalues_responsibility_mc.jsonl",)),
        examples=None,
        fit=fit_cvalues,
        upstream="github.com/X-PLUG/CValues, dataset/cvalues_responsibility_mc.jsonl",
        download=CVALUES_FILE,
        note=note,
    )


BENCHMARKS = (
    _cvalues("cvalues", ""),
    _cvalues(
        "cvalues_loglikelihood",
        "a variant, not the official score: the likelier of 回复1 and 回复2 after the prompt, nothing generated",
    ),
    Benchmark(
        name="cmmlu",
        metric="acc",
        chance=0.25,
        task_file="cmmlu/cmmlu_{subject}.yaml",
        group_file="cmmlu/_cmmlu.yaml",
        questions=Split("test", ("cmmlu/test/{subject}.csv", "[cC][mM][mM][lL][uU]/data/test/{subject}.csv")),
        examples=Split("dev", ("cmmlu/dev/{subject}.csv", "[cC][mM][mM][lL][uU]/data/dev/{subject}.csv")),
        examples_key="fewshot_split",
        fit=fit_cmmlu,
        upstream="github.com/haonan-li/CMMLU, data/, or cmmlu_v1_0_1.zip of haonan-li/cmmlu on the Hugging Face Hub",
    ),
    Benchmark(
        name="copa",
        metric="acc",
        chance=0.5,
        task_file="super_glue/copa/default.yaml",
        questions=Split("validation", ("copa/val*.parquet", "copa/val*.jsonl", "COPA/val.jsonl")),
        examples=Split("train", ("copa/train*.parquet", "copa/train*.jsonl", "COPA/train.jsonl")),
        fit=fit_copa,
        upstream="aps/super_glue on the Hugging Face Hub, copa/",
    ),
    Benchmark(
        name="hellaswag",
        metric="acc_norm",
        chance=0.25,
        task_file="hellaswag/hellaswag.yaml",
        questions=Split(
            "validation",
            (
                "hellaswag_val.jsonl",
                "hellaswag/val*.jsonl",
                "hellaswag/val*.parquet",
                "hellaswag/data/validation*.parquet",
            ),
        ),
        examples=Split(
            "train",
            (
                "hellaswag_train.jsonl",
                "hellaswag/train*.jsonl",
                "hellaswag/train*.parquet",
                "hellaswag/data/train*.parquet",
            ),
        ),
        fit=fit_hellaswag,
        upstream="Rowan/hellaswag on the Hugging Face Hub, data/",
    ),
    Benchmark(
        name="triviaqa",
        metric="exact_match",
        chance=0.0,
        task_file="triviaqa/default.yaml",
        questions=Split(
            "validation",
            ("triviaqa/val*.jsonl", "triviaqa/val*.parquet", "trivia_qa/rc.nocontext/validation*.parquet"),
        ),
        examples=Split(
            "train", ("triviaqa/train*.jsonl", "triviaqa/train*.parquet", "trivia_qa/rc.nocontext/train*.parquet")
        ),
        fit=fit_triviaqa,
        upstream="mandarjoshi/trivia_qa on the Hugging Face Hub, rc.nocontext/",
    ),
)

BY_NAME = {benchmark.name: benchmark for benchmark in BENCHMARKS}
OF_THE_CARD = tuple(name for name in BY_NAME if name != "cvalues_loglikelihood")
