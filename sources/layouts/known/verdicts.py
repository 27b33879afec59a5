"""Layouts of two answers and a verdict: HelpSteer, arena, PKU, SHP, and a winner or label beside two answers."""

import orjson

from sources.command.printable import shown
from sources.layouts.known.llama_factory import asked
from sources.layouts.known.scored import PROMPTS
from sources.layouts.layout import (
    Draft,
    Kinds,
    Layout,
    Message,
    NoPairError,
    Options,
    Row,
    flag,
    is_answers,
    is_flag,
    is_messages,
    is_number,
    is_prompt,
    is_something,
    is_text,
    string,
)
from sources.layouts.ranked import pair, rate
from sources.layouts.turns import after_common_turns, number, prompt

TIES = ("tie", "tied", "draw", "equal", "same", "both", "none", "neither", "both_good", "no preference", "c")
BOTH_BAD = ("tie (bothbad)", "both_bad", "bothbad", "both bad", "tie(bothbad)")
ANSWERS = ("model", "response", "answer", "conversation", "output")
FIRST = ("a", *(f"{what}_a" for what in ANSWERS), "left", "first", "model_1", "answer1")
SECOND = ("b", *(f"{what}_b" for what in ANSWERS), "right", "second", "model_2", "answer2")
TWO = (
    ("response_a", "response_b"),
    ("answer_a", "answer_b"),
    ("output_a", "output_b"),
    ("completion_a", "completion_b"),
    ("response_1", "response_2"),
    ("response1", "response2"),
    ("answer1", "answer2"),
    ("answer_1", "answer_2"),
    ("output_1", "output_2"),
    ("completion_1", "completion_2"),
    ("response_0", "response_1"),
    ("answer_0", "answer_1"),
)
"""Columns of two answers of which neither is said to be better."""

VERDICTS = ("winner", "preference", "preferred", "label", "choice", "better", "human_preference")
STRENGTHS = ("overall_preference", "preference_strength")


def verdict(value: object, column: str, first: int = 0) -> int:
    """0 where the first answer is better, 1 where the second is; answers are numbered from `first`.

    Raises:
        NoPairError: a tie, both bad, or nothing known.
    """
    name = value.strip().lower() if isinstance(value, str) else value
    if name in TIES:
        raise NoPairError("tie", f"{column} is {shown(value)}")
    if name in BOTH_BAD:
        raise NoPairError("both_bad", f"{column} is {shown(value)}")
    if name in FIRST or (isinstance(name, str) and name == str(first)):
        return 0
    if name in SECOND or (isinstance(name, str) and name == str(first + 1)):
        return 1
    if isinstance(name, (int, float)) and not isinstance(name, bool) and name in (first, first + 1):
        return int(name) - first
    raise NoPairError("unknown_verdict", f"{column} is {shown(value)}, expected which answer is better")


def _pair(turns: list[Message], row: Row, columns: tuple[str, str], better: int) -> Draft:
    """The pair of the answers in two columns, of which the one at `better` is better."""
    rated = [rate(row[column], column) for column in columns]
    return pair(turns, rated[better], rated[1 - better])


def _help_steer(row: Row, options: Options) -> list[Draft]:
    """From -3, the first is much better, to 3, the second is; 0 is a tie, 100 and the like are no verdict."""
    key = next(key for key in STRENGTHS if row.get(key) is not None)
    strength = number(row[key])
    if strength is None or not -3 <= strength <= 3:
        raise NoPairError("unknown_verdict", f"{key} is {shown(row[key])}, expected a number from -3 to 3")
    if strength == 0 or abs(strength) < options.min_margin:
        raise NoPairError("tie", f"{key} is {strength:g}")
    columns = ("response1", "response2") if is_text(row.get("response1")) else ("response_1", "response_2")
    draft = _pair(asked(row, ("context", "prompt")), row, columns, int(strength > 0))
    draft.score_chosen, draft.score_rejected = abs(strength), 0.0
    return [draft]


def _models(draft: Draft, row: Row, better: int) -> Draft:
    columns = ("model_a", "model_b")
    names = [string(row.get(key)) or None for key in columns]
    draft.chosen_model, draft.rejected_model = (
        name or own
        for name, own in zip(names[:: -1 if better else 1], (draft.chosen_model, draft.rejected_model), strict=True)
    )
    draft.unread += tuple(key for key, name in zip(columns, names, strict=True) if not name and row.get(key))
    return draft


def _arena(row: Row, options: Options) -> list[Draft]:
    better = verdict(row["winner"], "winner")
    sides = [prompt(row[key], key) for key in ("conversation_a", "conversation_b")]
    return [_models(after_common_turns(sides[better], sides[1 - better], "the conversations"), row, better)]


