"""Each layout found by its rows, layouts that are nearly alike told apart, what is none said with what it lacks."""

import json
from pathlib import Path

import pytest

from sources.command.errors import MissingColumnError
from sources.layouts.find import find_layout, row_reader
from sources.layouts.known import LAYOUTS
from sources.layouts.layout import NoPairError
from tests.sources.layouts.rows import (
    DIALOGUES,
    EN,
    LISTS,
    PLAIN,
    ROWS,
    SAID,
    SINGLE,
    UNPAIRED,
    ZH,
    Row,
    read,
)


def test_every_layout_is_written_down_above() -> None:
    assert sorted((*ROWS["zh"], *UNPAIRED)) == sorted(layout.name for layout in LAYOUTS)


@pytest.mark.parametrize("name", UNPAIRED)
def test_single_answers_are_found(name: str) -> None:
    taken = find_layout([UNPAIRED[name]] * 3, "rows.json")
    assert (taken.name, taken.unpaired) == (name, True)


@pytest.mark.parametrize("name", ROWS["zh"])
@pytest.mark.parametrize(("lang", "pair"), [("zh", ZH), ("en", EN)])
def test_a_row_is_found_and_read_as_what_it_is(lang: str, pair: tuple[str, str, str], name: str) -> None:
    taken = find_layout([ROWS[lang][name]] * 3, "rows.json")
    assert taken.name == name
    assert taken.why.startswith("3 of the first 3 rows look like {")
    prompt, chosen, rejected = read(name, ROWS[lang][name])
    assert ([content for _, content in prompt], chosen, rejected) == ([pair[0]], *pair[1:])


@pytest.mark.parametrize("name", ROWS["zh"])
def test_more_columns_than_a_layout_needs_change_nothing(name: str) -> None:
    row = {"id": 7, "score": 0.5, **ROWS["zh"][name], "meta": {"a": [1]}, "tools": None}
    assert find_layout([row], "rows.json").name == name
    assert read(name, row) == read(name, ROWS["zh"][name])


NEARLY = [
    ("a prompt of messages and answers of messages", {"prompt": SAID, **LISTS}, "trl"),
    ("a null prompt is none", {"prompt": None, **DIALOGUES}, "trl-implicit"),
    (
        "a string prompt beside dialogues",
        {"prompt": "三", **DIALOGUES},
        "ultrafeedback",
    ),
    (
        "dialogues in strings, with a prompt",
        {"prompt": "一", "chosen": "\n\nHuman: 一\n\nAssistant: 好", "rejected": "\n\nHuman: 一\n\nAssistant: 坏"},
        "trl-standard",
    ),
    ("dialogues in strings", {"chosen": "Human: 一\n\nAssistant: 好", "rejected": "Human: 一\n\nAssistant: 坏"}, "hh"),
    (
        "instruction with a prompt",
        {"prompt": "一", "instruction": "一", **PLAIN},
        "trl-standard",
    ),
    (
        "instruction, and a question",
        {"instruction": "一", "question": "", **PLAIN},
        "llamafactory",
    ),
    (
        "question with messages on both sides",
        {"question": "一", "chosen": "好", "rejected": "坏", "messages": SAID},
        "axolotl",
    ),
    ("messages in sharegpt's place", {"conversations": SAID, **SINGLE}, "sharegpt"),
]


@pytest.mark.parametrize(("row", "name"), [case[1:] for case in NEARLY], ids=[case[0] for case in NEARLY])
def test_layouts_that_are_nearly_alike_are_told_apart(row: Row, name: str) -> None:
    assert find_layout([row] * 5, "rows.json").name == name


UNKNOWN = [
    ("implicit prompt of plain strings", {"chosen": "天是蓝的", "rejected": "天是绿的"}),
    ("one answer only", {"instruction": "一", "input": "", "output": "好"}),
    ("empty lists", {"prompt": [], "chosen": [], "rejected": []}),
    ("other names", {"question": "一", "my_good": "好", "my_bad": "坏"}),
]


