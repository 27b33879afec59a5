"""What can be wrong with a row of each dataset of today, and the reason under which it must be found."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.upstreams.layouts import Item, Row, annotations


@dataclass(frozen=True)
class Fault:
    """A change of a row as upstream has it, or of the question with its answers, and the reason for it."""

    reason: str
    row: Callable[[Row], Row] | None = None
    item: Callable[[Item], Item] | None = None


def put(**changes: Any) -> Callable[[Row], Row]:
    return lambda row: row | changes


def without_ratings(row: Row) -> Row:
    first, *others = row["completions"]
    return row | {"completions": [first, *({**each, "annotations": unrated()} for each in others)]}


def unrated() -> Row:
    return {aspect: said | {"Rating": "N/A"} for aspect, said in annotations(1).items()}


def equal_ratings(row: Row) -> Row:
    return row | {"completions": [{**each, "annotations": annotations(3)} for each in row["completions"]]}


def last_turn(side: str, **changes: Any) -> Callable[[Row], Row]:
    def change(row: Row) -> Row:
        *turns, last = row[side]
        return row | {side: [*turns, last | changes]}

    return change


def other_question(row: Row) -> Row:
    first, *turns = row["rejected"]
    return row | {"rejected": [first | {"content": f"{first['content']} (2)"}, *turns]}


def with_picture(row: Row) -> Row:
    picture = {"type": "image", "text": None, "image": "cat.png", "mimeType": "image/png"}
    first, *turns = row["conversation_a"]
    return row | {"conversation_a": [first | {"content": [*first["content"], picture]}, *turns]}


def bad_verdict(row: Row) -> Row:
    """An answer that is compared in a way that is not documented, whatever the form of the row."""
    if "responses" not in row:
        return row | {"preference": 3}
    return {key: cell for key, cell in row.items() if key != "rank"} | {"annotations": [[0, 1, "0"]]}


def both(safe: bool) -> Callable[[Row], Row]:
    return put(is_response_0_safe=safe, is_response_1_safe=safe)


def contrary_words(row: Row) -> Row:
    return row | {"preference_strength": 3, "preference_statement": "Response 1 is much better than Response 2."}


def going_on(row: Row) -> Row:
    return row | {side: said + "\n\nHuman: Thanks." for side, said in row.items()}


def ranked_alike(row: Row) -> Row:
    return row | {"answers": [{**each, "rank": 1.0} for each in row["answers"]]}


DIALOGUES = (Fault("broken_turns", other_question), Fault("broken_turns", last_turn("chosen", content=None)))
OF_ALL = (
    Fault("identical_sides", item=lambda item: replace(item, answers=(*item.answers[:-1], item.best))),
    Fault("empty_side", item=lambda item: replace(item, answers=(*item.answers[:-1], ""))),
)
"""Those that a check finds, whatever the layout."""

OF_ONE: dict[str, tuple[Fault, ...]] = {
    "ultrafeedback_zh": (
        Fault("tie", equal_ratings),
        Fault("not_two_answers", without_ratings),
        Fault("benchmark_part", put(source="Maxlinn/TruthfulQA_zh")),
    ),
    "coig_p": (Fault("broken_turns", put(chosen={"from": "gpt", "value": None})),),
    "cheems": (Fault("unknown_verdict", bad_verdict),),
    "helpsteer3": (
        Fault("tie", put(overall_preference=0)),
        Fault("other_language_file", put(language="korean")),
        Fault("unknown_verdict", put(overall_preference=100)),
    ),
    "helpsteer2": (
        Fault("tie", put(preference_strength=0)),
        Fault("other_split", put(split="val")),
        Fault("unread_turns", put(prompt="Hi.\n<extra_id_1>Assistant\nHello.")),
        Fault(
            "unknown_verdict",
            put(preference_strength=3, preference_statement="Response 1 is much better than Response 2."),
        ),
    ),
    "dpo_en_zh_20k": (Fault("broken_turns", put(rejected={"from": "human", "value": "?"})),),
    "ultrafeedback": (Fault("tie", equal_ratings), Fault("not_two_answers", without_ratings)),
    "dolci_dpo": (*DIALOGUES, Fault("has_tools", last_turn("chosen", function_calls="search()"))),
    "tulu3_8b": DIALOGUES,
    "arena_140k": (
        Fault("tie", put(winner="tie")),
        Fault("both_bad", put(winner="both_bad")),
        Fault("later_evaluation", put(evaluation_order=2)),
        Fault("has_media", with_picture),
    ),
    "pku_safe_rlhf": (Fault("both_safe", both(True)), Fault("none_safe", both(False))),
    "skywork_80k": DIALOGUES,
    "hh_rlhf": (Fault("broken_turns", going_on),),
    "nectar": (Fault("tie", ranked_alike), Fault("broken_turns", put(prompt="Name a fruit."))),
    "infinity_preference": (Fault("broken_turns", put(prompt="Something else.")), *DIALOGUES),
    "orca_dpo": (),
}
"""Those of one layout."""
