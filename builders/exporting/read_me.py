"""README.md of an export: what is here, how to train with it, what is not here and why."""

from collections import Counter

from builders.exporting.describe import EXPORTED, LEFT_OUT
from builders.exporting.exported import Exported
from builders.exporting.format import words_of
from sources.command.printable import printable
from sources.pairs.languages import LANGUAGE_NAMES


def read_me(exported: Exported, beside: list[str]) -> str:
    """The whole text; `beside` are the files of the configuration."""
    format_, counts = exported.format, exported.counts.values()
    left_out: Counter[str] = sum((count.left_out for count in counts), Counter())
    remarks: Counter[str] = sum((count.remarks for count in counts), Counter())
    read, written = sum(count.read for count in counts), sum(count.written for count in counts)
    lines = [
        f"# {LANGUAGE_NAMES[exported.built.lang]} preference pairs for {format_.trainer}",
        "",
        f"Written by `export-prefs --format {format_.name}` out of a dataset of build-prefs. One row:",
        "",
        f"    {format_.row}",
        "",
        "## Train",
        "",
        "In this folder, after you have put your model into the configuration:",
        "",
        "```sh",
        format_.run,
        "```",
        "",
        *(f"- {line}" for line in format_.good_to_know),
        *([""] if format_.good_to_know else []),
        "## Files",
        "",
        *(f"- `{file.path}`: {file.rows:,} rows" for file in exported.files),
        *(f"- `{name}`" for name in beside if name != EXPORTED),
        f"- `{EXPORTED}`: where the rows came from, and the account of every pair",
        "",
        "## What is not here",
        "",
        f"{read:,} pairs in the dataset, {written:,} of them written.",
        "",
        *(f"- {count:,} `{reason}`: {words_of(format_, reason)}" for reason, count in sorted(left_out.items())),
        *([f"- Which ones they are: `{LEFT_OUT}`"] if left_out else []),
        *(
            f"- {count:,} of those written, `{remark}`: {format_.remark[1]}"
            for remark, count in sorted(remarks.items())
            if format_.remark
        ),
        *([""] if left_out or remarks else []),
        "## Licences",
        "",
        "Each source has its own; its conditions go with the rows.",
        "",
        *_licences(exported),
    ]
    return "\n".join(lines) + "\n"


def _licences(exported: Exported) -> list[str]:
    sources = exported.built.manifest.get("sources", [])
    known = {source["source"]: source["license"] for source in sources if isinstance(source, dict)}
    written: Counter[str] = Counter()
    for (source, _), count in exported.counts.items():
        written[source] += count.written
    return [
        f"- {printable(source)}: {printable(str(known.get(source, 'unknown')))} ({count:,} pairs)"
        for source, count in written.items()
    ]
