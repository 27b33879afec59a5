"""Layouts of several answers with scores or ranks: UltraFeedback, Nectar, parallel lists, WebGPT, PaddleNLP."""

from collections.abc import Mapping
from dataclasses import replace

from sources.layouts.known.llama_factory import asked
from sources.layouts.layout import (
    ANSWER_LISTS,
    SCORE_LISTS,
    Draft,
    Kinds,
    Layout,
    Message,
    NoPairError,
    Options,
    Pairing,
    Row,
    holds_text,
    is_nothing,
    is_number,
    is_prompt,
    is_text,
    is_texts,
    string,
)
from sources.layouts.ranked import SCORE_KEYS, Rated, rank_pairs, rate, score_key
from sources.layouts.turns import answer, number, prompt, text

PROMPTS = ("prompt", "instruction", "question", "query", "input", "context")
WITH_RANK = (*SCORE_KEYS, "rank")
BEST_FIRST: tuple[Pairing, ...] = ("best_worst", "adjacent", "all", "first")


def _scored(row: Row, options: Options) -> list[Draft]:
    """Objects with an answer and its score, or its rank, where 1 is best."""
    key = next(key for key in ANSWER_LISTS if _has_scores(row.get(key)))
    rated, unread = [], dict[str, None]()
    for place, each in enumerate(row[key]):
        if not isinstance(each, Mapping):
            raise NoPairError("wrong_type", f"{key}[{place}] is {type(each).__name__}, expected an object")
        found = rate(each, f"{key}[{place}]", WITH_RANK)
        unread.update(dict.fromkeys(found.unread))
        if found.score is None:
            unread[f"{key}[] without a score"] = None
        elif score_key(each, WITH_RANK) == "rank":
            rated.append(replace(found, score=-found.score))
        else:
            rated.append(found)
    drafts = rank_pairs(asked(row, PROMPTS), rated, options, "best_worst")
    drafts[0].unread = (*unread, *_beyond_two(rated, options, key))
    return drafts


def _beyond_two(rated: list[Rated], options: Options, key: str) -> tuple[str, ...]:
    """What is left out where one pair is taken of more answers than two."""
    one_pair = options.pairs in (None, "first", "best_worst")
    return (f"{key}[] beyond two",) if len(rated) > 2 and one_pair else ()


def _has_scores(value: object) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and isinstance(value[0], Mapping)
        and holds_text(value[0])
        and any(name in value[0] for name in WITH_RANK)
    )


def _lists(row: Row, options: Options) -> list[Draft]:
    """A list of answers and a list of their scores; of a list whose name says rank the lowest number is best."""
    key = next(key for key in ANSWER_LISTS if is_texts(row.get(key)))
    scores_key = next(key for key in SCORE_LISTS if _is_numbers(row.get(key)))
    answers, scores, models = row[key], row[scores_key], row.get("models")
    if len(answers) != len(scores):
        raise NoPairError("wrong_type", f"{key} has {len(answers)} answers, and {scores_key} {len(scores)} numbers")
    sign = -1.0 if scores_key.startswith("rank") else 1.0
    given = models if isinstance(models, list) and len(models) == len(answers) else []
    names = [string(model) for model in given] or [None] * len(answers)
    rated = [
        Rated(answer(said, f"{key}[{place}]"), sign * score, name)
        for place, (said, each, name) in enumerate(zip(answers, scores, names, strict=True))
        if (score := number(each)) is not None
    ]
    drafts = rank_pairs(asked(row, PROMPTS), rated, options, "best_worst")
    unread = ("models",) * (None in names and not is_nothing(models))
    unread += (f"{key}[] without a score",) * (len(rated) < len(answers))
    drafts[0].unread = (*unread, *_beyond_two(rated, options, key))
    return drafts


