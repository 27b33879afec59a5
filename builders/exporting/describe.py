"""What an export says of itself: exported.json for programs, a table for people."""

import json
from collections import Counter
from collections.abc import Iterable
from importlib.metadata import version

from rich.table import Table
from rich.text import Text

from builders.exporting.exported import Exported
from builders.exporting.write import Count
from sources.command.printable import printable
from sources.pairs.built_folder import SPLITS
from sources.pairs.languages import LANGUAGE_NAMES

EXPORTED = "exported.json"
LEFT_OUT = "left_out.jsonl"


def as_json(exported: Exported, beside: list[str]) -> str:
    """exported.json: where the rows came from, and how every pair is accounted for. It holds no clock and no path."""
    content = {
        "format": exported.format.name,
        "lang": exported.built.lang,
        "exported_with": {"build-prefs": version("build-prefs")},
        "dataset": {
            "built_with": exported.built.manifest.get("built_with"),
            "outputs": exported.built.manifest["outputs"],
        },
        **summary(exported),
        "files": [
            {"name": file.path, "rows": file.rows, "bytes": file.bytes, "sha256": file.sha256}
            for file in exported.files
        ],
        "configuration": beside,
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def summary(exported: Exported) -> dict[str, object]:
    """The account: in all, by split, by source."""
    counts = exported.counts
    sources = dict.fromkeys(source for source, _ in counts)
    splits = [split for split in SPLITS if any(of == split for _, of in counts)]
    return {
        "total": _account(counts.values()),
        "splits": {split: _account(count for (_, of), count in counts.items() if of == split) for split in splits},
        "sources": {
            source: _account(count for (name, _), count in counts.items() if name == source) for source in sources
        },
    }


def _account(counts: Iterable[Count]) -> dict[str, object]:
    read, written, left_out, remarks = 0, 0, Counter[str](), Counter[str]()
    for count in counts:
        read, written = read + count.read, written + count.written
        left_out += count.left_out
        remarks += count.remarks
    account: dict[str, object] = {
        "pairs_read": read,
        "pairs_written": written,
        "left_out": dict(sorted(left_out.items())),
    }
    return {**account, "remarks": dict(sorted(remarks.items()))} if remarks else account


def export_table(exported: Exported) -> Table:
    """A column for each source; from the first line to the last it adds up."""
    sources = list(dict.fromkeys(source for source, _ in exported.counts))
    columns = [[count for (name, _), count in exported.counts.items() if name == source] for source in sources]
    if len(sources) > 1:
        sources, columns = [*sources, "total"], [*columns, list(exported.counts.values())]
    title = f"{LANGUAGE_NAMES[exported.built.lang]} pairs as {exported.format.name}"
    table = Table(title=title, title_style="bold", title_justify="left", box=None, pad_edge=False)
    table.add_column("")
    for source in sources:
        table.add_column(Text(printable(source)), justify="right", overflow="fold")

    def add(label: str, numbers: list[int], style: str) -> None:
        table.add_row(Text(printable(label)), *(f"{number:,}" if number else "·" for number in numbers), style=style)

    reasons = sorted({reason for count in exported.counts.values() for reason in count.left_out})
    remarks = sorted({remark for count in exported.counts.values() for remark in count.remarks})
    add("pairs in the dataset", [sum(count.read for count in column) for column in columns], "bold")
    for reason in reasons:
        add(f"  − {reason}", [sum(count.left_out[reason] for count in column) for column in columns], "yellow")
    add("pairs written", [sum(count.written for count in column) for column in columns], "bold green")
    for remark in remarks:
        add(f"  {remark}", [sum(count.remarks[remark] for count in column) for column in columns], "dim")
    return table
