"""Every format read back gives the pairs that went in; what a format cannot hold is left out with its reason."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from datasets import load_dataset
from hypothesis import given
from hypothesis import strategies as st

from builders.exporting.export import export
from builders.exporting.exported import Exported
from builders.exporting.format import LeftOut, Pair
from builders.exporting.formats import FORMATS, load_format
from builders.exporting.other_formats import SHAREGPT_ROLES
from sources.layouts.find import find_layout, row_reader
from sources.layouts.layout import Draft
from sources.pairs.built_folder import open_built
from tests.builders.made_build import HOSTILE, Row, make_build, pair

LAYOUT_OF = {
    "trl": "trl",
    "trl-standard": "trl-standard",
    "llamafactory": "sharegpt",
    "openrlhf": "trl",
    "axolotl": "axolotl-messages",
    "ms-swift": "ms-swift",
}
"""The layout that reads a format back."""

LONG = "这个回答足够长，不会出现在任何模板里。"
DIALOGUE = [("user", "你好"), ("assistant", "你好！"), ("user", "今天几号？")]
WITH_SYSTEM = [("system", "你是一只猫。"), *DIALOGUE]
PAIRS = [
    pair("夸夸这只猫。", "它的尾巴真漂亮。", "猫。是的。"),
    pair(DIALOGUE, f"{LONG}一", f"{LONG}二"),
    pair(WITH_SYSTEM, f"{LONG}三", f"{LONG}四"),
    pair(HOSTILE, f"好{HOSTILE}", f"坏{HOSTILE}"),
    pair([("system", HOSTILE), ("user", HOSTILE)], f" {HOSTILE} ", f"\n{LONG}\n"),
]


@pytest.fixture
def exported(tmp_path: Path) -> Callable[..., Exported]:
    """From pairs to their export in a format."""

    def run(name: str, train: list[Row], test: Sequence[Row] = ()) -> Exported:
        built = make_build(tmp_path / "built", train, test)
        return export(open_built(built), load_format(name), tmp_path / "to")[0]

    return run


def rows_of(exported: Exported, split: str) -> list[dict[str, Any]]:
    path = exported.folder / f"{split}.{exported.format.suffix}"
    if path.suffix == ".parquet":
        rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
        return rows
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


def sides(row: dict[str, Any]) -> tuple[list[tuple[str, str]], str, str]:
    """A row of PAIRS as plain values."""
    prompt = [(message["role"], message["content"]) for message in row["prompt"]]
    return prompt, row["chosen"][0]["content"], row["rejected"][0]["content"]


def read_back(name: str, rows: list[dict[str, Any]]) -> Iterator[tuple[list[tuple[str, str]], str, str]]:
    """The pairs that our own reader of other people's layouts sees in the rows."""
    reader = row_reader(LAYOUT_OF[name], is_named=False)
    for row in rows:
        (draft,) = reader(row).drafts
        assert isinstance(draft, Draft)
        answers = (side[0]["content"] for side in (draft.chosen, draft.rejected))
        yield [(message["role"], message["content"]) for message in draft.prompt], *answers


@pytest.mark.parametrize("name", LAYOUT_OF)
def test_what_is_written_reads_back_as_the_same_pairs_in_the_same_order(
    name: str, exported: Callable[..., Exported]
) -> None:
    held = [row for row in PAIRS if name != "trl-standard" or len(row["prompt"]) == 1]
    result = exported(name, PAIRS, PAIRS[:1])
    assert list(read_back(name, rows_of(result, "train"))) == [sides(row) for row in held]
    assert list(read_back(name, rows_of(result, "test"))) == [sides(row) for row in PAIRS[:1]]


@pytest.mark.parametrize("name", FORMATS)
def test_the_layout_of_an_export_is_found_without_being_named(name: str, exported: Callable[..., Exported]) -> None:
    assert find_layout(rows_of(exported(name, PAIRS), "train"), "test").name == LAYOUT_OF.get(name, name)


def test_kto_has_two_rows_a_pair_the_good_one_first(exported: Callable[..., Exported]) -> None:
    rows = rows_of(exported("kto", PAIRS), "train")
    assert [row["label"] for row in rows] == [True, False] * len(PAIRS)
    for good, bad, row in zip(rows[::2], rows[1::2], PAIRS, strict=True):
        assert good["prompt"] == bad["prompt"]
        joined = {"prompt": good["prompt"], "chosen": good["completion"], "rejected": bad["completion"]}
        assert sides(joined) == sides(row)


@pytest.mark.parametrize("name", FORMATS)
def test_the_datasets_library_loads_every_row(name: str, tmp_path: Path, exported: Callable[..., Exported]) -> None:
    result = exported(name, PAIRS, PAIRS[:2])
    kind = "json" if result.format.suffix == "jsonl" else "parquet"
    files = {file.path.split(".")[0]: str(result.folder / file.path) for file in result.files}
    loaded = load_dataset(kind, data_files=files, cache_dir=str(tmp_path / "cache"))
    for split in ("train", "test"):
        assert list(loaded[split]) == rows_of(result, split)


