"""The results on the terminal: a line for each benchmark, before and after side by side, and what to mind."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sources.command.printable import printable
from sources.pairs.account_table import remark
from train.evaluation.ask import Run
from train.evaluation.benchmarks import Benchmark
from train.evaluation.report import Report
from train.evaluation.results import Z95, Estimate

COLOURS = {"better": "green", "worse": "red", "unclear": ""}
MARKS = {"better": "▲", "worse": "▼", "unclear": " "}


def show_report(report: Report, console: Console) -> None:
    """The table, then a line for each thing that a reader of the table should not miss."""
    console.print(_table(report))
    console.print()
    for line in remarks(report):
        console.print(line)


def _table(report: Report) -> Table:
    shots = any(run.num_fewshot for run in report.after.tasks.values())
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 3, 0, 0))
    table.add_column("benchmark", no_wrap=True)
    table.add_column("metric", no_wrap=True, style="dim")
    scores = ("before", "after", "difference", "won / lost") if report.before else ("score, percent",)
    for name in (*(("shots",) if shots else ()), "questions", *scores):
        table.add_column(name, justify="right", no_wrap=True)
    for benchmark in report.benchmarks:
        table.add_row(*_cells(report, benchmark, shots))
    return table


def _cells(report: Report, benchmark: Benchmark, shots: bool) -> list[str | Text]:
    after, difference = report.after.tasks[benchmark.name], report.difference(benchmark)
    cells: list[str | Text] = [Text(benchmark.name, "bold"), benchmark.metric]
    cells += [*([str(after.num_fewshot)] if shots else []), f"{len(after.outcomes):,}"]
    if report.before is None or difference is None:
        return [*cells, _score(after.score)]
    style = f"bold {COLOURS[difference.verdict]}".strip()
    changed = f"{difference.improved:,} / {difference.worsened:,}"
    change = Text.assemble(_score(difference.estimate, style, signed=True), (f" {MARKS[difference.verdict]}", style))
    return [*cells, _score(report.before.tasks[benchmark.name].score, ""), _score(after.score), change, changed]


def _score(estimate: Estimate, style: str = "bold", *, signed: bool = False) -> Text:
    """A score and how far its 95 % interval reaches on each side, if there is one."""
    reach = "" if estimate.stderr is None else f" ± {percent(Z95 * estimate.stderr):>4}"
    return Text.assemble((percent(estimate.value, signed=signed), style), (reach, "dim"))


def percent(share: float, *, signed: bool = False) -> str:
    """A share as percent with one decimal."""
    shown = f"{share * 100:+.1f}" if signed else f"{share * 100:.1f}"
    return shown.replace("-", "−")


def remarks(report: Report) -> list[Text]:
    """Models, variants, unreadable answers, cut prompts, limits."""
    sides = {"after": report.after, **({"before": report.before} if report.before else {})}
    lines = [remark("±", "half of the 95 % interval, in percent", "bold")]
    lines += [remark(side if len(sides) > 1 else "model", _model(run), "bold") for side, run in reversed(sides.items())]
    if report.before:
        lines.append(remark("difference", "paired by question; ▲ or ▼ where its 95 % interval leaves out 0", "bold"))
    lines += [remark(benchmark.name, benchmark.note) for benchmark in report.benchmarks if benchmark.note]
    for side, run in sides.items():
        where = f" {side}" if len(sides) > 1 else ""
        readings = run.tasks["cvalues"].readings if "cvalues" in run.tasks else {}
        lost = ", ".join(
            f"{readings[name]:,} {name}" for name in ("unreadable", "neither", "refused") if readings.get(name)
        )
        if lost:
            lines.append(remark(f"cvalues{where}", f"answers counted as wrong: {lost} of {sum(readings.values()):,}"))
        if run.cut:
            tokens = f"{run.max_length:,} tokens"
            lines.append(remark(f"context{where}", f"cut to {tokens} from the left: {run.cut:,} warnings of lm-eval"))
    if report.settings["limit"]:
        lines.append(
            remark("limit", f"only the first {report.settings['limit']:,} questions of each task: no result to report")
        )
    if report.settings["data"] == "sample":
        lines.append(remark("sample", "a few questions written to try the command: says nothing about a model"))
    return lines


def _model(run: Run) -> str:
    base = f" on {run.model.pretrained}" if run.model.adapter else ""
    return printable(f"{run.model.given}{base} · {run.parameters:,} parameters · {run.dtype}", max_chars=200)
