"""Layouts of single answers that were liked or not: TRL's, LLaMA-Factory's and ms-swift's for KTO."""

from collections.abc import Callable

from sources.layouts.known.llama_factory import instruction
from sources.layouts.layout import (
    Half,
    Layout,
    Message,
    NoPairError,
    Options,
    Pairing,
    Row,
    flag,
    is_answers,
    is_flag,
    is_messages,
    is_prompt,
    is_text,
)
from sources.layouts.messages import messages
from sources.layouts.ranked import Rated, rate
from sources.layouts.turns import prompt, user

PAIRED: tuple[Pairing, ...] = ("first", "all")


def _half(turns: list[Message], said: Rated, liked: object) -> list[Half]:
    return [Half(turns, said.turns, flag(liked), said.score, said.model, unread=said.unread)]


def _trl(row: Row, options: Options) -> list[Half]:
    return _half(prompt(row["prompt"], "prompt"), rate(row["completion"], "completion"), row["label"])


def _alpaca(row: Row, options: Options) -> list[Half]:
    return _half(user(instruction(row)), rate(row["output"], "output"), row["kto_tag"])


def _last(tag: str) -> Callable[[Row, Options], list[Half]]:
    """Messages of which the last is the answer."""

    def read(row: Row, options: Options) -> list[Half]:
        key = "messages" if row.get("messages") is not None else "conversations"
        said = messages(row[key], key)
        if not said or said[-1]["role"] != "assistant":
            found = f"{said[-1]['role']}'s" if said else "not there"
            raise NoPairError("broken_turns", f"the last turn of {key} is {found}, expected assistant's")
        return _half(said[:-1], Rated(said[-1:]), row[tag])

    return read


KTO = Layout(
    "kto",
    '{"prompt": ..., "completion": ..., "label": true}',
    ({"prompt": is_prompt, "completion": is_answers, "label": is_flag},),
    _trl,
    unpaired=True,
    pairings=PAIRED,
)
KTO_LLAMA_FACTORY = Layout(
    "kto-llamafactory",
    '{"messages": [messages, the last one the answer], "kto_tag": true}, or conversations',
    ({"messages": is_messages, "kto_tag": is_flag}, {"conversations": is_messages, "kto_tag": is_flag}),
    _last("kto_tag"),
    unpaired=True,
    pairings=PAIRED,
)
KTO_ALPACA = Layout(
    "kto-alpaca",
    '{"instruction": "...", "input": "...", "output": "...", "kto_tag": true}',
    ({"instruction": is_text, "output": is_text, "kto_tag": is_flag},),
    _alpaca,
    joins_input=True,
    unpaired=True,
    pairings=PAIRED,
)
KTO_MS_SWIFT = Layout(
    "kto-ms-swift",
    '{"messages": [messages, the last one the answer], "label": true}',
    ({"messages": is_messages, "label": is_flag},),
    _last("label"),
    unpaired=True,
    pairings=PAIRED,
)
