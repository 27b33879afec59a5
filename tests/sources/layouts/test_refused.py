"""Rows that give no pair, each with its reason and evidence."""

import pytest

from tests.sources.layouts.rows import (
    BAD,
    DIALOGUES,
    GOOD,
    LISTS,
    PLAIN,
    RESPONSES,
    SAID,
    SINGLE,
    Row,
    refusal,
    said,
    shared,
)

REFUSED = [
    (
        "trl",
        {"prompt": SAID, "chosen": [GOOD, GOOD], "rejected": [BAD]},
        "broken_turns",
        "chosen[1] is assistant's, expected the end or tool's",
    ),
    ("trl", {"prompt": SAID, "chosen": [], "rejected": [BAD]}, "broken_turns", "chosen has 0 turns"),
    (
        "trl",
        {"prompt": SAID, "chosen": [said("user", "好")], "rejected": [BAD]},
        "broken_turns",
        "chosen[0] is user's, expected assistant's",
    ),
    ("trl", {"prompt": "三", **LISTS}, "wrong_type", "prompt is '三'"),
    ("trl", {"prompt": [said("narrator", "一")], **LISTS}, "broken_turns", "prompt[0] is"),
    ("trl", {"prompt": [said("user", "一"), 7], **LISTS}, "broken_turns", "prompt[1] is 7"),
    (
        "trl",
        {"prompt": [{"role": "user", "content": None}], **LISTS},
        "broken_turns",
        "prompt[0]",
    ),
    ("trl-standard", {"prompt": 7, **PLAIN}, "wrong_type", "prompt is 7, expected a string"),
    ("trl-standard", {"prompt": "一", "chosen": [7], "rejected": "坏"}, "broken_turns", "chosen[0] is 7"),
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
        "expected assistant's",
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
    ("keys(prompt=q,chosen=a,rejected=b)", {"q": None, "a": "好", "b": "坏"}, "wrong_type", "q is None"),
    ("keys(prompt=q,chosen=a,rejected=b)", {"q": "一", "a": 7, "b": "坏"}, "wrong_type", "a is 7"),
]


@pytest.mark.parametrize(("name", "row", "reason", "words"), REFUSED)
def test_a_row_that_gives_no_pair_says_why(name: str, row: Row, reason: str, words: str) -> None:
    found, evidence = refusal(name, row)
    assert found == reason
    assert words in evidence


def test_evidence_cannot_steer_a_terminal() -> None:
    _, evidence = refusal("trl", {"prompt": [said("narrator", "\x1b[31m\n\u202e")], **LISTS})
    assert "\x1b" not in evidence
    assert "\n" not in evidence
