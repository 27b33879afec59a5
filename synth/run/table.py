"""The output of a finished run: the account of every prompt, remarks, time and cost, and the folder."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sources.command.console import result_line
from sources.command.memory import peak_memory_mib
from sources.command.printable import printable
from sources.pairs.account_table import account_table, remark
from sources.pairs.languages import LANGUAGE_NAMES
from synth.job.job import Job
from synth.run.collect import Collected
from synth.run.pipeline import Result


def show_run(job: Job, result: Result, console: Console) -> None:
    """Print the account, the remarks and the figures of this run."""
    console.print(account_table(f"{LANGUAGE_NAMES[job.lang]} pairs", [result.account], splits=False))
    _show_end(job, result, console)


def _show_end(job: Job, result: Result | Collected, console: Console) -> None:
    for line in remarks(result):
        console.print(line)
    console.print()
    size = sum(file.bytes for file in result.files) / 1e6
    console.print(result_line(job.out, f"{size:,.1f} MB"))
    said = result.asked.meter.summary("answer")
    console.print(Text(f"  {said}, at most {peak_memory_mib()['main']:,} MiB of memory", style="dim"))


def show_collected(job: Job, result: Collected, console: Console) -> None:
    """Print how many answers each model gave, the remarks and the figures of this run."""
    table = Table(title=f"{LANGUAGE_NAMES[job.lang]} candidates", title_style="bold", title_justify="left", box=None,
                  pad_edge=False)  # fmt: skip
    table.add_column("")
    for offer in result.offers:
        table.add_column(printable(offer.writer.model), justify="right", overflow="fold")
    asked = [len(result.prompts) * offer.writer.answers for offer in result.offers]
    table.add_row("answers wanted", *(f"{count:,}" for count in asked), style="bold")
    for reason in sorted({reason for offer in result.offers for reason in offer.lost}):
        table.add_row(
            f"  − {reason}", *(f"{offer.lost[reason]:,}" if offer.lost[reason] else "·" for offer in result.offers)
        )
    given = (f"{count - offer.lost.total():,}" for count, offer in zip(asked, result.offers, strict=True))
    table.add_row("candidates", *given, style="bold")
    console.print(table)
    _show_end(job, result, console)


def remarks(result: Result | Collected) -> list[Text]:
    """The remarks below the table, a line each."""
    missing = result.account.skipped["ask", "no_answer"]
    lines = [remark("asked", text, style="green") for text in result.asked.remarks]
    lines += [remark("journal", text) for text in result.remarks]
    lines += [remark("input", text) for text in result.prompts.warnings]
    if missing:
        lines.append(remark("no answer", f"for {missing:,} prompts; the same command asks for them once more"))
    return lines


def summary(job: Job, result: Result | Collected) -> dict[str, object]:
    """What is printed, as data for --json."""
    offers = result.offers if isinstance(result, Collected) else []
    return {
        "folder": str(job.out),
        **(
            {"without_answer": {each.writer.model: dict(sorted(each.lost.items())) for each in offers}}
            if offers
            else {}
        ),
        "account": result.account.as_dict(),
        "asked": result.asked.meter.as_dict(),
        "remarks": [line.plain for line in remarks(result)],
        "peak_memory_mib": peak_memory_mib()["main"],
    }
