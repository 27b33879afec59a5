"""One pair as every layout writes it, and turns to make rows of."""

import json
from typing import Any

import pytest

from sources.layouts.find import row_reader
from sources.layouts.layout import Draft, NoPairError

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
        "hh-prompt": {
            "prompt": f"\n\nHuman: {prompt}\n\nAssistant:",
            "chosen": f" {chosen}",
            "rejected": f" {rejected}",
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
        "axolotl-messages": {"messages": [user], "chosen": good, "rejected": bad},
        "ms-swift-query": {"query": prompt, "response": chosen, "rejected_response": rejected},
        "openai": {"input": {"messages": [user]}, "preferred_output": [good], "non_preferred_output": [bad]},
        "named-sides": {"question": prompt, "pos_answer": {"answer": chosen}, "neg_answer": {"answer": rejected}},
        "helpsteer": {"context": [user], "response1": rejected, "response2": chosen, "overall_preference": 2},
        "arena": {"conversation_a": [user, bad], "conversation_b": [user, good], "winner": "model_b"},
        "arena-lists": {
            "prompt": json.dumps([prompt]),
            "response_a": json.dumps([chosen]),
            "response_b": json.dumps([rejected]),
            **dict.fromkeys(("winner_model_b", "winner_tie"), 0),
            "winner_model_a": 1,
        },
        "pku": {"prompt": prompt, "response_0": rejected, "response_1": chosen, "better_response_id": 1},
        "shp": {"history": prompt, "human_ref_A": rejected, "human_ref_B": chosen, "labels": 0},
        "two-scores": {
            "question": {"full_text": prompt, "dataset": "eli5"},
            "answer_0": rejected,
            "answer_1": chosen,
            "score_0": -0.5,
            "score_1": 0.5,
        },
        "winner": {"prompt": prompt, "response_a": rejected, "response_b": chosen, "winner": "b"},
        "scored": {
            "instruction": prompt,
            "completions": [{"response": rejected, "overall_score": 2}, {"response": chosen, "overall_score": "8.5"}],
        },
        "scored-lists": {"prompt": prompt, "responses": [rejected, chosen], "scores": [1, 2]},
        "paddlenlp": {"src": [prompt], "tgt": [], "response": [rejected, chosen], "sort": [0, 1]},
    }


UNPAIRED = {
    "kto": {"prompt": "一", "completion": "好", "label": True},
    "kto-llamafactory": {"messages": [said("user", "一"), said("assistant", "好")], "kto_tag": "true"},
    "kto-alpaca": {"instruction": "一", "output": "好", "kto_tag": True},
    "kto-ms-swift": {"messages": [said("user", "一"), said("assistant", "好")], "label": 1},
}
"""One liked answer, which with a disliked one to the same prompt makes a pair."""


ROWS = {lang: as_each_layout(*pair) for lang, pair in (("zh", ZH), ("en", EN))}


def read(layout: str, row: Row) -> tuple[Turns, str, str]:
    """What a layout makes of a row that is one pair."""
    (draft,) = drafts(layout, row)
    turns = [(turn["role"], turn["content"]) for turn in draft.prompt]
    return turns, draft.chosen[-1]["content"], draft.rejected[-1]["content"]


def drafts(layout: str, row: Row) -> list[Draft]:
    """The pairs that a layout makes of a row."""
    return [draft for draft in row_reader(layout, is_named=True)(row).drafts if isinstance(draft, Draft)]


def refusal(layout: str, row: Row) -> tuple[str, str]:
    """Reason and evidence of a row that gives no pair."""
    with pytest.raises(NoPairError) as refused:
        row_reader(layout, is_named=True)(row)
    reason, evidence = refused.value.args
    return reason, evidence


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
