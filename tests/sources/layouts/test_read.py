"""Rows read in each layout: system and earlier turns are kept, and names that the user gives."""

import pytest

from sources.command.errors import UsageError
from sources.layouts.find import name_layout
from tests.sources.layouts.rows import (
    BAD,
    CAT,
    DIALOGUE,
    DIALOGUES,
    GOOD,
    LISTS,
    PLAIN,
    SAID,
    SINGLE,
    SYSTEM,
    Row,
    Turns,
    read,
    said,
    shared,
)

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


ROLE_NAMES = ["Human", "USER", "gpt", "chatgpt", "bing", "bot", "model", "prompter", "System"]


@pytest.mark.parametrize("name", ROLE_NAMES)
def test_roles_of_other_tools_are_known_in_any_case(name: str) -> None:
    prompt, _, _ = read("trl", {"prompt": [said(name, "一")], **LISTS})
    assert prompt[0][0] in ("user", "assistant", "system")


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
