"""A build of generated upstream files with known defects: each is dropped for its own reason, and little else is."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from builders.building.pipeline import build
from builders.inputs.inputs import Request
from builders.inputs.recipe import load_recipe
from sources.command.progress import Silent
from sources.fetch.fetcher import Mirror

REASONS = {
    "identical": "identical_sides",
    "empty_side": "empty_side",
    "exact_duplicate": "exact_duplicate",
    "near_duplicate": "near_duplicate",
    "contradiction": "contradiction",
    "mojibake": "mojibake",
    "template_leak": "template_token",
    "wrong_language": "wrong_language",
    "benchmark_prompt": "contaminated",
}
ALWAYS = [kind for kind in REASONS if kind != "near_duplicate"]
"""Kinds of which none may slip through. A near duplicate is found by MinHash, which is allowed to miss 1 %."""

IN_EN = ["identical", "empty_side", "mojibake", "template_leak", "wrong_language"]
"""The generator gives duplicates in the English file another `input`, so they are none."""

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was planted in the files of a build, and what became of each of their rows."""

    planted: dict[Place, str]
    dropped: dict[Place, str]
    kept: dict[Place, str]
    """The prompt of each pair that is in the dataset."""
    pairs_made: int

    def of(self, kinds: Iterable[str]) -> dict[Place, str]:
        return {place: kind for place, kind in self.planted.items() if kind in kinds}


def place_of(source_row: str) -> Place:
    name, _, number = source_row.rpartition(":")
    return name, int(number.split(",")[0])


def build_with_truth(shared: Path, upstream: Path, lang: str, only: tuple[str, ...] = ()) -> Outcome:
    request = Request(
        langs=(lang,),  # type: ignore[arg-type]
        recipe=load_recipe("ct-llm"),
        fetcher=Mirror(upstream),
        out=upstream.parent / "out",
        benchmarks=shared / "benchmarks",
        only=only,
        workers=1,
    )
    build(request, Silent())
    folder = upstream.parent / "out" / lang
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    inputs = {entry["file"] for entry in manifest["inputs"]}
    truth = [json.loads(line) for line in (upstream / "truth.jsonl").read_text(encoding="utf-8").splitlines()]
    rows = pq.read_table(folder / "dropped.parquet", columns=["source_row", "reason"]).to_pylist()
    pairs = pq.read_table(folder / "data", columns=["source_row", "prompt"]).to_pylist()
    return Outcome(
        planted={(row["file"], row["row"]): row["kind"] for row in truth if row["file"] in inputs},
        dropped={place_of(row["source_row"]): row["reason"] for row in rows},
        kept={place_of(row["source_row"]): row["prompt"][0]["content"] for row in pairs},
        pairs_made=manifest["total"]["pairs_made"],
    )


@pytest.fixture(scope="session")
def upstream(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generated") / "upstream"
    generator = shared / "tools/make_upstream.py"
    subprocess.run([sys.executable, str(generator), str(folder), "--scale", "0.05"], check=True, timeout=300)
    return folder


@pytest.fixture(scope="session")
def zh(shared: Path, upstream: Path) -> Outcome:
    return build_with_truth(shared, upstream, "zh")


@pytest.fixture(scope="session")
def en(shared: Path, upstream: Path) -> Outcome:
    return build_with_truth(shared, upstream, "en", only=("comparison_gpt4_en",))


def slipped_through(outcome: Outcome, kinds: Iterable[str]) -> list[tuple[Place, str]]:
    return [(place, kind) for place, kind in outcome.of(kinds).items() if place not in outcome.dropped]


def under_another_reason(outcome: Outcome, kinds: Iterable[str]) -> list[tuple[Place, str, str]]:
    found = ((place, kind, outcome.dropped.get(place, "")) for place, kind in outcome.of(kinds).items())
    return [(place, kind, reason) for place, kind, reason in found if reason and reason != REASONS[kind]]


def test_every_kind_of_defect_was_planted(zh: Outcome, en: Outcome) -> None:
    assert set(zh.planted.values()) == set(REASONS)
    assert set(IN_EN) <= set(en.planted.values())
    assert len(zh.planted) > 250


def test_every_planted_defect_is_dropped(zh: Outcome) -> None:
    assert slipped_through(zh, ALWAYS) == []


def test_nearly_every_planted_defect_is_dropped_under_its_own_reason(zh: Outcome) -> None:
    others = under_another_reason(zh, REASONS)
    assert len(others) < 0.005 * len(zh.planted), others


def test_nearly_every_near_duplicate_is_dropped(zh: Outcome) -> None:
    """One whose original fell to a contradiction has no twin in the dataset any more, so it stays."""
    prompts = Counter(zh.kept.values())
    missed = [place for place, _ in slipped_through(zh, ["near_duplicate"]) if prompts[zh.kept[place]] > 1]
    assert len(missed) <= 0.01 * len(zh.of(["near_duplicate"])), missed


def test_hardly_any_other_row_is_dropped(zh: Outcome) -> None:
    others = {place: reason for place, reason in zh.dropped.items() if place not in zh.planted}
    twins = Counter(others.values())["contradiction"]
    assert twins <= len(zh.of(["contradiction"]))
    assert len(others) - twins < 0.001 * (zh.pairs_made - len(zh.planted)), Counter(others.values())


def test_every_planted_defect_of_english_is_dropped_under_its_own_reason(en: Outcome) -> None:
    assert slipped_through(en, IN_EN) == []
    assert under_another_reason(en, IN_EN) == []


def test_hardly_any_other_english_row_is_dropped(en: Outcome) -> None:
    duplicates = set(REASONS) - set(IN_EN)
    others = [place for place in en.dropped if place not in en.planted or en.planted[place] in duplicates]
    few = [place for place in others if en.dropped[place] not in {REASONS[kind] for kind in duplicates}]
    assert len(few) < 0.001 * en.pairs_made + 1, few