@pytest.mark.parametrize("name", ["trl", "trl-standard", "kto"])
def test_the_folder_itself_is_a_dataset_with_its_splits_for_trl(
    name: str, tmp_path: Path, exported: Callable[..., Exported]
) -> None:
    result = exported(name, PAIRS, PAIRS[:1])
    loaded = load_dataset(str(result.folder), cache_dir=str(tmp_path / "cache"))
    assert {split: len(rows) for split, rows in loaded.items()} == {
        file.path.split(".")[0]: file.rows for file in result.files
    }


UNFIT = [
    ("trl-standard", pair(DIALOGUE, "一", "二"), "several_turns"),
    ("trl-standard", pair(WITH_SYSTEM, "一", "二"), "system_turn"),
    ("trl-standard", pair([("system", "猫"), ("user", "好")], "一", "二"), "system_turn"),
    ("llamafactory", pair([("user", "一"), ("user", "二")], "三", "四"), "broken_turns"),
    ("llamafactory", pair([("assistant", "一"), ("user", "二")], "三", "四"), "broken_turns"),
    ("llamafactory", pair([*DIALOGUE, ("assistant", "三")], "三", "四"), "broken_turns"),
    ("axolotl", pair("问", "", LONG), "empty_answer"),
    ("axolotl", pair("问", LONG, ""), "empty_answer"),
    ("axolotl", pair("问", "user", LONG), "answer_in_template"),
    ("axolotl", pair("问", LONG, "a"), "answer_in_template"),
    ("ms-swift", pair("问", "一样", "一样"), "equal_answers"),
]


@pytest.mark.parametrize(("name", "row", "reason"), UNFIT)
def test_what_a_format_cannot_hold_is_left_out_with_its_reason(
    name: str, row: dict[str, Any], reason: str, exported: Callable[..., Exported]
) -> None:
    result = exported(name, [PAIRS[0], row], [PAIRS[0]])
    assert len(rows_of(result, "train")) == 1
    account = json.loads((result.folder / "exported.json").read_text())
    assert account["total"] == {"pairs_read": 3, "pairs_written": 2, "left_out": {reason: 1}}
    assert account["splits"]["test"]["left_out"] == {}
    left_out = [json.loads(line) for line in (result.folder / "left_out.jsonl").read_text().splitlines()]
    traced = {key: row[key] for key in ("id", "source", "source_row")}
    assert left_out == [{"split": "train", **traced, "reason": reason}]
    assert f"1 `{reason}`: {result.format.reasons[reason]}" in (result.folder / "README.md").read_text()


@pytest.mark.parametrize("name", FORMATS)
def test_a_side_that_is_not_one_answer_fits_no_format(name: str, exported: Callable[..., Exported]) -> None:
    answer = {"role": "assistant", "content": LONG}
    sides = ([], [answer, answer], [{**answer, "role": "user"}])
    strange = [{**pair("问", "一", "二"), "chosen": said} for said in sides]
    result = exported(name, [PAIRS[0], *strange])
    assert result.counts["test", "train"].left_out == {"not_one_answer": 3}


def test_every_reason_of_a_format_is_played_above() -> None:
    assert {(name, reason) for name, _, reason in UNFIT} == {
        (format_.name, reason) for format_ in map(load_format, FORMATS) for reason in format_.reasons
    }


def test_axolotl_is_told_how_many_answers_its_template_may_trim(exported: Callable[..., Exported]) -> None:
    result = exported("axolotl", PAIRS)
    account = json.loads((result.folder / "exported.json").read_text())
    assert account["total"]["remarks"] == {"outer_white_space": 1}
    assert "outer_white_space" in (result.folder / "README.md").read_text()


message = st.tuples(st.sampled_from(["system", "user", "assistant"]), st.text(max_size=5))


@given(st.lists(message, max_size=5), st.text(max_size=8), st.text(max_size=8), st.sampled_from(list(FORMATS)))
def test_a_pair_becomes_its_number_of_rows_or_a_known_reason(
    prompt: list[tuple[str, str]], chosen: str, rejected: str, name: str
) -> None:
    format_ = load_format(name)
    made = format_.rows(Pair([{"role": role, "content": said} for role, said in prompt], chosen, rejected))
    if isinstance(made, LeftOut):
        assert made.reason in format_.reasons
    else:
        assert len(made) == format_.rows_per_pair


def test_sharegpt_roles_cover_ours() -> None:
    assert sorted(SHAREGPT_ROLES) == ["assistant", "system", "user"]
