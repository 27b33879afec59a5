"""The front matter of a card: what the Hub reads of it."""

from collections.abc import Mapping
from typing import Any

import yaml

from builders.card.facts import Facts, upstream, written
from sources.pairs.languages import Lang

HUB_LICENSES = (
    "apache-2.0 mit bsd-2-clause bsd-3-clause cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 "
    "cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 "
    "cc-by-nc-nd-4.0 cc-by-nc-sa-4.0 cc-by-nd-4.0 odc-by odbl pddl gpl-3.0 "
    "openrail unlicense"
)
"""Ids that the Hub knows by themselves, as far as they occur with such data; any other is `other` with a name
(https://huggingface.co/docs/hub/repositories-licenses)."""

ANNOTATORS = {
    "human": "crowdsourced",
    "votes": "found",
    "safety": "other",
    "model": "machine-generated",
    "synthetic": "machine-generated",
    "degraded": "machine-generated",
}
TAGS = ["dpo", "preference", "rlhf", "trl", "build-prefs"]
HUMAN_FEEDBACK = ["human-feedback"]
UNKNOWN_SIGNALS = {"unknown", "model", "synthetic", "degraded"}
"""Signals from which it does not follow that a person preferred anything."""

SIZES = ["n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B"]
LICENSE_FILE = "LICENSE.md"


def front_matter(builds: list[Facts], *, title: str, folders: Mapping[Lang, str]) -> str:
    """The YAML between the dashes. `folders` says where the data of each language lies, from the card on."""
    origins = written(builds)
    signals = sorted({origin.signal for origin in origins})
    header: dict[str, Any] = {
        "pretty_name": title,
        "language": sorted(facts.lang for facts in builds),
        **_license(sorted({origin.license for origin in origins})),
        **_annotators(signals),
        "multilinguality": ["monolingual" if len(builds) == 1 else "multilingual"],
        "size_categories": [size_category(sum(facts.pairs for facts in builds))],
        "source_datasets": sorted({_hub_source(origin.source) for origin in origins}),
        "task_categories": ["text-generation"],
        "tags": [*TAGS[:4], *HUMAN_FEEDBACK * bool(set(signals) - UNKNOWN_SIGNALS), *TAGS[4:]],
        "configs": [_config(facts, folders[facts.lang], is_default=not place) for place, facts in enumerate(builds)],
    }
    return yaml.safe_dump(header, sort_keys=False, allow_unicode=True, width=1000).rstrip("\n")


def _annotators(signals: list[str]) -> dict[str, list[str]]:
    """Who annotated, as far as it is known; nothing where it is not."""
    known = sorted({ANNOTATORS[signal] for signal in signals if signal in ANNOTATORS})
    return {"annotations_creators": known} if known else {}


def needs_license_file(builds: list[Facts]) -> bool:
    """Whether the Hub has no word for the licences, so that a file must tell them."""
    return "license_link" in _license(sorted({origin.license for origin in written(builds)}))


def _license(licenses: list[str]) -> dict[str, str]:
    if len(licenses) == 1 and licenses[0].lower() in HUB_LICENSES.split():
        return {"license": licenses[0].lower()}
    name = "mixed" if len(licenses) > 1 else licenses[0].lower()
    return {"license": "other", "license_name": name, "license_link": LICENSE_FILE}


def size_category(pairs: int) -> str:
    """The Hub's name for the order of magnitude."""
    return SIZES[min(max(len(str(pairs)) - 3, 0), len(SIZES) - 1)]


def _hub_source(name: str) -> str:
    """The dataset's id where it is on the Hub, else what the Hub writes for others."""
    file = upstream(name)
    return file.repository if file and file.host == "hub" else f"extended|other-{name}"


def _config(facts: Facts, folder: str, *, is_default: bool) -> dict[str, Any]:
    files = [{"split": split, "path": f"{folder}data/{split}-*.parquet"} for split in facts.splits]
    return {"config_name": facts.lang, **({"default": True} if is_default else {}), "data_files": files}
