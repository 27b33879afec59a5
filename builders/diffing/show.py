"""A comparison for people and for programs."""

from collections import Counter
from dataclasses import asdict

import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console
from rich.table import Table
from rich.text import Text

from builders.diffing.compare import Example, LangDiff
from builders.diffing.missing import MissingReason
from sources.command.printable import printable
from sources.pairs.built_folder import SPLITS, BuiltFolder
from sources.pairs.languages import LANGUAGE_NAMES

LABELS = {
    "in_a": "pairs in A",
    "only_in_a": "  − only in A",
    "only_in_b": "  + only in B",
    "in_b": "pairs in B",
    "moved": "  in another split",
    "changed": "  in both, changed",
}
TITLES = {"only_in_a": "only in A", "only_in_b": "only in B", "moved": "in another split", "changed": "changed"}


def show_diff(diff: LangDiff, prompts: dict[str, str], console: Console) -> None:
    """The table by source, the reasons, what else differs, and the examples with their prompts."""
    console.print(_table(diff))
    _show_fates("only in A; in B they are", diff.gone, console)
    _show_fates("only in B; in A they are", diff.new, console)
    for (left, right), count in sorted(diff.moves.items()):
        console.print(Text.assemble((f"{count:,} from {left} to {right}", "yellow")))
    for name, count in diff.columns.most_common():
        console.print(Text.assemble((f"{count:,} with another {name}", "yellow")))
    for line in diff.settings:
        console.print(Text.assemble(("settings differ  ", "dim"), printable(line, max_chars=300)))
    for example in diff.examples:
        console.print(_example(example, prompts.get(example.id, "")))
    if diff.is_same:
        console.print(Text("the same pairs, in the same splits", style="green"))


def _table(diff: LangDiff) -> Table:
    table = Table(
        title=f"{LANGUAGE_NAMES[diff.lang]} pairs", title_style="bold", title_justify="left", box=None, pad_edge=False
    )
    table.add_column("")
    several = len(diff.sources) > 1
    for source in (*diff.sources, *(["total"] if several else [])):
        table.add_column(Text(printable(source)), justify="right", overflow="fold")
    for what, label in LABELS.items():
        numbers = [getattr(source, what) for source in diff.sources.values()]
        numbers += [sum(numbers)] if several else []
        style = "bold" if what.startswith("in_") else "yellow"
        table.add_row(label, *(f"{number:,}" if number else "·" for number in numbers), style=style)
    return table


def _show_fates(title: str, counts: Counter[tuple[str, MissingReason]], console: Console) -> None:
    if not counts:
        return
    table = Table(title=title, title_style="yellow", title_justify="left", box=None, pad_edge=False)
    for name, justify in (("source", "left"), ("stage", "left"), ("reason", "left"), ("pairs", "right")):
        table.add_column(name, justify="right" if justify == "right" else "left", header_style="dim")
    for (source, why), count in _by_size(counts):
        table.add_row(*(Text(printable(text)) for text in (source, why.stage, why.reason)), f"{count:,}")
    console.print(table)


def _example(example: Example, prompt: str) -> Text:
    where = printable(f"{example.source_row}  {example.id}", max_chars=200)
    return Text.assemble(
        (f"\n{TITLES[example.what]}  ", "bold"),
        where,
        f"\n  {printable(example.how, max_chars=300)}",
        (f"\n  {printable(prompt, max_chars=120)}", "dim"),
    )


def prompts_of(examples: list[Example], builds: list[BuiltFolder]) -> dict[str, str]:
    """The last turn of the prompt of each example, by id."""
    wanted = {example.id for example in examples}
    found: dict[str, str] = {}
    names = [(built, name) for built in builds for split in SPLITS for name in built.files(split)]
    for built, name in names if wanted else ():
        for batch in built.batches(name, ["id", "prompt"]):
            for pair in batch.filter(pc.is_in(batch["id"], pa.array(sorted(wanted), pa.string()))).to_pylist():
                found[pair["id"]] = pair["prompt"][-1]["content"] if pair["prompt"] else ""
        if found.keys() >= wanted:
            break
    return found


def as_json(diff: LangDiff, prompts: dict[str, str]) -> dict[str, object]:
    """The same as plain values."""
    return {
        "lang": diff.lang,
        "same": diff.is_same,
        "total": {**{what: diff.total(what) for what in LABELS}, "in_both": diff.both},
        "sources": {name: asdict(source) for name, source in diff.sources.items()},
        "only_in_a": _fates(diff.gone),
        "only_in_b": _fates(diff.new),
        "moved": [{"from": left, "to": right, "pairs": count} for (left, right), count in sorted(diff.moves.items())],
        "changed": dict(diff.columns.most_common()),
        "made_otherwise": diff.settings,
        "examples": [{**asdict(example), "prompt": prompts.get(example.id, "")} for example in diff.examples],
    }


def _fates(counts: Counter[tuple[str, MissingReason]]) -> list[dict[str, object]]:
    return [
        {"source": source, "stage": why.stage, "reason": why.reason, "pairs": count}
        for (source, why), count in _by_size(counts)
    ]


def _by_size(counts: Counter[tuple[str, MissingReason]]) -> list[tuple[tuple[str, MissingReason], int]]:
    """The largest first; of equal ones in order of their names."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0][0], item[0][1].stage, item[0][1].reason))
