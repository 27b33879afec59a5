"""README.md of a built dataset: what it is, where it comes from, what is doubtful about it, how to use it.

The text is data_cards/hub_card.md, that about licences data_cards/licences.md. Their blanks are filled by this folder;
the words of other sections that depend on numbers are in the file of the section: measures.py, judged.py, built.py.
Numbers come from the manifest and the files, so the same build has the same card. Text from upstream stands in code
spans.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Template

from builders.card.built import how_built, inputs, remarks
from builders.card.facts import Facts, written
from builders.card.header import front_matter
from builders.card.judged import judged
from builders.card.licences import licences
from builders.card.measures import biases, contamination, dropped, giveaways, source_table
from builders.card.words import citations, template, words
from builders.inputs.inputs import SAMPLE_REVISION
from sources.command.markdown import bullets, plain
from sources.pairs.languages import LANGUAGE_NAMES, Lang

MEANT = {
    "human": "people who ranked answers",
    "votes": "the votes of a site's users",
    "safety": "a verdict on what is safe",
    "model": "a model's score",
    "synthetic": "the assumption that a stronger model writes better answers",
    "degraded": "the rejected answer being made worse on purpose (hotter sampling, half of the prompt, another prompt)",
    "unknown": "something that the owner of the data did not say",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the card lies: beside one language's `data/`, or in a repository of the Hub with a folder each."""

    repo: str = ""
    folders: Mapping[Lang, str] = field(default_factory=dict)

    def folder(self, lang: Lang) -> str:
        return self.folders.get(lang, "")

    def dataset(self, lang: Lang) -> str:
        """What `load_dataset` takes: the repository, or the folder of the language seen from the one above."""
        return self.repo or f"./{lang}"

    def files(self, lang: Lang) -> str:
        """Where pandas and DuckDB find the files of a language."""
        return f"hf://datasets/{self.repo}/{self.folder(lang)}data" if self.repo else f"{lang}/data"


HERE = Place()
"""The folder of one language."""


def render_card(builds: list[Facts], place: Place = HERE) -> str:
    """The card as Markdown with the front matter of the Hub; the first language is the one loaded by default."""
    builds = sorted(builds, key=lambda facts: facts.lang, reverse=True)
    sources = [one["source"] for facts in builds for one in facts.sources if one["train"] + one["test"]]
    title = _title(builds)
    notes = remarks(builds)
    signals = sorted({origin.signal for origin in written(builds)})
    filled = Template(template()).substitute(
        front_matter=front_matter(
            builds,
            title=title,
            folders={facts.lang: place.folder(facts.lang) for facts in builds},
        ),
        title=plain(title),
        summary=_summary(builds),
        load=_load(builds, place),
        pandas=_pandas(builds, place),
        duckdb=_duckdb(builds, place),
        train=_train(builds, place),
        how_built=how_built(builds),
        inputs=inputs(builds),
        sources=source_table(builds),
        licences=licences(builds),
        biases=biases(builds),
        giveaways=giveaways(builds),
        judged=judged(builds),
        contamination=contamination(builds),
        dropped=dropped(builds),
        remarks=f"## Remarks on the input\n\n{bullets(notes)}" if notes else "",
        signals="; ".join(MEANT.get(signal, signal) for signal in signals),
        words=words(sources),
        citations=citations(sources),
    )
    return re.sub(r"\n{3,}", "\n\n", filled)


def render_license(builds: list[Facts]) -> str:
    """LICENSE.md beside a card, where there are several licences."""
    return f"# Licences\n\n{licences(builds)}\n"


def _title(builds: list[Facts]) -> str:
    languages = " and ".join(LANGUAGE_NAMES[facts.lang] for facts in builds)
    return f"{builds[0].manifest['recipe']['name']}, {languages} preference pairs"


def _summary(builds: list[Facts]) -> str:
    pairs, read = sum(facts.pairs for facts in builds), sum(facts.total["rows_read"] for facts in builds)
    splits = ", ".join(
        f"{facts.lang}: " + " and ".join(f"{facts.total[split]:,} {split}" for split in facts.splits)
        for facts in builds
    )
    sources = sum(1 for facts in builds for one in facts.sources if one["train"] + one["test"])
    return (
        f"{pairs:,} pairs of prompt, chosen and rejected for DPO ({splits}), made of {read:,} upstream rows of "
        f"{sources} source{'s' * (sources != 1)}. `dropped.parquet` holds every row that "
        "is not in the dataset, with the reason and the evidence." + _warning(builds)
    )


def _warning(builds: list[Facts]) -> str:
    """What must be read before anything else: that the rows are not the upstream ones."""
    if not any(one["revision"] == SAMPLE_REVISION for facts in builds for one in facts.manifest["inputs"]):
        return ""
    return (
        "\n\n**Built with the embedded sample of build-prefs:** rows written to try it, not the upstream ones. What is "
        "said in words of those sources is true of the upstream data."
    )


def _load(builds: list[Facts], place: Place) -> str:
    lines = [f'{facts.lang} = load_dataset("{place.dataset(facts.lang)}", "{facts.lang}")' for facts in builds]
    where = [] if place.repo else [f"# in the folder that holds {builds[0].lang}/"]
    return "\n".join([*where, "from datasets import load_dataset", "", *lines])


def _pandas(builds: list[Facts], place: Place) -> str:
    return f'import pandas\n\npairs = pandas.read_parquet("{place.files(builds[0].lang)}")  # all splits'


def _duckdb(builds: list[Facts], place: Place) -> str:
    query = f"FROM '{place.files(builds[0].lang)}/*.parquet' SELECT source, count(*) GROUP BY source"
    return f'import duckdb\n\nduckdb.sql("{query}").show()'


def _train(builds: list[Facts], place: Place) -> str:
    """The commands of `train.dpo`; a repository is fetched first, because it may hold several languages."""
    fetch = [f"hf download {place.repo} --repo-type dataset --local-dir prefs"] if place.repo else []
    data = f"prefs/{builds[0].lang}" if place.repo else builds[0].lang
    return "\n".join([*fetch, f"python -m train.dpo --data {data} --model SFT_MODEL --output-dir out"])