def _two(row: Row, options: Options) -> list[Draft]:
    """WebGPT: two answers with a score each."""
    is_first = all(kind(row.get(key)) for key, kind in TWO_KINDS[0].items())
    asked_in, *columns = ("question", "answer_0", "answer_1") if is_first else ("prompt", "response_0", "response_1")
    question, unread = row[asked_in], tuple[str, ...]()
    if isinstance(question, Mapping):
        unread = tuple(f"question.{key}" for key in question if key != "full_text" and not is_nothing(question[key]))
        question = text(question, "full_text")
    rated = [
        Rated(answer(row[key], key), score)
        for key, other in zip(columns, ("score_0", "score_1"), strict=True)
        if (score := number(row[other])) is not None
    ]
    drafts = rank_pairs(prompt(question, asked_in), rated, options, "first")
    drafts[0].unread = unread
    return drafts


def _paddle(row: Row, options: Options) -> list[Draft]:
    """PaddleNLP: `src` and `tgt` are what was said in turn, src the last; `sort` ranks the two answers."""
    said, replies, given, order = row["src"], row.get("tgt") or [], row["response"], row["sort"]
    said, replies = ([each] if isinstance(each, str) else each for each in (said, replies))
    if not all(isinstance(each, str) for each in (*said, *replies)):
        raise NoPairError("wrong_type", "src or tgt holds something else than strings")
    if len(replies) != len(said) - 1:
        raise NoPairError("broken_turns", f"src has {len(said)} turns and tgt {len(replies)}, expected one fewer")
    turns: list[Message] = []
    for place, each in enumerate(said):
        turns.append({"role": "user", "content": each})
        if place < len(replies):
            turns.append({"role": "assistant", "content": replies[place]})
    if len(given) != len(order):
        raise NoPairError("wrong_type", f"response has {len(given)} answers, and sort {len(order)} numbers")
    rated = [Rated(answer(each, "response"), number(score)) for each, score in zip(given, order, strict=True)]
    return rank_pairs(turns, rated, options, "best_worst")


def _variants() -> tuple[Kinds, ...]:
    return tuple({key: is_prompt, name: _has_scores} for key in PROMPTS for name in ANSWER_LISTS)


def _list_variants() -> tuple[Kinds, ...]:
    return tuple(
        {key: is_prompt, name: is_texts, scores: _is_numbers}
        for key in PROMPTS
        for name in ANSWER_LISTS
        for scores in SCORE_LISTS
    )


def _is_numbers(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(each is None or is_number(each) for each in value)


def _is_question(value: object) -> bool:
    return is_prompt(value) or (isinstance(value, Mapping) and is_text(value.get("full_text")))


TWO_KINDS: tuple[Kinds, ...] = (
    {"question": _is_question, "answer_0": is_text, "answer_1": is_text, "score_0": is_number, "score_1": is_number},
    {"prompt": is_prompt, "response_0": is_text, "response_1": is_text, "score_0": is_number, "score_1": is_number},
)

SCORED = Layout(
    "scored",
    '{"instruction": ..., "completions": [{"response": "...", "overall_score": 4.5}, ...]}',
    _variants(),
    _scored,
    joins_input=True,
    pairings=BEST_FIRST,
)
SCORED_LISTS = Layout(
    "scored-lists",
    '{"prompt": ..., "responses": ["...", ...], "scores": [4.5, ...]}, or ranks',
    _list_variants(),
    _lists,
    also=frozenset(("models",)),
    joins_input=True,
    pairings=BEST_FIRST,
)
TWO_SCORES = Layout(
    "two-scores",
    '{"question": ..., "answer_0": "...", "score_0": 1, "answer_1": "...", "score_1": -1}',
    TWO_KINDS,
    _two,
)
PADDLE_NLP = Layout(
    "paddlenlp",
    '{"src": ["..."], "tgt": [], "response": ["...", "..."], "sort": [1, 0]}',
    ({"src": lambda value: is_text(value) or is_texts(value), "response": is_texts, "sort": _is_numbers},),
    _paddle,
    also=frozenset(("tgt",)),
    pairings=BEST_FIRST,
)