@pytest.mark.parametrize("row", [case[1] for case in UNKNOWN], ids=[case[0] for case in UNKNOWN])
def test_what_is_no_known_layout_is_said_with_the_columns_found(row: Row) -> None:
    with pytest.raises(MissingColumnError) as refused:
        find_layout([row] * 5, "rows.json")
    words = str(refused.value)
    assert words.startswith("rows.json: no known layout; the first row has ")
    assert all(f"{column} (" in words for column in row)
    assert words.count("lacks") + words.count(" is ") + words.count("does not fit") >= 3, "the three nearest"
    assert "for example keys(prompt=" in words


@pytest.mark.parametrize("rows", [[], [1, "a", None], [[]]])
def test_rows_that_are_no_objects_have_no_layout(rows: list[object]) -> None:
    with pytest.raises(MissingColumnError, match="no objects"):
        find_layout(rows, "rows.json")


def test_rows_of_several_layouts_are_counted() -> None:
    swift, plain = ROWS["zh"]["ms-swift"], ROWS["zh"]["trl-standard"]
    taken = find_layout([*[swift] * 6, *[plain] * 3, {"other": 1}], "rows.json")
    assert taken.name == "ms-swift"
    assert taken.why.startswith("6 of the first 10 rows look like")
    assert ", 3 like {" in taken.why


def test_half_of_the_rows_without_a_layout_are_too_many() -> None:
    good, bad = ROWS["zh"]["ms-swift"], {"other": 1}
    with pytest.raises(MissingColumnError, match=r"the first row has other \(number\)"):
        find_layout([*[good] * 5, *[bad] * 5], "rows.json")


def test_the_line_to_try_names_the_likeliest_columns() -> None:
    row = {"my_question": "一", "the_good_one": "好", "the_bad_one": "坏", "id": 1}
    with pytest.raises(MissingColumnError) as refused:
        find_layout([row], "rows.json")
    assert "keys(prompt=my_question,chosen=the_good_one,rejected=the_bad_one)" in str(refused.value)


def test_messages_written_to_a_cell_are_read() -> None:
    row = {
        "prompt": "一",
        "chosen": "[{'role': 'assistant', 'content': '好'}]",
        "rejected": '[{"role": "assistant", "content": "坏"}]',
    }
    assert find_layout([row], "rows.csv").name == "ultrafeedback"
    assert read("ultrafeedback", row) == ([("user", "一")], "好", "坏")


SHARED_FILES = [
    ("demos/dpo_zh_demo.json", "sharegpt", 150),
    ("demos/dpo_en_demo.json", "sharegpt", 150),
    ("hiyouga/LLaMA-Factory/data/comparison_gpt4_data_zh.json", "llamafactory", 1200),
    ("hiyouga/LLaMA-Factory/data/comparison_gpt4_data_en.json", "llamafactory-old", 600),
    ("hiyouga/LLaMA-Factory/data/oaast_rm_zh.json", "llamafactory-old", 775),
]


@pytest.mark.shared
@pytest.mark.parametrize(("file", "name", "count"), SHARED_FILES)
def test_real_files_are_found_and_every_row_is_read(file: str, name: str, count: int, shared: Path) -> None:
    rows = json.loads((shared / "upstream" / file).read_text(encoding="utf-8"))
    assert find_layout(rows[:200], file).name == name
    read_rows = [read(name, row) for row in rows]
    assert len(read_rows) == count
    assert all(prompt[-1][0] == "user" for prompt, _, _ in read_rows)


@pytest.mark.shared
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_real_files_without_two_answers_have_no_layout(lang: str, shared: Path) -> None:
    rows = json.loads((shared / f"upstream/hiyouga/LLaMA-Factory/data/alpaca_gpt4_data_{lang}.json").read_text())
    with pytest.raises(MissingColumnError, match="the first row has"):
        find_layout(rows, "alpaca")


def test_answers_as_lists_beside_messages_are_no_dialogues_of_their_own() -> None:
    row = {"messages": SAID, **LISTS}
    assert find_layout([row], "rows.json").name == "axolotl-messages"
    assert [content for _, content in read("axolotl-messages", row)[0]] == ["一", "二", "三"]
    assert find_layout([{"question": "三", **LISTS}], "rows.json").name == "axolotl"


def test_a_layout_that_is_named_and_does_not_fit_says_what_it_needs() -> None:
    with pytest.raises(NoPairError) as refused:
        row_reader("sharegpt", is_named=True)({"prompt": "一", **PLAIN})
    assert refused.value.args == ("wrong_type", "the row is no sharegpt (it needs conversations)")
