"""What gives preferences away is measured in a build, the same however it is built, and said in all its papers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders.build_prefs import main
from builders.card.facts import read_facts
from builders.card.render import render_card
from tests.builders.measures.planted import Plant, longer, nothing, phrase, rows

SOURCES: list[tuple[str, Plant, int, float]] = [
    ("long", longer, 120, 1.0),
    ("hidden", phrase, 200, 1.0),
    ("fair", nothing, 200, 0.5),
    ("small", longer, 30, 1.0),
]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Build four sources of our own, their rows in order or the other way round."""

    def run(name: str, *flags: str, backwards: bool = False) -> Path:
        folder = tmp_path_factory.mktemp(name)
        command = ["--lang", "zh", "--sample", "--only-added", "--out", str(folder / "out"), "--json", *flags]
        for source, plant, count, share in SOURCES:
            said = [
                dict(zip(("prompt", "chosen", "rejected"), row, strict=True)) for row in rows(plant, count, "zh", share)
            ]
            file = folder / f"{source}.jsonl"
            lines = [json.dumps(row, ensure_ascii=False) for row in (said[::-1] if backwards else said)]
            file.write_text("\n".join(lines), encoding="utf-8")
            command += ["--add", str(file), "--add-licence", "MIT", "--add-name", source]
        assert main(command) == 0
        return folder / "out" / "zh"

    return run


@pytest.fixture(scope="module")
def built(build: Callable[..., Path]) -> Path:
    return build("straight", "--workers", "1")


def said(folder: Path) -> dict[str, dict[str, Any]]:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return {one["source"].removesuffix("_zh"): one for one in manifest["giveaways"]}


def test_the_manifest_says_what_was_planted(built: Path) -> None:
    found = said(built)
    assert list(found) == ["long", "hidden", "fair"]
    assert found["long"]["rules"]["longer"]["right"] == 1.0
    assert found["hidden"]["classifier"]["low"] > 0.9
    assert found["hidden"]["rules"]["no_refusal"]["right"] == 0.5
    assert found["fair"]["classifier"]["low"] <= 0.5 <= found["fair"]["classifier"]["high"]


def test_neither_workers_nor_the_order_of_rows_change_it(build: Callable[..., Path], built: Path) -> None:
    assert said(build("workers", "--workers", "2")) == said(built)
    assert said(build("backwards", "--workers", "1", backwards=True)) == said(built)


def test_the_report_has_the_chart_the_table_and_who_is_left_out(built: Path) -> None:
    html = (built / "report.html").read_text(encoding="utf-8")
    section = html.partition('<section id="giveaways">')[2].partition("</section>")[0]
    assert "<svg" in section
    assert section.count("<tr>") == 1 + 3
    assert "fewer than 50 prompts: small" in section


def test_the_card_says_the_same_when_it_is_made_anew(built: Path) -> None:
    card = (built / "README.md").read_text(encoding="utf-8")
    assert "## How far one gets without reading the prompt" in card
    assert "| `long_zh` | 120 | 1.00 | 0.50 | 0.50 | 0.50 |" in card
    assert render_card([read_facts(built)]) == card


def test_a_build_that_was_never_measured_says_so(built: Path, tmp_path: Path) -> None:
    facts = read_facts(built)
    del facts.manifest["giveaways"]
    assert "Nothing can be said: " in render_card([facts])
