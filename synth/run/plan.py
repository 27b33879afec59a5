"""What a run of synth-prefs would ask and cost at most, for --dry-run; nothing is sent."""

from contextlib import closing
from dataclasses import dataclass
from functools import partial
from os.path import isfile
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.text import Text

from sources.pairs.schema import joined_text
from synth.asking.plan import PlannedSide, plan_side, show_sides, tokens_of
from synth.job.job import Job
from synth.job.prompts import Prompts
from synth.journal.journal import NAME, Journal
from synth.run.work import work_of


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would ask, by side."""

    prompts: int
    rows_without_prompt: int
    from_file: str
    sides: list[PlannedSide]


def make_plan(job: Job) -> Plan:
    """The plan of a job.

    Raises:
        PrefsError: the prompts cannot be had or read.
    """
    with TemporaryDirectory() as nowhere:
        prompts = job.read_prompts(Path(nowhere))
        path = job.out / NAME
        usual = partial(_usual_answer, prompts)
        with closing(Journal(path if isfile(path) else Path(nowhere) / NAME)) as journal:
            sides = [plan_side(model, ways, journal, usual) for model, ways in work_of(job, prompts).ways.items()]
    return Plan(len(prompts), len(prompts.lost), prompts.name, sides)


def _usual_answer(prompts: Prompts, otherwise: int) -> float:
    """The mean tokens of the answers that the prompts came with; `otherwise` where there are none."""
    chosen = next(prompts.batches())["chosen"].drop_null()
    if not len(chosen):
        return otherwise
    texts = joined_text(chosen).slice(0, 1000).to_pylist()
    return sum(map(tokens_of, texts)) / len(texts)


def show_plan(plan: Plan, console: Console) -> None:
    """Print the plan as a table."""
    show_sides(plan.sides, console)
    lost = f", {plan.rows_without_prompt:,} rows without one" if plan.rows_without_prompt else ""
    console.print(Text(f"{plan.prompts:,} prompts from {plan.from_file}{lost}; nothing was asked.", style="dim"))
