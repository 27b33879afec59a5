"""The output of a finished run that scores answers: audit or pairs made, scores by judge, remarks, and the folder."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sources.command.console import result_line
from sources.command.memory import peak_memory_mib
from sources.command.printable import printable
from sources.pairs.account_table import remark
from synth.judging.families import lines_of
from synth.judging.show import SHOWN_CHARS, audit_table
from synth.ranking.combine import SCALES
from synth.ranking.job import ScoreJob
from synth.ranking.manifest import scale_of
from synth.ranking.pipeline import Scoring
from synth.ranking.write import OfScorer, Written

BELOW = "In brackets: 95 % intervals. Agreement and lengths are of the pairs whose answers have different scores."


def show_scoring(job: ScoreJob, result: Scoring, console: Console) -> None:
    """Print what the scores say, the remarks and the figures of this run."""
    written = result.written
    for each in written.each if written.made is None else ():
        console.print(audit_table(f"{_name(written, each)} on the labels", each.audits, orders=False))
    if written.made is None:
        console.print(Text(BELOW, style="dim"))
    console.print(_scores_table(written))
    for line in remarks(job, result):
        console.print(line)
    console.print()
    size = sum(file.bytes for file in written.files) / 1e6
    console.print(result_line(job.out, f"{size:,.1f} MB"))
    said = result.asked.meter.summary("score")
    console.print(Text(f"  {said}, at most {peak_memory_mib()['main']:,} MiB of memory", style="dim"))


def _name(written: Written, each: OfScorer) -> str:
    return "all judges together" if each is written.together else each.name


def _scores_table(written: Written) -> Table:
    """A column for each judge: how many answers it scored, and how the scores are spread."""
    table = Table(title="Scores", title_style="bold", title_justify="left", box=None, pad_edge=False)
    table.add_column("")
    for each in written.each:
        table.add_column(printable(_name(written, each)), justify="right", overflow="fold")
    answers = written.every.answers.total()
    table.add_row("answers", *(f"{answers:,}" for _ in written.each), style="bold")
    table.add_row("with a score", *(_count(each) for each in written.each))
    table.add_row("mean", *(_number(each.mean) for each in written.each))
    table.add_row("standard deviation", *(_number(each.spread) for each in written.each))
    outside = [each.collected.mean_outside if each.collected else None for each in written.each]
    if any(value is not None for value in outside):
        shown = ("–" if value is None else f"{100 * value:.1f}%" for value in outside)
        table.add_row("probability outside the scale", *shown)
    return table


def _count(each: OfScorer) -> str:
    return "–" if each.collected is None else f"{each.collected.tokens['scored']:,}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def remarks(job: ScoreJob, result: Scoring) -> list[Text]:
    """The remarks below the tables, a line each."""
    groups, written = result.groups, result.written
    unit = "pairs" if written.made is None else "prompts"
    lines = [remark("asked", text, style="green") for text in result.asked.remarks]
    lines += [remark("journal", text) for text in result.remarks]
    if groups.of_source.total() > len(groups) and job.sample is not None:
        lines.append(
            remark("sample", f"{len(groups):,} of {groups.of_source.total():,} {unit}, each source by its size")
        )
    for (source, reason), count in sorted(groups.left_out.items()):
        lines.append(remark("left out", f"{count:,} rows of {source}: {reason}"))
    if len(result.domains.rubrics) > 1:
        said = ", ".join(f"{name} {count:,}" for name, count in sorted(written.every.answers.items()))
        lines.append(remark("rubrics", f"answers by domain: {said}"))
    for judge in written.judges:
        lines += _missing(judge)
    lines += [remark("found", printable(line, max_chars=300)) for line in lines_of(written.kin)]
    if written.kappa is not None:
        lines.append(remark("kappa", f"{written.kappa:.2f} between the judges (1: always agree, 0: as chance would)"))
    if written.together:
        lines.append(remark("together", f"{SCALES[job.together]}"))
    return [*lines, *_made(job, written), *_disagreements(written)]


def _missing(judge: OfScorer) -> Sequence[Text]:
    if judge.collected is None:
        return []
    found = sorted(judge.collected.no_verdict.items())
    return [remark("no score", f"by {judge.name} to {count:,} questions: {reason}") for reason, count in found]


def _made(job: ScoreJob, written: Written) -> list[Text]:
    made = written.made
    if made is None:
        return []
    lines = [remark("pairs", f"{made.pairs:,} of {made.prompts:,} prompts, by {job.choice}", style="green")]
    for reason, count in sorted(made.without.items()):
        lines.append(remark("no pair", f"{count:,} prompts: {reason}"))
    if made.pairs:
        lines.append(
            remark("length", f"chosen is the longer answer in {100 * made.longer / made.pairs:.1f}% of the pairs")
        )
    return lines


def _disagreements(written: Written) -> list[Text]:
    return [
        remark("disagrees", f"{each.source} {each.source_row}: {printable(each.prompt, max_chars=SHOWN_CHARS)}")
        for each in written.strongest.found[:3]
    ]


def summary(job: ScoreJob, result: Scoring) -> dict[str, object]:
    """What `show_scoring` prints, as data for --json, and the strongest disagreements whole."""
    written = result.written
    made = written.made
    return {
        "folder": str(job.out),
        "rubrics": {name: rubric.name for name, rubric in sorted(result.domains.rubrics.items())},
        "scale": scale_of(job, result.domains, result.scorers),
        "judges": [
            {"model": judge.name, **scorer.figures(), **judge.figures()}
            for judge, scorer in zip(written.judges, result.scorers, strict=True)
        ],
        "together": written.together and {"rule": job.together, "kappa": written.kappa, **written.together.figures()},
        "audit": [each.as_dict() for each in written.last.audits],
        "pairs": made
        and {"pairs": made.pairs, "prompts": made.prompts, "prompts_without": dict(sorted(made.without.items()))},
        "disagreements": [each.as_dict() for each in written.strongest.found],
        "asked": result.asked.meter.as_dict(),
        "remarks": [line.plain for line in remarks(job, result)],
        "peak_memory_mib": peak_memory_mib()["main"],
    }
