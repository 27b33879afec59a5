"""An account for people to read: a column for each source, from the first line to the last it adds up."""

from collections.abc import Callable

from rich.table import Table
from rich.text import Text

from sources.command.printable import printable
from sources.pairs.ledger import Account, Reason, total


def account_table(title: str, accounts: list[Account], *, splits: bool = True) -> Table:
    """A line for each reason; what is dropped has a minus. `splits` shows how many pairs are in train and test."""
    whole = total(accounts, accounts[0].lang)
    columns = [*accounts, *([whole] if len(accounts) > 1 else [])]
    table = Table(title=title, title_style="bold", title_justify="left", box=None, pad_edge=False)
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
    if splits:
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


def remark(what: str, text: str, style: str = "yellow") -> Text:
    """A line below the table."""
    return Text.assemble((what, style), "  ", printable(text, max_chars=300))
