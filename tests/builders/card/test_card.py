"""The card: what the Hub reads of it, what a person reads of it, and that nothing from upstream acts in it."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import DatasetCard
from markdown_it import MarkdownIt

from builders.building.pipeline import Built
from builders.card.facts import Facts, Origin, read_facts
from builders.card.header import HUB_LICENSES, size_category
from builders.card.licences import has_rule, is_unknown, licences
from builders.card.render import HERE, Place, render_card, render_license
from builders.card.words import licence_words
from sources.command.markdown import code, plain, table
from sources.registry import SOURCES
from tests.conftest import build_into

HUB = Place("me/x", {"zh": "zh/", "en": "en/"})
HOSTILE = "x`|<script>alert(1)</script> [a](javascript:alert(1)) ![i](http://evil/i.png) https://evil.example $x$\n# y"


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> list[Facts]:
    """What a card is made of, of a build of both languages."""
    return [read_facts(built.folder) for built in build_into(tmp_path_factory.mktemp("card"), langs=("zh", "en"))]


def header(card: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(card.split("---\n")[1])
    return found


def rendered(markdown: str) -> str:
    return str(MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(markdown))


def blocks(card: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", card, re.DOTALL | re.MULTILINE)


def test_the_front_matter_is_what_the_hub_understands(facts: list[Facts]) -> None:
    card = render_card(facts, HUB)
    read = header(card)
    assert read["language"] == ["en", "zh"]
    assert (read["license"], read["license_name"], read["license_link"]) == ("other", "mixed", "LICENSE.md")
    assert read["size_categories"] == ["n<1K"]
    assert read["task_categories"] == ["text-generation"]
    assert read["annotations_creators"] == ["crowdsourced", "found", "machine-generated", "other"]
    assert "PKU-Alignment/BeaverTails" in read["source_datasets"]
    assert [(one["config_name"], one.get("default", False)) for one in read["configs"]] == [("zh", True), ("en", False)]
    assert read["configs"][0]["data_files"] == [
        {"split": "train", "path": "zh/data/train-*.parquet"},
        {"split": "test", "path": "zh/data/test-*.parquet"},
    ]
    assert DatasetCard(card).data.to_dict() == read


def test_one_licence_is_named_as_the_hub_names_it(facts: list[Facts]) -> None:
    def under(licence: str) -> dict[str, Any]:
        same = Counter({origin._replace(license=licence): count for origin, count in facts[0].origins.items()})
        return header(render_card([replace(facts[0], origins=same)], HUB))

    assert under("Apache-2.0")["license"] == "apache-2.0"
    assert "license_name" not in under("CC-BY-NC-4.0")
    assert (under("My-Own-1.0")["license"], under("My-Own-1.0")["license_name"]) == ("other", "my-own-1.0")


@pytest.mark.parametrize(
    ("pairs", "category"),
    [(999, "n<1K"), (1_000, "1K<n<10K"), (184_087, "100K<n<1M"), (1_840_870, "1M<n<10M"), (0, "n<1K")],
)
def test_sizes_have_the_names_of_the_hub(pairs: int, category: str) -> None:
    assert size_category(pairs) == category


def test_the_same_build_has_the_same_card(facts: list[Facts]) -> None:
    assert render_card(facts, HUB) == render_card(facts[::-1], HUB)


def test_it_tells_what_people_ask_of_a_dataset(facts: list[Facts]) -> None:
    card = render_card(facts, HUB)
    for heading in ("Load it", "Train on it", "How it was built", "Sources", "Licences", "Measured biases"):
        assert f"\n## {heading}\n" in card
    for heading in ("Contamination", "What was dropped", "Intended use and limits", "The sources in words", "Citation"):
        assert f"\n## {heading}\n" in card
    assert "$" not in re.sub(r"`[^`]*`", "", card.split("## Citation")[0])
    assert "| `huozi` | zh | `Apache-2.0` | human | 40 | 40 | 7 | 33 | 0 |" in card
    assert "| `cvalues_rlhf` | 41 | 0.85 |" in card
    assert "dropped: `cvalues_rlhf` 1, `huozi` 1" in card
    assert card.count("@article{peng2023instruction") == 1
    assert "python -m train.dpo --data prefs/zh --model SFT_MODEL --output-dir out" in card
    assert "left out: `synth_zh`" in card


def test_benchmarks_that_were_not_checked_are_named(build_sample: Callable[..., list[Built]], tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    card = render_card([read_facts(build_sample(benchmarks=tmp_path / "none")[0].folder)])
    assert "`cmmlu`: **not checked** (" in card


def test_the_strictest_rules_of_the_licences_are_told(facts: list[Facts]) -> None:
    told = licences(facts)
    assert "**No commercial use** of the whole: a part is under `CC-BY-NC-4.0`" in told
    assert "Share alike" not in told
    assert "synthetic pairs" not in told
    mixed = Counter(
        {
            Origin("a", "CC-BY-SA-4.0", "human", None, None): 10,
            Origin("b", "CC-BY-ND-4.0", "human", None, None): 5,
            Origin("c", "unknown", "human", None, None): 1,
            Origin("synth_zh", "CC-BY-NC-4.0", "synthetic", "gpt-4", "baichuan-7b"): 84,
        }
    )
    told = licences([replace(facts[0], origins=mixed)])
    assert "**Share alike:** what is made of the part under `CC-BY-SA-4.0`" in told
    assert "**No changed versions** of the part under `CC-BY-ND-4.0`" in told
    assert "it must not be published" in told
    assert "**The 84 synthetic pairs** add the terms" in told
    assert "by `gpt-4`: OpenAI's terms" in told
    assert "Rejected is by `baichuan-7b`" in told
    assert told in render_license([replace(facts[0], origins=mixed)])


@pytest.mark.parametrize("licence", sorted({source.license for source in SOURCES} | set(HUB_LICENSES.split())))
def test_the_rules_of_each_licence_have_words(facts: list[Facts], licence: str) -> None:
    """A source under another licence needs a rule in data_cards/licences.md."""
    rules = [heading.removeprefix("Rule: ") for heading in licence_words() if heading.startswith("Rule: ")]
    assert any(has_rule(licence, marks) for marks in rules)
    told = licences([replace(facts[0], origins=Counter({Origin("a", licence, "human", None, None): 1}))])
    assert "**" in told.split("\n- ", 1)[1]
    assert f"`{licence}`" in told.split("\n- ", 1)[1]


@pytest.mark.parametrize("licence", ["unknown", "", " Other ", "NOASSERTION"])
def test_what_nobody_knows_is_unknown(licence: str) -> None:
    assert is_unknown(licence)
    assert not is_unknown("Apache-2.0")


@pytest.mark.parametrize("write", [code, plain])
def test_text_from_upstream_does_nothing_in_a_card(write: Callable[[object], str]) -> None:
    html = rendered(table(["a", "b"], [(write(HOSTILE), "next")]) + f"\n\n- {write(HOSTILE)}\n")
    assert not re.search(r"<(script|a|img|h1)\b", html)
    assert html.count("<td>") == 2
    assert "<td>next</td>" in html


def test_a_hostile_name_stays_text_in_the_whole_card(facts: list[Facts]) -> None:
    one = facts[0]
    account = {**one.sources[0], "source": HOSTILE, "license": HOSTILE}
    manifest = {
        **one.manifest,
        "recipe": {**one.manifest["recipe"], "name": HOSTILE},
        "sources": [account, *one.sources[1:]],
        "inputs": [{**one.manifest["inputs"][0], "source": HOSTILE, "file": HOSTILE, "pinned_sha256": "0" * 64}],
        "left_out": [{"source": HOSTILE, "why": HOSTILE}],
        "benchmarks": [{"name": HOSTILE, "questions": 0, "files": [], "not_checked": HOSTILE}],
    }
    origins = Counter({Origin(HOSTILE, HOSTILE, "synthetic", HOSTILE, HOSTILE): 3})
    card = render_card([replace(one, manifest=manifest, origins=origins)], HERE)
    html = rendered(card.split("---\n", 2)[2])
    assert "<script" not in html
    assert "evil" not in "".join(re.findall(r'(?:href|src)="([^"]*)"', html))
    assert header(card)["license_name"] == HOSTILE.lower()


def test_code_keeps_any_text_whole() -> None:
    assert code("a`b``c") == "``` a`b``c ```"
    assert code("  ") == "(empty)"
    assert code("line\nbreak") == "`line\\nbreak`"


def test_the_python_of_a_local_card_runs(
    build_sample: Callable[..., list[Built]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = build_sample()[0].folder
    monkeypatch.chdir(folder.parent)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    load, pandas, duckdb = blocks((folder / "README.md").read_text("utf-8"), "python")
    found: dict[str, Any] = {}
    exec(load, found)
    exec(pandas, found)
    assert {split: rows.num_rows for split, rows in found["zh"].items()} == {"train": 169, "test": 2}
    assert len(found["pairs"]) == 171
    pytest.importorskip("duckdb")
    exec(duckdb, found)


def test_the_commands_of_a_published_card_name_the_repository(facts: list[Facts]) -> None:
    card = render_card(facts, HUB)
    assert [block.splitlines()[-1] for block in blocks(card, "python")] == [
        'en = load_dataset("me/x", "en")',
        'pairs = pandas.read_parquet("hf://datasets/me/x/zh/data")  # all splits',
        "duckdb.sql(\"FROM 'hf://datasets/me/x/zh/data/*.parquet' SELECT source, count(*) GROUP BY source\").show()",
    ]
    assert blocks(card, "sh")[0].startswith("hf download me/x --repo-type dataset --local-dir prefs\n")


def test_a_local_card_links_the_licences_that_lie_beside_it(build_sample: Callable[..., list[Built]]) -> None:
    (built,) = build_sample(report=False)
    read = header((built.folder / "README.md").read_text("utf-8"))
    assert (read["license_name"], read["license_link"]) == ("mixed", "LICENSE.md")
    text = (built.folder / "LICENSE.md").read_text("utf-8")
    assert text == render_license([read_facts(built.folder)])
    assert "**No commercial use** of the whole" in text


def test_one_licence_needs_no_file_of_its_own(build_sample: Callable[..., list[Built]]) -> None:
    (built,) = build_sample(report=False, only=("huozi",))
    assert header((built.folder / "README.md").read_text("utf-8"))["license"] == "apache-2.0"
    assert not (built.folder / "LICENSE.md").exists()


def test_a_sample_does_not_pass_for_the_upstream_data(facts: list[Facts]) -> None:
    card = render_card(facts, HUB)
    assert "**Built with the embedded sample of build-prefs:**" in card
    assert "| the embedded sample |" in card
    assert "pinned; read from a mirror" not in card
    manifest = {**facts[0].manifest, "inputs": [{**one, "revision": None} for one in facts[0].manifest["inputs"]]}
    card = render_card([replace(facts[0], manifest=manifest)], HUB)
    assert "embedded sample" not in card
    assert "pinned; read from a mirror" in card
