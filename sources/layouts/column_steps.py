"""How each column of known meaning is read into the pairs of a row, or into its one answer; each step says whether the
column was of use. What it would change and cannot place skips the row with a reason."""

from collections.abc import Mapping
from dataclasses import replace

from sources.command.printable import shown
from sources.layouts.layout import Draft, Half, Message, NoPairError, Row, is_nothing
from sources.layouts.ranked import rate_all
from sources.layouts.tool_calls import read_tools
from sources.layouts.turns import history_turns, number
from sources.pairs.language_names import language_named

CONFIRMS = "chosen"
"""A label that says no more than the columns do: the chosen one is better."""

Drafts = list[Draft] | list[Half]


def refuse_media(row: Row, drafts: Drafts, column: str) -> bool:
    value = row[column]
    if value and any(value) if isinstance(value, list) else value:
        raise NoPairError("has_media", f"{column} is {shown(value)}; pairs here are text")
    return True


def refuse_label(row: Row, drafts: Drafts, column: str) -> bool:
    """A label beside a pair may say that the sides are the other way round."""
    if is_nothing(row[column]) or row[column] == CONFIRMS:
        return True
    raise NoPairError("unread_label", f"{column} is {shown(row[column])}, and this layout does not say what it means")


def refuse_reasoning(row: Row, drafts: Drafts, column: str) -> bool:
    if not is_nothing(row[column]):
        raise NoPairError(
            "unplaced_reasoning", f"{column} is {shown(row[column])}, but nothing says which answer it belongs to"
        )
    return True


def read_tool_column(row: Row, drafts: Drafts, column: str) -> bool:
    tools = read_tools(row[column], column)
    if tools is None:
        return False
    for draft in drafts:
        if draft.tools not in (None, tools):
            raise NoPairError("two_tools", f"{column} is {shown(row[column])}, other than the tools before it")
        draft.tools = tools
    return True


def read_history(row: Row, drafts: Drafts, column: str) -> bool:
    turns = history_turns(row[column], column)
    if not turns:
        return False
    for draft in drafts:
        if len(draft.prompt) > 1 + (draft.prompt[0]["role"] == "system"):
            raise NoPairError("two_histories", f"{column} has {len(turns)} turns, and the prompt has earlier ones too")
        draft.prompt = [*draft.prompt[:-1], *turns, *draft.prompt[-1:]]
    return True


def read_system(row: Row, drafts: Drafts, column: str) -> bool:
    said = _text(row, column)
    for draft in drafts if said else ():
        draft.prompt = with_system(draft.prompt, said, column)
    return bool(said)


def with_system(turns: list[Message], said: str, column: str) -> list[Message]:
    """The turns below what the system says.

    Raises:
        NoPairError: the system says something else there already.
    """
    if turns and turns[0]["role"] == "system":
        if turns[0]["content"].strip() == said.strip():
            return turns
        found = f"{column} is {shown(said)}, and the system turn is {shown(turns[0]['content'])}"
        raise NoPairError("two_systems", found)
    return [{"role": "system", "content": said}, *turns]


def read_score(row: Row, drafts: Drafts, column: str, side: str = "") -> bool:
    score = number(row[column])
    return score is not None and _fill(drafts, "score", score, side)


def read_scores(row: Row, drafts: Drafts, column: str) -> bool:
    """The scores of both sides in an object with the keys chosen and rejected."""
    scores = row[column]
    if not isinstance(scores, Mapping) or {*scores} != {"chosen", "rejected"}:
        return False
    read = [(side, score) for side in scores if (score := number(scores[side])) is not None]
    used = [_fill(drafts, "score", score, side) for side, score in read]
    return all(used)


def read_margin(row: Row, drafts: Drafts, column: str) -> bool:
    """How much better chosen is: its score above 0 where the row has no scores."""
    margin, is_used = number(row[column]), False
    for draft in drafts:
        if margin is not None and isinstance(draft, Draft) and draft.score_chosen is None is draft.score_rejected:
            draft.score_chosen, draft.score_rejected, is_used = margin, 0.0, True
    return is_used


def read_model(row: Row, drafts: Drafts, column: str, side: str = "") -> bool:
    name = row[column]
    return isinstance(name, str) and bool(name.strip()) and _fill(drafts, "model", name, side)


def _fill(drafts: Drafts, what: str, value: float | str, side: str) -> bool:
    """Whether any draft has that score or model now, of that side if it is a pair; one that it had before stays."""
    is_used = False
    for draft in drafts:
        if isinstance(draft, Half):
            attribute = what
            if side and draft.liked != (side == "chosen"):
                continue
        else:
            attribute = f"score_{side}" if what == "score" else f"{side}_model"
        if getattr(draft, attribute) is None:
            setattr(draft, attribute, value)
        is_used |= getattr(draft, attribute) == value
    return is_used


def read_language(row: Row, drafts: Drafts, column: str) -> bool:
    lang = language_named(row[column])
    for draft in drafts:
        draft.lang = draft.lang or lang
    return bool(lang) and all(draft.lang == lang for draft in drafts)


def read_reasoning(row: Row, drafts: Drafts, column: str, side: str = "") -> bool:
    """The reasoning of a side, or of the one answer of the row, goes into the last turn of that answer."""
    said = _text(row, column)
    if not said:
        return False
    for draft in drafts:
        if isinstance(draft, Draft):
            setattr(draft, side, _with_reasoning(getattr(draft, side), said, column))
        elif side and draft.liked != (side == "chosen"):
            return False
        else:
            draft.answer = _with_reasoning(draft.answer, said, column)
    return True


def _with_reasoning(turns: list[Message], said: str, column: str) -> list[Message]:
    if turns[-1].get("reasoning_content", said) != said:
        raise NoPairError("unplaced_reasoning", f"{column} is {shown(said)}, and the answer has other reasoning")
    return [*turns[:-1], {**turns[-1], "reasoning_content": said}]


def read_further(row: Row, drafts: list[Draft], column: str, side: str) -> bool:
    """One more answer of a side: a pair with the first answer of the other."""
    if is_nothing(row[column]):
        return False
    for more in rate_all(row[column], column):
        if side == "chosen":
            draft = replace(drafts[0], chosen=more.turns, score_chosen=more.score, chosen_model=more.model)
        else:
            draft = replace(drafts[0], rejected=more.turns, score_rejected=more.score, rejected_model=more.model)
        drafts.append(replace(draft, unread=more.unread))
    return True


def refuse_further(row: Row, drafts: Drafts, column: str, side: str) -> bool:
    if not is_nothing(row[column]):
        raise NoPairError("wrong_type", f"{column} is {shown(row[column])}, and a row of this layout has one answer")
    return True


def _text(row: Row, column: str) -> str:
    """What a column says; empty where it says nothing.

    Raises:
        NoPairError: it is no string.
    """
    if is_nothing(row[column]):
        return ""
    if not isinstance(row[column], str):
        raise NoPairError("wrong_type", f"{column} is {shown(row[column])}, expected a string")
    return str(row[column])
