"""README.md of a built dataset: what it is, where it comes from, what was dropped, what was not checked."""

from pathlib import Path

from builders.benchmarks import BenchmarkStatus
from builders.recipe import Recipe
from sources.ledger import Account, total
from sources.schema import LANGUAGE_NAMES, Lang

CARDS = Path(__file__).parent.parent / "data_cards"


def render_card(
    lang: Lang, accounts: list[Account], benchmarks: list[BenchmarkStatus], recipe: Recipe, warnings: list[str]
) -> str:
    """The card as Markdown with the front matter of the Hub."""
    whole = total(accounts, lang)
    blocks = [
        _front_matter(lang, accounts, whole),
        f"# {recipe.name}, {LANGUAGE_NAMES[lang]} preference pairs\n\n"
        f"{whole.written:,} pairs of prompt, chosen and rejected for DPO ({whole.train:,} train, {whole.test:,} test), "
        f"made of {whole.rows_read:,} upstream rows by build-prefs. `manifest.json` holds the recipe, the inputs with "
        "their hashes and every count; `dropped.parquet` holds every row that is not in the dataset, with the reason.",
        _usage(whole),
        "## Sources\n\n" + _source_table(accounts),
        "## What was dropped\n\n" + _reason_table(whole),
        "## Contamination\n\n" + _benchmark_list(benchmarks),
        *(["## Remarks on the input\n\n" + "\n".join(f"- {warning}" for warning in warnings)] if warnings else []),
        "## The sources in words\n\n" + "\n\n".join(_about(account.source) for account in accounts),
    ]
    return "\n\n".join(blocks) + "\n"


def _front_matter(lang: Lang, accounts: list[Account], whole: Account) -> str:
    licences = sorted({account.license.lower() for account in accounts if account.written})
    lines = ["---", "language:", f"- {lang}"]
    if len(licences) == 1:
        lines.append(f"license: {licences[0]}")
    else:
        lines += ["license: other", "license_name: mixed", "license_link: README.md"]
    lines += ["task_categories:", "- text-generation", "tags:", "- dpo", "- preference", "- rlhf", "size_categories:"]
    lines.append(f"- {_size_category(whole.written)}")
    lines += ["configs:", "- config_name: default", "  data_files:"]
    for split in _splits(whole):
        lines += [f"  - split: {split}", f"    path: data/{split}-*.parquet"]
    return "\n".join([*lines, "---"])


def _size_category(pairs: int) -> str:
    """The Hub's name for the order of magnitude."""
    bounds = [(1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M")]
    return next((name for bound, name in bounds if pairs < bound), "1M<n<10M")


def _splits(whole: Account) -> list[str]:
    """The splits that have any pairs."""
    return ["train", "test"] if whole.test else ["train"]


def _usage(whole: Account) -> str:
    files = ", ".join(f'"{split}": "data/{split}-*.parquet"' for split in _splits(whole))
    return (
        f'```python\nfrom datasets import load_dataset\n\npairs = load_dataset("parquet", data_files={{{files}}})\n```'
    )


def _source_table(accounts: list[Account]) -> str:
    lines = [
        "| source | licence | rows read | pairs made | dropped | train | test |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for a in accounts:
        numbers = (a.rows_read, a.pairs_made, a.dropped.total(), a.train, a.test)
        lines.append(f"| {a.source} | {a.license} | " + " | ".join(f"{number:,}" for number in numbers) + " |")
    return "\n".join(lines)


def _reason_table(whole: Account) -> str:
    lines = ["| stage | reason | rows or pairs |", "|---|---|---:|"]
    for (stage, reason), count in sorted((whole.skipped + whole.dropped).items()):
        lines.append(f"| {stage} | {reason} | {count:,} |")
    return "\n".join(lines)


def _benchmark_list(benchmarks: list[BenchmarkStatus]) -> str:
    if not benchmarks:
        return "Not checked: the recipe has no contamination stage."
    return "\n".join(
        f"- {status.name}: **not checked** ({status.missing})"
        if status.missing
        else f"- {status.name}: {status.questions:,} questions looked for in every prompt"
        for status in benchmarks
    )


def _about(source: str) -> str:
    """The words of the source's data card, its headings two levels lower; for data of the user's own, that it is."""
    card = CARDS / f"{'synth' if source.startswith('synth_') else source}.md"
    if not card.is_file():
        return f"### {source}\nData of the owner's own, given with `--add`; nothing else is known of it."
    text = card.read_text(encoding="utf-8").strip()
    return "\n".join(f"##{line}" if line.startswith("#") else line for line in text.splitlines())
