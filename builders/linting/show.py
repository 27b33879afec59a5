"""What the linter says: how the files were read, then each rule that found something, the worst first."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from builders.linting.examine import Examined, Examples
from builders.linting.rules import RULES, Rule, Severity
from builders.measures.giveaways import RULES as GIVEAWAY_RULES
from builders.measures.giveaways import Giveaways
from sources.command.printable import printable
from sources.pairs.account_table import remark

NOTABLE, MAX_NOTABLE = 0.6, 5
"""From here on it is said of a file how far one gets without the prompt; of so many files."""

STYLES: dict[Severity, str] = {"error": "red", "warning": "yellow", "info": "cyan"}


def by_rule(examined: Examined) -> list[tuple[Rule, Examples]]:
    """The rules that found something, in the order of RULES."""
    found = {each.code: each for each in examined.found}
    return [(rule, found[rule.code]) for rule in RULES if rule.code in found]


def show_findings(examined: Examined, seconds: float, console: Console) -> None:
    """The findings as a table, with an example below each."""
    for name, taken in examined.layouts:
        console.print(
            Text.assemble(
                (printable(name, max_chars=200), "bold"), " is ", (taken.name, "bold green"), f": {taken.why}"
            )
        )
    for what, text in examined.told:
        console.print(remark(what, text))
    console.print(Text(_size(examined), style="dim"))
    console.print()
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    table.add_column("rule")
    table.add_column("count", justify="right")
    table.add_column("share", justify="right")
    table.add_column("what, and an example", overflow="fold")
    for rule, found in by_rule(examined):
        table.add_row(
            Text(rule.code, style=STYLES[rule.severity]),
            f"{found.count:,}",
            share(found),
            Text.assemble(rule.what, ("".join(f"\n  {line}" for line in lines(found)[:1]), "dim")),
        )
    if table.row_count:
        console.print(table)
    else:
        console.print(Text("Nothing was found.", style="green"))
    for what, text in examined.account.remarks():
        console.print(remark(what, text.removeprefix(f"{examined.account.source}: ")))
    for text in given_away(examined.giveaways):
        console.print(remark("given away", text))
    for text in examined.not_checked:
        console.print(Text.assemble(("not checked", "yellow"), "  ", printable(text, max_chars=300)))
    console.print()
    counts = ", ".join(
        f"{count} {severity}{'s' * (count > 1 and severity != 'info')}"
        for severity, count in _by_severity(examined).items()
    )
    told = f"{counts or 'no findings'}; lint-prefs --explain CODE says more of a rule. {seconds:,.1f} s"
    console.print(Text(told, style="dim"))


def share(found: Examples) -> str:
    """How large a part of the rows or pairs it is."""
    part = found.count / max(found.of, 1)
    return f"{part:.1%}" if part >= 0.001 else "<0.1%"


def lines(found: Examples) -> list[str]:
    """The examples, safe to print."""
    return [printable(f"{where}: {evidence}".removeprefix(": "), max_chars=240) for where, evidence in found.shown]


def given_away(giveaways: list[Giveaways]) -> list[str]:
    """A line for each file whose preferences are told without the prompt, the plainest first."""
    notable = sorted((one for one in giveaways if one.classifier.low >= NOTABLE), key=lambda one: -one.classifier.low)
    told = []
    for one in notable[:MAX_NOTABLE]:
        (name, rate), classifier = one.best_rule, one.classifier
        opposite = "" if rate.right >= 0.5 else "the opposite of "
        rule = f"{opposite}“{GIVEAWAY_RULES[name]}” alone"
        told.append(
            f"{one.source}: without the prompt the chosen answer is picked {classifier.right:.0%} of the time "
            f"(95 %: {classifier.low:.0%} to {classifier.high:.0%}); {rule} {max(rate.right, 1 - rate.right):.0%}"
        )
    more = len(notable) - len(told)
    return [*told, f"and {more:,} more files (--json has them all)"] if more else told


def _size(examined: Examined) -> str:
    splits = ", ".join(f"{name} {count:,}" for name, count in examined.pairs_by_split.items())
    langs = ", ".join(f"{lang} {count:,}" for lang, count in examined.pairs_by_lang.items())
    rows, pairs = examined.account.rows_read, examined.account.pairs_made
    return f"{rows:,} rows, {pairs:,} pairs ({splits}; {langs}); the longer answer is chosen {examined.length_auc:.0%}"


def _by_severity(examined: Examined) -> dict[str, int]:
    counts: dict[str, int] = {}
    for rule, _ in by_rule(examined):
        counts[rule.severity] = counts.get(rule.severity, 0) + 1
    return counts


def as_json(examined: Examined, seconds: float) -> dict[str, object]:
    """The same as plain data."""
    return {
        "files": [{"file": name, "layout": taken.name, "why": taken.why} for name, taken in examined.layouts],
        "remarks": [f"{what}  {text}" for what, text in examined.told],
        "rows": examined.account.rows_read,
        "pairs": examined.account.pairs_made,
        "pairs_by_split": examined.pairs_by_split,
        "pairs_by_language": examined.pairs_by_lang,
        "columns_not_used": dict(sorted(examined.account.unused.items())),
        "layouts": dict(sorted(examined.account.layouts.items())),
        "length_auc": round(examined.length_auc, 4),
        "giveaways": [each.as_dict() for each in examined.giveaways],
        "findings": [
            {
                "rule": rule.code,
                "severity": rule.severity,
                "what": rule.what,
                "count": found.count,
                "of": found.of,
                "examples": [{"where": where, "evidence": evidence} for where, evidence in found.shown],
            }
            for rule, found in by_rule(examined)
        ],
        "not_checked": examined.not_checked,
        "seconds": round(seconds, 3),
    }
