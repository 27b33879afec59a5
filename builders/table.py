"""What a build says at its end: an account by source that adds up from the first line to the last."""

import resource
import sys
from collections.abc import Callable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from builders.inputs import Inputs
from builders.pipeline import Built
from sources.ledger import Account, Reason, total
from sources.printable import printable
from sources.schema import LANGUAGE_NAMES


def show_build(inputs: Inputs, built: list[Built], seconds: float, console: Console) -> None:
    """The tables of all languages, then what was left out or not checked, then where the result is."""
    for result in built:
        console.print(build_table(result))
    for line in remarks(inputs):
        console.print(line)
    console.print()
    for result in built:
        size = sum(file.bytes for file in result.files) / 1e6
        console.print(Text.assemble(("→ ", "bold green"), (str(result.folder), "bold"), f"  {size:,.1f} MB"))
    memory = peak_memory_mib()
    workers = f", {memory['each_worker']:,} MiB in each worker" if memory["each_worker"] else ""
    console.print(Text(f"  {seconds:,.1f} s, at most {memory['main']:,} MiB of memory{workers}", style="dim"))


def build_table(result: Built) -> Table:
    """One language: a column for each source, a line for each reason; what is dropped has a minus."""
    whole = total(result.accounts, result.lang)
    columns = [*result.accounts, *([whole] if len(result.accounts) > 1 else [])]
    table = Table(
        title=f"{LANGUAGE_NAMES[result.lang]} pairs", title_style="bold", title_justify="left", box=None, pad_edge=False
    )
    table.add_column("")
    for account in columns:
        table.add_column(account.source, justify="right", style="bold" if account is whole else "", overflow="fold")
    _add(table, "rows read", columns, lambda a: a.rows_read, style="bold")
    for reason in sorted(whole.skipped):
        _add(table, f"  − {reason[1]}", columns, _count("skipped", reason), style="yellow")
    _add(table, "pairs made", columns, lambda a: a.pairs_made, style="bold")
    for reason in sorted(whole.dropped):
        _add(table, f"  − {reason[1]}", columns, _count("dropped", reason), style="yellow")
    _add(table, "pairs written", columns, lambda a: a.written, style="bold green")
    _add(table, "  train", columns, lambda a: a.train)
    _add(table, "  test", columns, lambda a: a.test)
    for what in sorted(whole.repairs):
        _add(table, f"  repaired: {what}", columns, _count("repairs", what), style="dim")
    for what in sorted(tag for tag in whole.tags if ":" not in tag):
        _add(table, f"  tagged: {what}", columns, _count("tags", what), style="dim")
    return table


def _count(counter: str, key: Reason | str) -> Callable[[Account], int]:
    return lambda account: getattr(account, counter)[key]


def _add(table: Table, label: str, columns: list[Account], value: Callable[[Account], int], style: str = "") -> None:
    numbers = [value(account) for account in columns]
    if any(numbers) or not label.startswith("  "):
        table.add_row(Text(printable(label)), *(f"{number:,}" if number else "·" for number in numbers), style=style)


def remarks(inputs: Inputs) -> list[Text]:
    """One line for each thing that a reader of the table should not miss."""
    lines = [_remark("left out", f"{name}: {why}") for name, why in inputs.selection.left_out]
    checked = [f"{status.name} ({status.questions:,})" for status in inputs.benchmarks if not status.missing]
    if checked:
        lines.append(_remark("contamination checked", ", ".join(checked), style="green"))
    lines += [_remark("not checked", f"{s.name}: {s.missing}") for s in inputs.benchmarks if s.missing]
    return lines + [_remark("input", warning) for warning in inputs.warnings()]


def _remark(what: str, text: str, style: str = "yellow") -> Text:
    return Text.assemble((what, style), "  ", printable(text, max_chars=300))


def peak_memory_mib() -> dict[str, int]:
    """The most memory that this process, and the largest of its workers, has held."""
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    places = {"main": resource.RUSAGE_SELF, "each_worker": resource.RUSAGE_CHILDREN}
    return {name: int(resource.getrusage(place).ru_maxrss / unit) for name, place in places.items()}