def _arena_lists(row: Row, options: Options) -> list[Draft]:
    """Kaggle's arena: what was said in turn as JSON lists, and three columns of which one is 1."""
    votes = {name: number(row[f"winner_{name}"]) for name in ("model_a", "model_b", "tie")}
    better = verdict(next((name for name, vote in votes.items() if vote), "nobody"), "winner")
    questions, *sides = (_texts(row[key], key) for key in ("prompt", "response_a", "response_b"))
    if not len(questions) == len(sides[0]) == len(sides[1]):
        counts = ", ".join(str(len(each)) for each in (questions, *sides))
        raise NoPairError("broken_turns", f"prompt, response_a and response_b have {counts} turns")
    dialogues = [
        [
            turn
            for question, reply in zip(questions, side, strict=True)
            for turn in ({"role": "user", "content": question}, {"role": "assistant", "content": reply})
        ]
        for side in sides
    ]
    return [_models(after_common_turns(dialogues[better], dialogues[1 - better], "the conversations"), row, better)]


def _texts(value: object, where: str) -> list[str]:
    try:
        texts = orjson.loads(value) if isinstance(value, str) else value
    except orjson.JSONDecodeError:
        texts = None
    if not isinstance(texts, list) or not all(isinstance(each, str) for each in texts):
        raise NoPairError("wrong_type", f"{where} is {shown(value)}, expected a list of strings")
    return texts


def _winner(row: Row, options: Options) -> list[Draft]:
    """Two answers, and one of VERDICTS that says which is better: by name, or by its number in their names."""
    columns = next(two for two in TWO if all(is_answers(row.get(key)) for key in two))
    key = next(key for key in VERDICTS if row.get(key) is not None)
    counted_from = int(columns[0][-1]) if columns[0][-1].isdigit() else 0
    named = row[key] in columns
    better = int(row[key] == columns[1]) if named else verdict(row[key], key, counted_from)
    return [_models(_pair(asked(row, PROMPTS), row, columns, better), row, better)]


def _pku(row: Row, options: Options) -> list[Draft]:
    key = "better_response_id" if row.get("better_response_id") is not None else "safer_response_id"
    better = number(row[key])
    if better not in (0, 1):
        raise NoPairError("tie" if better == -1 else "unknown_verdict", f"{key} is {shown(row[key])}, expected 0 or 1")
    draft = _pair(prompt(row["prompt"], "prompt"), row, ("response_0", "response_1"), int(better))
    if key == "better_response_id" and row.get("safer_response_id") is not None:
        draft.unread += ("safer_response_id",)
    return [draft]


def _shp(row: Row, options: Options) -> list[Draft]:
    """Reddit's votes: labels is 1 where the first answer has more of them."""
    first = flag(row["labels"])
    draft = _pair(prompt(row["history"], "history"), row, ("human_ref_A", "human_ref_B"), int(not first))
    scores = [number(row.get(key)) for key in ("score_A", "score_B")]
    draft.score_chosen, draft.score_rejected = scores if first else scores[::-1]
    return [draft]


def _strength_variants() -> tuple[Kinds, ...]:
    return tuple(
        {prompt_key: is_prompt, first: is_text, second: is_text, key: is_number}
        for prompt_key in ("context", "prompt")
        for first, second in (("response1", "response2"), ("response_1", "response_2"))
        for key in STRENGTHS
    )


def _winner_variants() -> tuple[Kinds, ...]:
    return tuple(
        {key: is_prompt, first: is_answers, second: is_answers, told: is_something}
        for key in PROMPTS
        for first, second in TWO
        for told in VERDICTS
    )


HELP_STEER = Layout(
    "helpsteer",
    '{"context": [messages], "response1": "...", "response2": "...", "overall_preference": -2}',
    _strength_variants(),
    _help_steer,
)
ARENA = Layout(
    "arena",
    '{"conversation_a": [messages], "conversation_b": [messages], "winner": "model_a"}',
    ({"conversation_a": is_messages, "conversation_b": is_messages, "winner": is_something},),
    _arena,
    also=frozenset(("model_a", "model_b")),
)
ARENA_LISTS = Layout(
    "arena-lists",
    '{"prompt": "[...]", "response_a": "[...]", "response_b": "[...]", "winner_model_a": 1, ...}',
    (
        {
            "prompt": is_something,
            "response_a": is_something,
            "response_b": is_something,
            "winner_model_a": is_number,
            "winner_model_b": is_number,
            "winner_tie": is_number,
        },
    ),
    _arena_lists,
    also=frozenset(("model_a", "model_b")),
)
WINNER = Layout(
    "winner",
    '{"prompt": ..., "response_a": "...", "response_b": "...", "winner": "a"}, or preference, label, choice',
    _winner_variants(),
    _winner,
    also=frozenset(("model_a", "model_b")),
    joins_input=True,
)
PKU = Layout(
    "pku",
    '{"prompt": "...", "response_0": "...", "response_1": "...", "better_response_id": 0}, or safer_response_id',
    tuple(
        {"prompt": is_prompt, "response_0": is_text, "response_1": is_text, key: is_number}
        for key in ("better_response_id", "safer_response_id")
    ),
    _pku,
    also=frozenset(("safer_response_id",)),
)
SHP = Layout(
    "shp",
    '{"history": "...", "human_ref_A": "...", "human_ref_B": "...", "labels": 1}',
    ({"history": is_prompt, "human_ref_A": is_text, "human_ref_B": is_text, "labels": is_flag},),
    _shp,
    also=frozenset(("score_A", "score_B")),
)
