"""What a build says at its end: an account by source that adds up from the first line to the last."""

from rich.console import Console
from rich.text import Text

from builders.building.pipeline import Built
from builders.inputs.inputs import Inputs
from sources.checks.tested import not_tested_in
from sources.command.console import result_line
from sources.command.memory import peak_memory_mib
from sources.pairs.account_table import account_table, remark
from sources.pairs.languages import LANGUAGE_NAMES
from sources.pairs.ledger import Account


def show_build(inputs: Inputs, built: list[Built], seconds: float, console: Console) -> None:
    """The tables of all languages, then what was left out or not checked, then where the result is."""
    for result in built:
        console.print(account_table(f"{LANGUAGE_NAMES[result.lang]} pairs", result.accounts))
    for line in remarks(inputs, built):
        console.print(line)
    console.print()
    for result in built:
        size = sum(written.file.bytes for written in result.files) / 1e6
        console.print(result_line(result.folder, f"{size:,.1f} MB"))
    if told := _told_of_reuse(reuse_counts(built)):
        console.print(Text(f"  {told}", style="dim"))
    memory = peak_memory_mib()
    workers = f", {memory['each_worker']:,} MiB in each worker" if memory["each_worker"] else ""
    console.print(Text(f"  {seconds:,.1f} s, at most {memory['main']:,} MiB of memory{workers}", style="dim"))


def remarks(inputs: Inputs, built: list[Built]) -> list[Text]:
    """One line for each thing that a reader of the table should not miss."""
    lines = [remark("layout", text, style="green") for text in inputs.selection.layouts]
    accounts = [account for result in built for account in result.accounts]
    lines += [
        remark(what, _in_language(account, accounts) + text) for account in accounts for what, text in account.remarks()
    ]
    lines += [remark(what, text) for what, text in inputs.selection.told]
    lines += [remark("left out", f"{name}: {why}") for name, why in inputs.selection.left_out]
    checked = [f"{status.name} ({status.questions:,})" for status in inputs.benchmarks if not status.missing]
    if checked:
        lines.append(remark("contamination checked", ", ".join(checked), style="green"))
    lines += [remark("not checked", f"{s.name}: {s.missing}") for s in inputs.benchmarks if s.missing]
    lines += [remark("not tested", line) for line in not_tested_in([result.lang for result in built])]
    return lines + [remark("input", warning) for warning in inputs.warnings()]


def reuse_counts(built: list[Built]) -> dict[str, int]:
    """How many files were taken from the cache, kept there, could not be kept, and were found damaged there; nothing
    where there was no cache."""
    return {str(what).replace(" ", "_"): count for what, count in sorted(built[0].reuse.items()) if what}


def _told_of_reuse(counts: dict[str, int]) -> str:
    """The same for people; empty where there is nothing to say."""
    words = {
        "taken": "taken from the cache",
        "kept": "now kept in it",
        "not_kept": "not kept in it (full, or changed meanwhile)",
        "damaged": "damaged in it and made anew",
    }
    if not counts:
        return ""
    said = ", ".join(f"{counts[what]:,} {text}" for what, text in words.items() if what in counts)
    return f"cache: of {sum(counts.values()):,} files {said} (--cache-info)"


def _in_language(account: Account, accounts: list[Account]) -> str:
    """The language of an account, where a source of that name is there in another one too."""
    several = sum(each.source == account.source for each in accounts) > 1
    return f"{LANGUAGE_NAMES[account.lang]}, " * several
