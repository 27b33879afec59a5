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
from synth.ranking.job import ScoreJob
from synth.ranking.plan_lengths import USUAL_TOKENS, from_lengths


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
    """What a run would ask; nothing is sent. Where nothing was asked before, no request is even made: its size follows
    from the lengths of the texts.

    Raises:
        PrefsError: the answers or a rubric cannot be read.
    """
    with TemporaryDirectory() as nowhere:
        groups = job.read(Path(nowhere))
        domains = job.load_domains(groups)
        path = job.out / NAME
        ways = job.work(groups, domains).ways
        if isfile(path):
            with closing(Journal(path)) as journal:
                sides = [plan_side(model, asked, journal, lambda _: USUAL_TOKENS) for model, asked in ways.items()]
        else:
            sides = [from_lengths(model, groups, domains, ways[model]) for model in job.judges]
    names = sorted({rubric.name for rubric in domains.rubrics.values()})
    return ScorePlan(len(groups), groups.answers, dict(sorted(groups.of_source.items())), names, sides)


def show_plan(plan: ScorePlan, console: Console) -> None:
    """Print what a run would ask."""
    show_sides(plan.sides, console)
    by = f", by the rubrics {', '.join(plan.rubrics)}" if plan.rubrics else ""
    said = f"{plan.groups:,} groups of answers, {plan.answers:,} answers{by}; nothing was asked."
    console.print(Text(printable(said, max_chars=300), style="dim"))
