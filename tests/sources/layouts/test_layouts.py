"""Each layout in both languages, each refusal with its reason, and layouts that are nearly alike told apart."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.command.errors import MissingColumnError, UsageError
from sources.layouts.find import LAYOUTS, find_layout, name_layout
from sources.layouts.layout import NoPairError

Row = dict[str, Any]
Turns = list[tuple[str, str]]

ZH = ("夸夸这只猫。", "它的尾巴真漂亮。", "猫。")
EN = ("Praise this cat.", "What a splendid tail.", "Cat.")


def said(role: str, content: str) -> Row:
    return {"role": role, "content": content}


def shared(who: str, value: str) -> Row:
    return {"from": who, "value": value}


def as_each_layout(prompt: str, chosen: str, rejected: str) -> dict[str, Row]:
    """One pair as every layout writes it."""
    user, good, bad = said("user", prompt), said("assistant", chosen), said("assistant", rejected)
    return {
        "trl": {"prompt": [user], "chosen": [good], "rejected": [bad]},
        "trl-standard": {"prompt": prompt, "chosen": chosen, "rejected": rejected},
        "ultrafeedback": {"prompt": prompt, "prompt_id": "1", "chosen": [user, good], "rejected": [user, bad]},
        "hh": {
            "chosen": f"\n\nHuman: {prompt}\n\nAssistant: {chosen}",
            "rejected": f"\n\nHuman: {prompt}\n\nAssistant: {rejected}",
        },
        "trl-implicit": {"chosen": [user, good], "rejected": [user, bad]},
        "sharegpt": {
            "conversations": [shared("human", prompt)],
            "chosen": shared("gpt", chosen),
            "rejected": shared("gpt", rejected),
        },
        "llamafactory": {"instruction": prompt, "input": "", "chosen": chosen, "rejected": rejected},
        "llamafactory-old": {"instruction": prompt, "input": "", "output": [chosen, rejected]},
        "ms-swift": {"messages": [user, good], "rejected_response": rejected},
        "medicalgpt": {"question": prompt, "response_chosen": chosen, "response_rejected": rejected},
        "axolotl": {"system": "", "question": prompt, "chosen": chosen, "rejected": rejected},
    }


ROWS = {lang: as_each_layout(*pair) for lang, pair in (("zh", ZH), ("en", EN))}


def read(layout: str, row: Row) -> tuple[Turns, str, str]:
    """What a layout makes of a row."""
    draft = name_layout(layout, "test").read(row)
    return [(turn["role"], turn["content"]) for turn in draft.prompt], draft.chosen, draft.rejected


def refusal(layout: str, row: Row) -> tuple[str, str]:
    """Reason and evidence of a row that gives no pair."""
    with pytest.raises(NoPairError) as refused:
        name_layout(layout, "test").read(row)
    reason, evidence = refused.value.args
    return reason, evidence


def test_every_layout_is_written_down_above() -> None:
    assert sorted(ROWS["zh"]) == sorted(layout.name for layout in LAYOUTS)


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


DIALOGUE = [("user", "一"), ("assistant", "二"), ("user", "三")]
SAID = [said(role, content) for role, content in DIALOGUE]
GOOD, BAD = said("assistant", "好"), said("assistant", "坏")
SYSTEM = said("system", "你是猫。")
CAT = ("system", "你是猫。")

PLAIN = {"chosen": "好", "rejected": "坏"}
RESPONSES = {"response_chosen": "好", "response_rejected": "坏"}
SINGLE = {"chosen": GOOD, "rejected": BAD}
LISTS = {"chosen": [GOOD], "rejected": [BAD]}
DIALOGUES = {"chosen": [*SAID, GOOD], "rejected": [*SAID, BAD]}

TURNS_KEPT = [
    ("trl", {"prompt": SAID, **LISTS}, DIALOGUE),
    ("trl", {"prompt": [SYSTEM, *SAID], **LISTS}, [CAT, *DIALOGUE]),
    ("trl", {"prompt": SAID, **SINGLE}, DIALOGUE),
    (
        "trl-standard",
        {"prompt": "三", "system": "你是猫。", **PLAIN},
        [CAT, ("user", "三")],
    ),
    (
        "trl-implicit",
        {"chosen": [SYSTEM, *SAID, GOOD], "rejected": [SYSTEM, *SAID, BAD]},
        [CAT, *DIALOGUE],
    ),
    ("ultrafeedback", {"prompt": "三", **DIALOGUES}, DIALOGUE),
    ("ultrafeedback", {"prompt": "三", **LISTS}, [("user", "三")]),
    (
        "hh",
        {
            "chosen": "\n\nHuman: 一\n\nAssistant: 二\n\nHuman: 三\n\nAssistant: 好",
            "rejected": "\n\nHuman: 一\n\nAssistant: 二\n\nHuman: 三\n\nAssistant: 坏",
        },
        DIALOGUE,
    ),
    ("hh", {"chosen": "Human: 三\n\nAssistant: 好", "rejected": "Human: 三\n\nAssistant: 坏"}, [("user", "三")]),
    (
        "sharegpt",
        {
            "system": "你是猫。",
            "conversations": [shared("human", "一"), shared("gpt", "二"), shared("human", "三")],
            "chosen": shared("gpt", "好"),
            "rejected": shared("gpt", "坏"),
        },
        [CAT, *DIALOGUE],
    ),
    ("sharegpt", {"conversations": SAID, **SINGLE}, DIALOGUE),
    (
        "llamafactory",
        {"instruction": "三", "system": "你是猫。", "history": [["一", "二"]], **PLAIN},
        [CAT, *DIALOGUE],
    ),
    (
        "llamafactory",
        {"instruction": "三", "input": "四", "history": None, **PLAIN},
        [("user", "三\n四")],
    ),
    (
        "llamafactory-old",
        {"instruction": "三", "input": " ", "history": [], "output": ["好", "坏", "更坏"]},
        [("user", "三")],
    ),
    ("ms-swift", {"messages": [SYSTEM, *SAID, GOOD], "rejected_response": "坏"}, [CAT, *DIALOGUE]),
    ("ms-swift", {"messages": [*SAID, GOOD], "rejected_messages": [*SAID, BAD]}, DIALOGUE),
    ("ms-swift", {"messages": [*SAID, GOOD], "rejected_response": None, "rejected_messages": [*SAID, BAD]}, DIALOGUE),
    (
        "medicalgpt",
        {
            "system": "你是猫。",
            "history": [["一", "二"]],
            "question": "三",
            "response_chosen": "好",
            "response_rejected": "坏",
        },
        [CAT, *DIALOGUE],
    ),
    (
        "axolotl",
        {"system": "你是猫。", "question": "三", **PLAIN},
        [CAT, ("user", "三")],
    ),
    ("axolotl", {"question": "三", "chosen": GOOD, "rejected": [BAD]}, [("user", "三")]),
    (
        "keys(prompt=messages,chosen=chosen,rejected=rejected)",
        {"messages": SAID, **SINGLE},
        DIALOGUE,
    ),
]


@pytest.mark.parametrize(("name", "row", "prompt"), TURNS_KEPT)
def test_system_and_earlier_turns_are_kept(name: str, row: Row, prompt: Turns) -> None:
    assert read(name, row) == (prompt, "好", "坏")


REFUSED = [
    ("trl", {"prompt": SAID, "chosen": [GOOD, GOOD], "rejected": [BAD]}, "broken_turns", "chosen has 2 turns"),
    ("trl", {"prompt": SAID, "chosen": [], "rejected": [BAD]}, "broken_turns", "chosen has 0 turns"),
    ("trl", {"prompt": SAID, "chosen": [said("user", "好")], "rejected": [BAD]}, "broken_turns", "chosen has 1 turns"),
    ("trl", {"prompt": "三", **LISTS}, "wrong_type", "prompt is '三'"),
    ("trl", {"prompt": [said("tool", "一")], **LISTS}, "broken_turns", "prompt[0] is"),
    ("trl", {"prompt": [said("user", "一"), 7], **LISTS}, "broken_turns", "prompt[1] is 7"),
    (
        "trl",
        {"prompt": [{"role": "user", "content": None}], **LISTS},
        "broken_turns",
        "prompt[0]",
    ),
    ("trl-standard", {"prompt": 7, **PLAIN}, "wrong_type", "prompt is 7, expected a string"),
    ("trl-standard", {"prompt": "一", "chosen": ["好"], "rejected": "坏"}, "wrong_type", "chosen is ['好']"),
    (
        "trl-implicit",
        {"chosen": [*SAID, GOOD], "rejected": [said("user", "别的"), BAD]},
        "broken_turns",
        "differ before",
    ),
    ("trl-implicit", {**LISTS}, "no_prompt", "there is no prompt"),
    ("trl-implicit", {"chosen": [], "rejected": [BAD]}, "broken_turns", "a side has no turns"),
    ("trl-implicit", {"chosen": SAID, "rejected": SAID}, "broken_turns", "not the assistant's"),
    (
        "ultrafeedback",
        {"prompt": "别的", **DIALOGUES},
        "broken_turns",
        "the prompt is not",
    ),
    (
        "hh",
        {"chosen": "你好\n\nHuman: 一\n\nAssistant: 好", "rejected": "\n\nHuman: 一\n\nAssistant: 坏"},
        "broken_turns",
        "begin",
    ),
    (
        "hh",
        {"chosen": "\n\nHuman: 一\n\nAssistant: 好", "rejected": "\n\nHuman: 二\n\nAssistant: 坏"},
        "broken_turns",
        "differ",
    ),
    ("hh", {"chosen": "\n\nHuman: 一", "rejected": "\n\nHuman: 一"}, "broken_turns", "not the assistant's"),
    ("llamafactory", {"instruction": "一", "chosen": "好", "rejected": 3}, "wrong_type", "rejected is 3"),
    (
        "llamafactory",
        {"instruction": "一", "history": [["二"]], **PLAIN},
        "broken_history",
        "['二']",
    ),
    (
        "llamafactory",
        {"instruction": "一", "history": "二", **PLAIN},
        "broken_history",
        "history is '二'",
    ),
    ("llamafactory-old", {"instruction": "一", "output": ["好"]}, "not_two_answers", "output has 1 answers"),
    ("llamafactory-old", {"instruction": "一", "output": ["好", 7]}, "not_two_answers", "expected two strings"),
    ("sharegpt", {"conversations": "一", **SINGLE}, "wrong_type", "conversations is '一'"),
    (
        "sharegpt",
        {"conversations": SAID, "chosen": shared("human", "好"), "rejected": BAD},
        "broken_turns",
        "of the assistant",
    ),
    (
        "ms-swift",
        {"messages": SAID, "rejected_response": "坏"},
        "broken_turns",
        "the last message is not the assistant's",
    ),
    ("ms-swift", {"messages": [], "rejected_response": "坏"}, "broken_turns", "messages is empty"),
    ("ms-swift", {"messages": [*SAID, GOOD], "rejected_messages": [*SAID[:1], BAD]}, "broken_turns", "differ before"),
    (
        "medicalgpt",
        {"question": "一", "history": [["二"]], **RESPONSES},
        "broken_history",
        "two",
    ),
    (
        "medicalgpt",
        {"question": "一", "history": "二", **RESPONSES},
        "broken_history",
        "'二'",
    ),
    ("axolotl", {"question": ["一"], **PLAIN}, "wrong_type", "question is ['一']"),
    ("keys(prompt=q,chosen=a,rejected=b)", {"q": None, "a": "好", "b": "坏"}, "broken_turns", "q[0] is None"),
    ("keys(prompt=q,chosen=a,rejected=b)", {"q": "一", "a": 7, "b": "坏"}, "broken_turns", "a[0] is 7"),
]


@pytest.mark.parametrize(("name", "row", "reason", "words"), REFUSED)
def test_a_row_that_gives_no_pair_says_why(name: str, row: Row, reason: str, words: str) -> None:
    found, evidence = refusal(name, row)
    assert found == reason
    assert words in evidence


def test_evidence_cannot_steer_a_terminal() -> None:
    _, evidence = refusal("trl", {"prompt": [said("tool", "\x1b[31m\n\u202e")], **LISTS})
    assert "\x1b" not in evidence
    assert "\n" not in evidence


ROLE_NAMES = ["Human", "USER", "gpt", "chatgpt", "bing", "bot", "model", "prompter", "System"]


@pytest.mark.parametrize("name", ROLE_NAMES)
def test_roles_of_other_tools_are_known_in_any_case(name: str) -> None:
    prompt, _, _ = read("trl", {"prompt": [said(name, "一")], **LISTS})
    assert prompt[0][0] in ("user", "assistant", "system")


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
    (
        "messages written as text",
        {"prompt": "一", "chosen": "[{'role': 'assistant', 'content': '好'}]", "rejected": '[{"role": "a"}]'},
    ),
    ("one answer only", {"instruction": "一", "input": "", "output": "好"}),
    ("empty lists", {"prompt": [], "chosen": [], "rejected": []}),
    ("other names", {"question": "一", "good": "好", "bad": "坏"}),
]


@pytest.mark.parametrize("row", [case[1] for case in UNKNOWN], ids=[case[0] for case in UNKNOWN])
def test_what_is_no_known_layout_is_said_with_the_columns_found(row: Row) -> None:
    with pytest.raises(MissingColumnError) as refused:
        find_layout([row] * 5, "rows.json")
    words = str(refused.value)
    assert words.startswith(f"rows.json: no known layout; the first row has {', '.join(row)}")
    assert "keys(prompt=...,chosen=...,rejected=...)" in words
    assert all(layout.name in words for layout in LAYOUTS)


@pytest.mark.parametrize("rows", [[], [1, "a", None], [[]]])
def test_rows_that_are_no_objects_have_no_layout(rows: list[object]) -> None:
    with pytest.raises(MissingColumnError, match="no objects"):
        find_layout(rows, "rows.json")


def test_nine_of_ten_rows_are_enough_and_fewer_are_not() -> None:
    good, bad = ROWS["zh"]["ms-swift"], {"other": 1}
    assert find_layout([bad, *[good] * 9], "rows.json").why.startswith("9 of the first 10 rows look like")
    with pytest.raises(MissingColumnError):
        find_layout([*[good] * 8, bad, bad], "rows.json")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("tlr", "no layout is called tlr"),
        ("share-gpt", "Did you mean sharegpt?"),
        ("keys()", "no layout is called keys()"),
        ("keys(prompt=a)", "names prompt; expected prompt, chosen and rejected"),
        ("keys(prompt=a,chosen=b,answer=c)", "names prompt, chosen, answer"),
        ("keys(prompt=a,prompt=b,chosen=c,rejected=d)", "expected prompt, chosen and rejected, each once"),
    ],
)
def test_a_layout_that_does_not_exist_is_named_with_those_that_do(name: str, words: str) -> None:
    with pytest.raises(UsageError) as refused:
        name_layout(name, "--add")
    assert str(refused.value).startswith("--add: ")
    assert words in str(refused.value)


def test_keys_reads_any_columns_in_any_order() -> None:
    name = "keys(rejected=bad answer,prompt=问题,chosen=good)"
    assert read(name, {"问题": "一", "good": "好", "bad answer": "坏"}) == ([("user", "一")], "好", "坏")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["role", "content", "from", "value"]), inner, max_size=2)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted({key for row in ROWS["zh"].values() for key in row})), anything))
def test_a_row_that_fits_a_layout_is_read_or_refused_and_breaks_nothing(row: Row) -> None:
    for layout in LAYOUTS:
        if layout.fits(row):
            with suppress(NoPairError):
                assert all(turn["role"] in ("system", "user", "assistant") for turn in layout.read(row).prompt)


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
