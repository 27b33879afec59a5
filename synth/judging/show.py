"""The output of a finished run of judge-prefs: the audit by source, remarks, time and cost, and the folder."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sources.command.console import result_line
from sources.command.memory import peak_memory_mib
from sources.command.printable import printable
from sources.pairs.account_table import remark
from synth.asking.plan import show_sides
from synth.judging.audit import OF_ORDERS, SHARES, Audit
from synth.judging.job import JudgeJob
from synth.judging.pipeline import Judgement
from synth.judging.plan import JudgePlan
from synth.judging.share import Share

SHOWN_CHARS = 60
BELOW = "In brackets: 95 % intervals. Agreement and lengths are of the pairs with a preference that both orders share."


def show_judgement(job: JudgeJob, result: Judgement, console: Console) -> None:
    """Print the audit, the remarks and the figures of this run."""
    for each in result.written.each:
        title = "all judges together" if each is result.written.together else each.name
        console.print(audit_table(f"{title} on the labels", each.audits))
    console.print(Text(BELOW, style="dim"))
    for line in remarks(result):
        console.print(line)
    console.print()
    size = sum(file.bytes for file in result.written.files) / 1e6
    console.print(result_line(job.out, f"{size:,.1f} MB"))
    said = result.asked.meter.summary("verdict")
    console.print(Text(f"  {said}, at most {peak_memory_mib()['main']:,} MiB of memory", style="dim"))


def audit_table(title: str, audits: list[Audit], *, orders: bool = True) -> Table:
    """A column for each source. `orders`: the pairs were judged in both orders, not answers one by one."""
    table = Table(title=printable(title), title_style="bold", title_justify="left", box=None, pad_edge=False)
    table.add_column("")
    for each in audits:
        style = "bold" if each.source == "total" else ""
        table.add_column(printable(each.source), justify="right", style=style, overflow="fold")
    table.add_row("pairs", *(f"{each.pairs:,}" for each in audits), style="bold")
    judged = "with a verdict in both orders" if orders else "with two scores"
    table.add_row(judged, *(f"{each.judged:,}" for each in audits))
    for label, name in SHARES.items():
        if not orders and name in OF_ORDERS:
            continue
        table.add_row(label, *(_share(getattr(each, name)) for each in audits))
    return table


def _share(share: Share) -> str:
    if share.value is None or share.low is None or share.high is None:
        return "–"
    return f"{100 * share.value:.1f}% [{100 * share.low:.1f}–{100 * share.high:.1f}]"


def remarks(result: Judgement) -> list[Text]:
    """The remarks below the table, a line each."""
    pairs, written = result.pairs, result.written
    lines = [remark("asked", text, style="green") for text in result.asked.remarks]
    lines += [remark("journal", text) for text in result.remarks]
    if pairs.of_source.total() > len(pairs):
        lines.append(remark("sample", f"{len(pairs):,} of {pairs.of_source.total():,} pairs, each source by its size"))
    for (source, reason), count in sorted(pairs.left_out.items()):
        lines.append(remark("left out", f"{count:,} pairs of {source}: {reason}"))
    for judge in written.judges:
        for reason, count in sorted(judge.no_label.items()):
            lines.append(remark("no verdict", f"by {judge.name} on {count:,} pairs: {reason}"))
    if written.kappa is not None:
        lines.append(remark("kappa", f"{written.kappa:.2f} between the judges (1: always agree, 0: as chance would)"))
    lines += [remark("found", printable(line, max_chars=300)) for line in written.findings]
    for each in written.strongest.found[:3]:
        shown = printable(each.prompt, max_chars=SHOWN_CHARS)
        lines.append(remark("disagrees", f"{each.source} {each.source_row}: {shown}"))
    return lines


def summary(job: JudgeJob, result: Judgement) -> dict[str, object]:
    """What `show_judgement` prints, as data for --json, and the strongest disagreements whole."""
    written = result.written
    return {
        "folder": str(job.out),
        "rubric": result.rubric.name,
        "judges": [{"model": judge.name, **judge.figures()} for judge in written.judges],
        "together": written.together and {"rule": job.rule, "kappa": written.kappa, **written.together.figures()},
        "audit": [each.as_dict() for each in written.last.audits],
        "kin": [each.as_dict() for each in written.kin],
        "cycles": [each.as_dict() for each in written.cycles],
        "disagreements": [each.as_dict() for each in written.strongest.found],
        "asked": result.asked.meter.as_dict(),
        "remarks": [line.plain for line in remarks(result)],
        "peak_memory_mib": peak_memory_mib()["main"],
    }


def show_plan(plan: JudgePlan, console: Console) -> None:
    """Print what a run would ask."""
    show_sides(plan.sides, console)
    whole = sum(plan.by_source.values())
    sampled = f" of {whole:,}" if whole > plan.pairs else ""
    said = f"{plan.pairs:,}{sampled} pairs in both orders, by the rubric {plan.rubric}; nothing was asked."
    console.print(Text(printable(said, max_chars=300), style="dim"))
