"""Splits told by names, and prompts that are in two of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders.linting.splits import split_of

NAMES = {
    "train.json": "train",
    "data/test-00000-of-00001.parquet": "test",
    "data/train-00000-of-00002.parquet": "train",
    "test/part1.jsonl": "test",
    "train/test.jsonl.gz": "test",
    "prefs.val.jsonl": "validation",
    "valid_zh.csv": "validation",
    "validation.tsv": "validation",
    "dev.jsonl": "validation",
    "eval.jsonl": "test",
    "latest.jsonl": "train",
    "contest_training.jsonl": "train",
    "TEST.JSON": "test",
    "prefs.jsonl": "train",
}

LONG = "请为一家新开的社区书店写一段三百字左右的开业介绍，要提到咖啡、儿童读物和周末的读书会"
OTHER = "怎样在阳台上用旧木箱种出可以吃的香菜和小葱，需要准备哪些工具和土壤"


@pytest.mark.parametrize(("name", "split"), NAMES.items())
def test_the_name_of_a_file_says_its_split(name: str, split: str) -> None:
    assert split_of(name) == split


def test_the_same_prompt_in_train_and_test_is_a_leak(
    lint: Any, write: Callable[..., Path], pair: Any, clean_rows: Any
) -> None:
    write([pair("茶还是水？", "茶。", "水。"), *clean_rows[:6]], "train.jsonl")
    folder = write([*clean_rows[6:], pair(" 茶还是水？", "都好。", "酒。")], "test.jsonl").parent
    linted = lint(folder)
    assert linted.counts == {"split_leak": 1}
    assert linted.examples("split_leak") == [
        ("test.jsonl:6 (\u3000茶还是水？)".replace("\u3000", " "), "the same prompt is in train")
    ]
    assert linted.said["pairs_by_split"] == {"test": 7, "train": 7}
    assert linted.status == 1


def test_nearly_the_same_prompt_is_a_leak_and_another_is_none(lint: Any, write: Callable[..., Path], pair: Any) -> None:
    write([pair(LONG + "。", "好的，欢迎光临！", "不写。"), pair(OTHER + "？", "先备土。", "不知道。")], "train.jsonl")
    rows = [pair(LONG + "吧。", "新书店开门了。", "不。"), pair("阳台上种什么菜最好？", "香菜。", "石头。")]
    linted = lint(write(rows, "validation.jsonl").parent)
    assert linted.counts == {"split_leak": 1}
    ((where, evidence),) = linted.examples("split_leak")
    assert where.startswith("validation.jsonl:0 (")
    assert evidence == "nearly the same prompt is in train"


def test_a_near_duplicate_in_another_split_is_a_leak_too(lint: Any, write: Callable[..., Path], pair: Any) -> None:
    sides = ("新书店开门了，欢迎大家周末来喝咖啡、听故事、读好书。", "我不想写这一段介绍，请另外找人来写吧。")
    write([pair(LONG + "。", *sides)], "train.jsonl")
    folder = write([pair(LONG + "吧。", *sides)], "test.jsonl").parent
    assert lint(folder).counts == {"near_duplicate": 1, "split_leak": 1}


def test_an_exact_duplicate_in_another_split_is_a_leak_too(lint: Any, write: Callable[..., Path], pair: Any) -> None:
    write([pair()], "train.jsonl")
    assert lint(write([pair()], "test.jsonl").parent).counts == {"exact_duplicate": 1, "split_leak": 1}


def test_in_one_split_nothing_leaks(lint: Any, write: Callable[..., Path], pair: Any) -> None:
    rows = [pair(), pair(rejected="另一个。")]
    assert lint(write(rows, "data.jsonl")).counts == {}
    assert lint(write(rows, "only/test.jsonl")).counts == {}


def test_a_prompt_of_validation_in_test_is_a_leak_too(
    lint: Any, write: Callable[..., Path], pair: Any, clean_rows: Any
) -> None:
    write(clean_rows, "train.jsonl")
    write([pair()], "validation.jsonl")
    linted = lint(write([pair(rejected="另一个。")], "test.jsonl").parent)
    assert linted.counts == {"split_leak": 1}
    assert linted.examples("split_leak") == [("test.jsonl:0 (夸夸这只猫。)", "the same prompt is in validation")]


def test_a_prompt_in_all_three_splits_leaks_out_of_train(lint: Any, write: Callable[..., Path], pair: Any) -> None:
    for rejected, name in (("猫就是猫。", "train"), ("不知道该说什么好。", "validation"), ("它会抓老鼠。", "test")):
        folder = write([pair(rejected=rejected)], f"{name}.jsonl").parent
    linted = lint(folder)
    assert linted.counts == {"split_leak": 2}
    assert {evidence for _, evidence in linted.examples("split_leak")} == {"the same prompt is in train"}


def test_prompts_of_two_languages_do_not_leak_into_each_other(lint: Any, write: Callable[..., Path], pair: Any) -> None:
    write([pair("OK?", "好的，没有问题。", "不行。")], "train.jsonl")
    assert lint(write([pair("OK?", "Yes, of course.", "No.")], "test.jsonl").parent).counts == {}


def test_a_built_folder_is_read_with_its_splits_and_does_not_leak(
    lint: Any, build_sample: Callable[..., Any], tmp_path: Path
) -> None:
    from builders.inputs.recipe import load_recipe

    recipe = load_recipe("ct-llm").model_copy(update={"test_share": 0.2})
    built = build_sample(recipe=recipe, langs=("zh", "en"))
    counts = {
        split: sum(getattr(account, split) for result in built for account in result.accounts)
        for split in ("test", "train")
    }
    linted = lint(tmp_path / "out", "--fail-on", "error")
    assert linted.status == 0
    assert linted.said["pairs_by_split"] == counts
    assert {file["layout"] for file in linted.said["files"]} == {"trl"}
    assert {"split_leak", "contradiction", "exact_duplicate", "near_duplicate"}.isdisjoint(linted.counts)


def test_files_of_the_same_name_in_two_folders_are_told_apart(
    lint: Any, write: Callable[..., Path], pair: Any, clean_rows: Any
) -> None:
    write(clean_rows[:3], "a/train.jsonl")
    path = write([*clean_rows[3:6], pair(chosen="")], "b/train.jsonl")
    path.write_text(path.read_text(encoding="utf-8") + "{broken\n", encoding="utf-8")
    linted = lint(path.parent.parent)
    assert linted.examples("empty_side")[0][0].startswith("b/train.jsonl:3 (")
    assert linted.examples("unreadable_row")[0][0] == "b/train.jsonl:4"


def test_what_is_no_data_is_passed_over(lint: Any, write: Callable[..., Path], clean_rows: Any) -> None:
    folder = write(clean_rows).parent
    for name in (
        "manifest.json",
        "dataset_info.json",
        "publish-prefs.json",
        ".hidden.jsonl",
        ".git/deep/down/x.json",
        "README.md",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("no data")
    assert [file["file"] for file in lint(folder).said["files"]] == ["data.jsonl"]
