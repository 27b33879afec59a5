"""Builds in languages other than Chinese and English."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from sources.checks import CHECKS
from sources.checks.tested import not_tested
from tests.builders.running import Run

FLAGS = ("--sample", "--recipe", "en-2026", "--workers", 1, "--no-report")
FOUR = [
    ("日本の首都はどこですか。", "日本の首都は東京です。多くの人が暮らしています。", "知りません。"),
    ("한국의 수도는 어디인가요?", "한국의 수도는 서울입니다. 많은 사람이 살고 있습니다.", "모릅니다."),
    ("ᎣᏏᏲ ᏙᎯᏧ", "ᎣᏏᏲ ᏙᎯᏧ ᎠᏂᏴᏫᏯ ᎦᏬᏂᎯᏍᏗ", "ᏙᎯᏧ"),
    ("Name a fruit, please.", "An apple is a fruit that grows on a tree.", "A stone is a fruit."),
]


def own_file(folder: Path, **more: list[str]) -> Path:
    path = folder / "mine.jsonl"
    rows = [dict(zip(("prompt", "chosen", "rejected"), row, strict=True)) for row in FOUR]
    said: list[dict[str, Any]] = [row | {key: cells[at] for key, cells in more.items()} for at, row in enumerate(rows)]
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in said), encoding="utf-8")
    return path


def test_the_rows_of_a_language_become_a_dataset_that_says_what_was_not_tested(run: Run, tmp_path: Path) -> None:
    code, out, err = run("--lang", "ja", *FLAGS)
    assert (code, err) == (0, "")
    assert "Japanese pairs" in out
    assert "not tested  ja: refusal_chosen" in out
    folder = tmp_path / "out" / "ja"
    pairs = pq.read_table(folder / "data")
    assert set(pairs["lang"].to_pylist()) == {"ja"}
    assert set(pairs["source"].to_pylist()) == {"helpsteer3", "arena_140k"}
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["not_tested"] == not_tested("ja")
    card = (folder / "README.md").read_text("utf-8")
    assert "language:\n- ja\n" in card
    assert "ja, not tested: refusal\\_chosen" in card


def test_several_languages_are_built_together_and_each_row_goes_to_one(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("--lang", "ko,ja,zh", *FLAGS, "--json")
    assert code == 0
    built = {one["lang"]: one for one in json.loads(out)["built"]}
    assert list(built) == ["ko", "ja", "zh"]
    arena = [source for one in built.values() for source in one["sources"] if source["source"] == "arena_140k"]
    assert [source["rows_used"] for source in arena] == [2, 2, 8]


def test_a_plan_says_what_is_not_tested_and_that_of_tested_languages_does_not(run: Run) -> None:
    _, out, _ = run("--lang", "ko", *FLAGS, "--dry-run", "--json")
    assert json.loads(out)["not_tested"] == [f"ko: {line}" for line in not_tested("ko")]
    _, out, _ = run("--lang", "zh", *FLAGS, "--dry-run", "--json")
    assert json.loads(out)["not_tested"] == []


@pytest.mark.parametrize("lang", ["ja", "fr", "sw", "ka", "eu", "kk"])
def test_what_is_not_tested_names_checks_that_there_are(lang: str) -> None:
    named = [name.strip() for line in not_tested(lang) for name in line.partition(":")[0].split(",")]
    assert {*named} - {*CHECKS} == {"contaminated"}


def test_no_source_of_the_recipe_has_the_language(run: Run) -> None:
    code, _, err = run("--lang", "ja", "--sample")
    assert code == 2
    assert "no source of recipe ct-llm has rows in Japanese (ja). These have rows in it: helpsteer3, " in err


def test_no_source_at_all_has_the_language(run: Run) -> None:
    code, _, err = run("--lang", "aa,jp", "--sample")
    assert (code, "Did you mean ja?" in err) == (2, True)


def test_own_rows_are_in_the_language_of_their_script(run: Run, tmp_path: Path) -> None:
    own = ("--add", own_file(tmp_path), "--add-licence", "MIT", "--only-added", "--sample", "--no-report")
    for lang, used in (("ko", 1), ("ja", 1), ("en", 1)):
        code, out, _ = run("--lang", lang, *own, "--json")
        assert (code, json.loads(out)["built"][0]["total"]["pairs_made"]) == (0, used)
    dropped = pq.read_table(tmp_path / "out" / "en" / "dropped.parquet", columns=["reason", "evidence"]).to_pylist()
    assert [row["evidence"] for row in dropped if row["reason"] == "other_language_file"] == [
        "ja, read for en",
        "ko, read for en",
        "Cherokee script, read for en",
    ]


def test_what_a_row_says_of_its_language_goes_before_its_script(run: Run, tmp_path: Path) -> None:
    path = own_file(tmp_path, language=["Japanese", "ko", "", "fr"])
    own = ("--add", path, "--add-licence", "MIT", "--only-added", "--sample", "--no-report")
    code, out, _ = run("--lang", "fr", *own, "--json")
    assert (code, json.loads(out)["built"][0]["total"]["pairs_made"]) == (0, 1)
