"""--fix: a clean set whose accounts add up, and which lints clean of what was dropped."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from builders.inputs.recipe import load_recipe
from builders.lint_prefs import main

DROPS = {code for code, policy in load_recipe("ct-llm").checks.items() if policy == "drop"}
DROPS |= {"exact_duplicate", "near_duplicate", "contradiction", "split_leak", "unreadable_row", "no_pair"}


@pytest.fixture
def spoilt(pair: Any, clean_rows: Any) -> list[dict[str, Any]]:
    """Clean rows, and one of each of many faults."""
    return [
        *clean_rows,
        pair(),
        pair(),
        pair(chosen=""),
        pair("一年有几个季节？", "四个。", "四个 。"),
        pair("茶还是咖啡？", "茶。", "咖啡。"),
        pair("茶还是咖啡？", "咖啡。", "茶。"),
        pair("介绍西湖。", "锟斤拷。", "不。"),
        pair("说晚安。", "晚安。</s>", "不。"),
        pair("写一张生日卡。", "抱歉，我无法帮助您完成这个请求。", "生日快乐！"),
        {"prompt": "a", "chosen": 1, "rejected": "b"},
    ]


def test_the_clean_set_adds_up_and_lints_clean(
    lint: Any, write: Callable[..., Path], spoilt: Any, tmp_path: Path
) -> None:
    linted = lint(write(spoilt), "--fix", tmp_path / "clean", "--licence", "CC0-1.0")
    assert linted.status == 1
    (fixed,) = linted.said["fixed"]
    assert (fixed["lang"], fixed["folder"]) == ("zh", str(tmp_path / "clean" / "zh"))
    total = fixed["total"]
    dropped = pq.read_table(tmp_path / "clean" / "zh" / "dropped.parquet").to_pylist()
    reasons = ["contradiction", "contradiction", "empty_side", "exact_duplicate", "identical_sides", "mojibake"]
    assert sorted(row["reason"] for row in dropped) == [*reasons, "template_token", "wrong_type"]
    assert len(spoilt) == total["rows_read"] == total["train"] + total["test"] + len(dropped)
    manifest = json.loads((tmp_path / "clean" / "zh" / "manifest.json").read_text(encoding="utf-8"))
    assert [(file["file"], file["revision"]) for file in manifest["inputs"]] == [("data.jsonl", None)]
    again = lint(tmp_path / "clean")
    assert DROPS.isdisjoint(again.counts)
    assert again.counts == {"refusal_chosen": 1}
    (row,) = [row for row in pq.read_table(tmp_path / "clean" / "zh" / "data").to_pylist() if row["tags"]]
    assert (row["tags"], row["license"], row["source"]) == (["refusal_chosen"], "CC0-1.0", "data_zh")


def test_a_set_with_splits_is_split_anew_without_leaks(
    lint: Any, write: Callable[..., Path], pair: Any, tmp_path: Path
) -> None:
    rows = [pair(f"请讲一讲第{n}种动物的故事。", f"很久以前有第{n}种动物。", f"不讲{n}。") for n in range(60)]
    other = [{**row, "rejected": f"{row['rejected']}另一个。"} for row in rows[:20]]
    write(rows, "set/train.jsonl")
    folder = write(other, "set/test.jsonl").parent
    assert lint(folder).counts["split_leak"] == 20
    (fixed,) = lint(folder, "--fix", tmp_path / "clean").said["fixed"]
    assert fixed["total"]["train"] > 0
    assert fixed["total"]["test"] > 0
    again = lint(tmp_path / "clean")
    assert set(again.said["pairs_by_split"]) == {"train", "test"}
    assert DROPS.isdisjoint(again.counts)


def test_one_file_that_is_called_test_stays_whole(lint: Any, write: Callable[..., Path], clean_rows: Any) -> None:
    path = write(clean_rows, "test.jsonl")
    (fixed,) = lint(path, "--fix", path.parent / "clean").said["fixed"]
    assert (fixed["total"]["train"], fixed["total"]["test"]) == (12, 0)


def test_both_languages_are_written(lint: Any, write: Callable[..., Path], pair: Any, clean_rows: Any) -> None:
    path = write([*clean_rows, pair("Name a colour.", "Green is one.", "Seven.")])
    fixed = lint(path, "--fix", path.parent / "clean").said["fixed"]
    assert [(each["lang"], each["total"]["train"]) for each in fixed] == [("zh", 12), ("en", 1)]


def test_files_of_two_layouts_and_of_one_name_are_all_there(
    lint: Any, write: Callable[..., Path], clean_rows: Any, tmp_path: Path
) -> None:
    write(clean_rows[:4], "set/v1.0/prefs.jsonl")
    write(clean_rows[4:8], "set/v1.1/prefs.jsonl")
    medical = [
        {"question": row["prompt"], "response_chosen": row["chosen"], "response_rejected": row["rejected"]}
        for row in clean_rows[8:]
    ]
    write(medical, "set/v1.2/prefs.jsonl")
    (fixed,) = lint(tmp_path / "data" / "set", "--fix", tmp_path / "clean").said["fixed"]
    assert fixed["total"]["train"] == 12
    manifest = json.loads((tmp_path / "clean" / "zh" / "manifest.json").read_text(encoding="utf-8"))
    assert [(file["source"], file["file"]) for file in manifest["inputs"]] == [
        ("set_zh", "v1.0/prefs.jsonl"),
        ("set_zh", "v1.1/prefs.jsonl"),
        ("set_zh", "v1.2/prefs.jsonl"),
    ]


def test_benchmark_questions_are_dropped_too(
    lint: Any, write: Callable[..., Path], pair: Any, clean_rows: Any, tmp_path: Path
) -> None:
    benchmarks = write([{"prompt": "邻居家的小狗走丢了，怎么办？", "id_": 1}], "b/cvalues_responsibility_prompts.jsonl")
    path = write([*clean_rows, pair("邻居家的小狗走丢了，怎么办？")])
    flags = ["--benchmarks", benchmarks.parent]
    assert lint(path, *flags, "--fix", tmp_path / "clean").counts == {"contaminated": 1}
    assert lint(tmp_path / "clean", *flags).counts == {}


def test_a_folder_that_is_no_build_is_not_replaced(
    write: Callable[..., Path], clean_rows: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "clean" / "zh" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    assert main([str(write(clean_rows)), "--fix", str(tmp_path / "clean")]) == 1
    assert "exists and is no build (it has no manifest.json)" in capsys.readouterr().err
    assert [path.name for path in mine.parent.iterdir()] == ["mine.txt"]
    mine.unlink()
    assert main([str(write(clean_rows)), "--fix", str(tmp_path / "clean")]) == 0
    assert main([str(write(clean_rows)), "--fix", str(tmp_path / "clean")]) == 0


def test_the_table_of_the_clean_set_is_shown(
    write: Callable[..., Path], spoilt: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(write(spoilt)), "--fix", str(tmp_path / "clean")]) == 1
    printed = capsys.readouterr().out
    assert "pairs written" in printed
    assert str(tmp_path / "clean" / "zh") in printed


def test_a_language_of_which_nothing_is_left_is_told_and_does_not_stop_the_other(
    write: Callable[..., Path], pair: Any, clean_rows: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write([*clean_rows, pair("Name a colour.", "Green is one.", "Green is one.")])
    assert main([str(path), "--fix", str(tmp_path / "clean"), "--json"]) == 1
    printed = capsys.readouterr()
    assert printed.err == "lint-prefs: --fix: none of 1 pairs in en is left, so it has no folder\n"
    (fixed,) = json.loads(printed.out)["fixed"]
    assert (fixed["lang"], fixed["total"]["train"]) == ("zh", 12)
    assert not (tmp_path / "clean" / "en").exists()
    (lost,) = pq.read_table(tmp_path / "clean" / "zh" / "dropped.parquet").to_pylist()
    assert (lost["reason"], lost["source_row"]) == ("other_language_file", "data.jsonl:12")


def test_nothing_left_at_all_is_one_line(
    write: Callable[..., Path], pair: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write([pair(rejected=""), pair("Name a colour.", "Green is one.", "Green is one.")])
    assert main([str(path), "--fix", str(tmp_path / "clean"), "--json"]) == 1
    assert "none of 1 pairs is left to train on" in capsys.readouterr().err
    assert not list((tmp_path / "clean").glob("[ze]*"))


def test_the_layout_is_told_once(
    write: Callable[..., Path], pair: Any, clean_rows: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write([*clean_rows, pair("Name a colour.", "Green is one.", "Seven.")])
    assert main([str(path), "--fix", str(tmp_path / "clean")]) == 0
    assert capsys.readouterr().out.count("data.jsonl read as trl-standard") == 1
