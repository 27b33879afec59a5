"""build-prefs --add: data of one's own beside the sources of a recipe; files, folders, names that are taken."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from builders.build_prefs import main
from builders.inputs.recipe import RECIPES

ROW = {"prompt": "夸夸这只{}。", "chosen": "它的{}真漂亮。", "rejected": "{}就是{}。"}


def rows(*words: str) -> list[dict[str, str]]:
    return [{key: text.replace("{}", word) for key, text in ROW.items()} for word in words]


def write(path: Path, content: list[dict[str, str]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return path


@pytest.fixture
def add(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any]]:
    """Build a part of the sample with more flags: the exit status, and the manifest or the line on stderr."""

    def run(*flags: object) -> tuple[int, Any]:
        base = [
            "--lang",
            "zh",
            "--sample",
            "--only",
            "huozi",
            "--workers",
            "1",
            "--json",
            "--out",
            str(tmp_path / "out"),
        ]
        status = main([*base, *map(str, flags)])
        printed = capsys.readouterr()
        if status:
            assert (printed.out, printed.err.count("\n")) == ("", 1)
            return status, printed.err
        return status, json.loads((tmp_path / "out/zh/manifest.json").read_text(encoding="utf-8"))

    return run


def sources(manifest: Any) -> dict[str, int]:
    return {source["source"]: source["pairs_made"] for source in manifest["sources"]}


def test_a_folder_is_one_source_with_all_its_files(add: Any, tmp_path: Path) -> None:
    write(tmp_path / "mine/a/train.json", rows("猫", "狗"))
    write(tmp_path / "mine/b/train.json", rows("鸟"))
    status, manifest = add("--add", tmp_path / "mine", "--add-licence", "CC0-1.0")
    assert status == 0
    assert sources(manifest)["mine_zh"] == 3
    added = [file["file"] for file in manifest["inputs"] if file["source"] == "mine_zh"]
    assert added == ["a/train.json", "b/train.json"]
    found = pq.read_table(tmp_path / "out/zh/data").to_pylist()
    mine = sorted(row["source_row"] for row in found if row["source"] == "mine_zh")
    assert mine == ["a/train.json:0", "a/train.json:1", "b/train.json:0"]


def test_a_folder_of_two_layouts_is_read_and_their_shares_are_said(add: Any, tmp_path: Path) -> None:
    write(tmp_path / "mine/a.json", rows("猫"))
    write(
        tmp_path / "mine/b.json",
        [{"question": "问？", "response_chosen": "答。", "response_rejected": "不。", "id": 7}],
    )
    status, manifest = add("--add", tmp_path / "mine", "--add-licence", "MIT")
    assert status == 0
    (mine,) = (source for source in manifest["sources"] if source["source"] == "mine_zh")
    assert mine["layouts"] == {"medicalgpt": 1, "trl-standard": len(rows("猫"))}
    assert mine["columns_not_used"] == {"id": 1}


def test_two_files_of_one_name_must_be_told_apart(add: Any, tmp_path: Path) -> None:
    paths = [write(tmp_path / place / "prefs.json", rows(word)) for place, word in (("a", "猫"), ("b", "狗"))]
    flags = [flag for path in paths for flag in ("--add", path, "--add-licence", "MIT")]
    status, said = add(*flags)
    assert status == 2
    assert "--add-name: 2 sources are called prefs_zh. Give each --add a name of its own with --add-name." in said
    status, manifest = add(*flags, "--add-name", "one", "--add-name", "two")
    assert status == 0
    assert sources(manifest) | {"one_zh": 1, "two_zh": 1} == sources(manifest)


def test_the_name_of_a_source_of_the_recipe_is_taken(add: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "oaast_rm.json", rows("猫"))
    status, said = add("--only", "oaast_rm_zh", "--add", path, "--add-licence", "MIT")
    assert status == 2
    assert "2 sources are called oaast_rm_zh" in said


def test_a_colon_names_the_layout_unless_a_file_is_called_so(add: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "a:b.json", rows("猫"))
    for given in (path, f"{path}:trl-standard"):
        status, manifest = add("--add", given, "--add-licence", "MIT", "--add-name", "mine")
        assert status == 0
        assert sources(manifest)["mine_zh"] == 1
    status, said = add("--add", f"{path}:trl_standard", "--add-licence", "MIT")
    assert status == 2
    assert "--add: no layout is called trl_standard" in said


@pytest.mark.parametrize("name", ["none.json", "none", "no/ne.jsonl"])
def test_what_is_not_there_is_one_line(name: str, add: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    status, said = add("--add", name, "--add-licence", "MIT")
    assert status == 1
    assert f"--add {name}: no such file or folder" in said


def test_each_needs_a_licence_and_a_name_or_none(add: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "mine.json", rows("猫"))
    assert add("--add", path)[0] == 2
    assert "--add-licence: 0 for 1 --add; expected one for each" in add("--add", path)[1]
    wrong = add("--add", path, "--add-licence", "MIT", "--add-name", "a", "--add-name", "b")
    assert wrong[0] == 2
    assert "--add-name: 2 for 1 --add" in wrong[1]


@pytest.mark.parametrize("policy", ["as_written", "simplified"])
def test_the_recipe_says_whether_a_traditional_copy_is_a_duplicate(policy: str, add: Any, tmp_path: Path) -> None:
    copies = [
        {"prompt": "为什么天空是蓝色的？", "chosen": "因为大气散射蓝光。", "rejected": "因为海是蓝的，会反射颜色。"},
        {"prompt": "為什麼天空是藍色的？", "chosen": "因為大氣散射藍光。", "rejected": "因為海是藍的，會反射顏色。"},
    ]
    recipe = (RECIPES / "ct-llm.yaml").read_text(encoding="utf-8").replace(": as_written", f": {policy}")
    (tmp_path / "mine.yaml").write_text(recipe, encoding="utf-8")
    data = write(tmp_path / "mine.json", copies)
    assert add("--add", data, "--add-licence", "MIT", "--only-added", "--recipe", tmp_path / "mine.yaml")[0] == 0
    files = (tmp_path / "out" / "zh" / "data").glob("*.parquet")
    kept = [pair for file in files for pair in pq.read_table(file).to_pylist()]
    assert len(kept) == (1 if policy == "simplified" else 2)
    assert all(pair["chosen"][0]["content"] in (copies[0]["chosen"], copies[1]["chosen"]) for pair in kept)
    assert len({pair["prompt_group"] for pair in kept}) == 1


@pytest.mark.parametrize(("policy", "answer"), [("keep", "<think>想</think>猫。"), ("strip", "猫。")])
def test_the_recipe_says_what_becomes_of_reasoning(policy: str, answer: str, add: Any, tmp_path: Path) -> None:
    thought = [{**row, "chosen": "<think>想</think>猫。"} for row in rows("猫")[:1]]
    recipe = (RECIPES / "ct-llm.yaml").read_text(encoding="utf-8").replace("reasoning: keep", f"reasoning: {policy}")
    (tmp_path / "mine.yaml").write_text(recipe, encoding="utf-8")
    data = write(tmp_path / "mine.json", [*thought, *rows("猫")[1:]])
    status, manifest = add("--add", data, "--add-licence", "MIT", "--only-added", "--recipe", tmp_path / "mine.yaml")
    assert status == 0
    (mine,) = manifest["sources"]
    assert mine["answers_with_reasoning"] == {"chosen": 1}
    assert mine["repairs"] == ({"reasoning_stripped": 1} if policy == "strip" else {})
    (file,) = (tmp_path / "out" / "zh" / "data").glob("train-*.parquet")
    assert answer in [turns[0]["content"] for turns in pq.read_table(file)["chosen"].to_pylist()]
