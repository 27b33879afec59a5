"""The snippets beside the data: they parse, name the files that are there, and say what the trainers want."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from builders.exporting.export import export
from builders.exporting.exported import Exported
from builders.exporting.formats import FORMATS, load_format
from sources.pairs.built_folder import open_built
from tests.builders.made_build import make_build, pair

TRAIN, TEST = (
    [pair("问", "这是一个好的回答。", "这是一个坏的回答。")],
    [pair("再问", "这是一个好的回答。", "坏的回答是这个。")],
)
Make = Callable[..., Exported]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """An export in a format, with a test split or without."""

    def run(name: str, with_test: bool = True) -> Exported:
        place = tmp_path / str(with_test)
        built = make_build(place / "built", TRAIN, TEST if with_test else [])
        return export(open_built(built), load_format(name), place / "to")[0]

    return run


def settings(exported: Exported, name: str) -> dict[str, object]:
    content = yaml.safe_load((exported.folder / name).read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def flags(exported: Exported) -> dict[str, str]:
    """The flags of a shell script with one command, each with its value."""
    text = (exported.folder / "train_dpo.sh").read_text(encoding="utf-8").replace("\\\n", " ")
    words = shlex.split(text, comments=True)
    return {
        word: words[place + 1] if place + 1 < len(words) and not words[place + 1].startswith("--") else ""
        for place, word in enumerate(words)
        if word.startswith("--")
    }


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("with_test", [True, False])
def test_a_test_split_is_named_only_where_there_is_one(name: str, with_test: bool, make: Make) -> None:
    exported = make(name, with_test)
    there = {path.name for path in exported.folder.iterdir()}
    suffix = exported.format.suffix
    assert (f"test.{suffix}" in there) == with_test
    told = json.loads((exported.folder / "exported.json").read_text())["configuration"]
    assert told
    assert set(told) < there
    for snippet in told:
        words = (exported.folder / snippet).read_text(encoding="utf-8")
        if not with_test:
            assert f"test.{suffix}" not in words
            assert "eval_dataset" not in words
            assert "test_datasets" not in words


@pytest.mark.parametrize("name", FORMATS)
def test_the_read_me_says_how_to_train_and_under_which_licences(name: str, make: Make) -> None:
    exported = make(name)
    words = (exported.folder / "README.md").read_text(encoding="utf-8")
    assert exported.format.run in words
    assert exported.format.row in words
    assert "- test: MIT (2 pairs)" in words
    for file in exported.files:
        assert f"`{file.path}`: {file.rows:,} rows" in words
    assert not words.startswith("---"), "the datasets library would take it for a card"


@pytest.mark.parametrize(("name", "file", "rate"), [("trl", "dpo.yaml", "dpo"), ("kto", "kto.yaml", "kto")])
def test_trl_takes_the_folder_as_the_dataset(name: str, file: str, rate: str, make: Make) -> None:
    read = settings(make(name), file)
    assert read["dataset_name"] == "."
    assert read["eval_strategy"] == "steps"
    assert settings(make(name, False), file)["eval_strategy"] == "no"
    assert isinstance(read["learning_rate"], float)


def test_llama_factory_finds_the_files_by_dataset_info(make: Make) -> None:
    exported = make("llamafactory")
    info = json.loads((exported.folder / "dataset_info.json").read_text(encoding="utf-8"))
    assert info == {
        f"prefs_zh_{split}": {
            "file_name": f"{split}.jsonl",
            "formatting": "sharegpt",
            "ranking": True,
            "columns": {"messages": "conversations", "chosen": "chosen", "rejected": "rejected"},
        }
        for split in ("train", "test")
    }
    read = settings(exported, "dpo.yaml")
    assert (read["stage"], read["dataset"], read["eval_dataset"]) == ("dpo", "prefs_zh_train", "prefs_zh_test")


def test_axolotl_reads_messages_by_the_chat_template(make: Make) -> None:
    read = settings(make("axolotl"), "dpo.yaml")
    dataset = {
        "path": "train.jsonl",
        "ds_type": "json",
        "split": "train",
        "type": "chat_template.default",
        "field_messages": "messages",
        "message_property_mappings": {"role": "role", "content": "content"},
    }
    assert read["rl"] == "dpo"
    assert read["datasets"] == [dataset]
    assert read["test_datasets"] == [{**dataset, "path": "test.jsonl"}]


def test_openrlhf_is_told_every_key_and_the_only_split_of_a_file(make: Make) -> None:
    told = flags(make("openrlhf"))
    expected = {
        "--data.dataset": "train.jsonl",
        "--data.prompt_key": "prompt",
        "--data.chosen_key": "chosen",
        "--data.rejected_key": "rejected",
        "--data.apply_chat_template": "",
        "--eval.dataset": "test.jsonl",
        "--eval.split": "train",
    }
    assert expected.items() <= told.items()


def test_ms_swift_is_told_both_files(make: Make) -> None:
    told = flags(make("ms-swift"))
    assert {"--rlhf_type": "dpo", "--dataset": "train.jsonl", "--val_dataset": "test.jsonl"}.items() <= told.items()
