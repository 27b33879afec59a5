"""What a run that scores answers would ask and cost at most, for --dry-run; nothing is sent."""

from contextlib import closing
from dataclasses import dataclass
from os.path import isfile
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.text import Text

from sources.command.printable import printable
from synth.asking.plan import PlannedSide, plan_side, show_sides
from synth.journal.journal import NAME, Journal
from synth.scoring.job import ScoreJob

USUAL_TOKENS = 80
"""Of the scores with one sentence of reason."""


@dataclass(frozen=True, slots=True)
class ScorePlan:
    """What a run would ask: of how many pairs or prompts, with how many answers (an answer in two pairs counts twice
    here, and is asked about once)."""

    groups: int
    answers: int
    by_source: dict[str, int]
    rubrics: list[str]
    sides: list[PlannedSide]


def plan_scoring(job: ScoreJob) -> ScorePlan:
    """What a run would ask; nothing is sent.

    Raises:
        PrefsError: the answers or a rubric cannot be read.
    """
    with TemporaryDirectory() as nowhere:
        groups = job.read(Path(nowhere))
        domains = job.load_domains(groups)
        path = job.out / NAME
        with closing(Journal(path if isfile(path) else Path(nowhere) / NAME)) as journal:
            ways = job.work(groups, domains).ways
            sides = [plan_side(model, asked, journal, lambda _: USUAL_TOKENS) for model, asked in ways.items()]
    names = sorted({rubric.name for rubric in domains.rubrics.values()})
    return ScorePlan(len(groups), groups.answers, dict(sorted(groups.of_source.items())), names, sides)


def show_plan(plan: ScorePlan, console: Console) -> None:
    """Print what a run would ask."""
    show_sides(plan.sides, console)
    by = f", by the rubrics {', '.join(plan.rubrics)}" if plan.rubrics else ""
    said = f"{plan.groups:,} groups of answers, {plan.answers:,} answers{by}; nothing was asked."
    console.print(Text(printable(said, max_chars=300), style="dim"))
