"""The output of a finished run: the account of every prompt, remarks, time and cost, and the folder."""

from rich.console import Console
from rich.text import Text

from sources.command.console import result_line
from sources.pairs.account_table import account_table, peak_memory_mib, remark
from sources.pairs.schema import LANGUAGE_NAMES
from synth.job.job import Job
from synth.run.pipeline import Result


def show_run(job: Job, result: Result, console: Console) -> None:
    """Print the account, the remarks and the figures of this run."""
    console.print(account_table(f"{LANGUAGE_NAMES[job.lang]} pairs", [result.account], splits=False))
    for line in remarks(result):
        console.print(line)
    console.print()
    size = sum(file.bytes for file in result.files) / 1e6
    console.print(result_line(job.out, f"{size:,.1f} MB"))
    said = result.asked.meter.summary("answer")
    console.print(Text(f"  {said}, at most {peak_memory_mib()['main']:,} MiB of memory", style="dim"))


def remarks(result: Result) -> list[Text]:
    """The remarks below the table, a line each."""
    missing = result.account.skipped["ask", "no_answer"]
    lines = [remark("asked", text, style="green") for text in result.asked.remarks]
    lines += [remark("journal", text) for text in result.remarks]
    lines += [remark("input", text) for text in result.prompts.warnings]
    if missing:
        lines.append(remark("no answer", f"for {missing:,} prompts; the same command asks for them once more"))
    return lines


def summary(job: Job, result: Result) -> dict[str, object]:
    """What `show_run` prints, as data for --json."""
    return {
        "folder": str(job.out),
        "account": result.account.as_dict(),
        "asked": result.asked.meter.as_dict(),
        "remarks": [line.plain for line in remarks(result)],
        "peak_memory_mib": peak_memory_mib()["main"],
    }
