"""Answers with ids that annotators compared two by two, or ranked: the pairs that most annotations say."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sources.command.printable import shown
from sources.layouts.known import scored, trl
from sources.layouts.layout import NoPairError, Options, Row
from sources.layouts.read_row import Read
from sources.layouts.turns import number
from sources.layouts.upstream.read_as import read_as

Answers = Sequence[Mapping[str, object]]
"""Each with its `id` and `content`."""


def ranked(asked: Row, answers: Answers, ranks: Mapping[str, object], pairs: Options) -> Read:
    """The pairs of answers with a rank each by id, of which the lowest is best; `asked` is the row without them."""
    by_id = {str(key): rank for key, rank in ranks.items()}
    rated = [{"content": each["content"], "rank": by_id.get(str(each["id"]))} for each in answers]
    return read_as(scored.SCORED, {**asked, "responses": rated}, pairs)


def compared(asked: Row, answers: Answers, annotations: Iterable[object], most: int) -> Read:
    """The first `most` pairs of answers that more annotations put one way round than the other.

    Raises:
        NoPairError: there is none, or an annotation says something else.
    """
    contents = {str(each["id"]): each["content"] for each in answers}
    votes = Counter(map(_verdict, annotations))
    clear = [(better, worse) for better, worse in votes if votes[better, worse] > votes[worse, better]]
    ordered = [pair for pair in clear if contents.keys() >= {*pair}]
    if not ordered:
        raise NoPairError("tie", f"{votes.total()} annotations of {len(contents)} answers, none above the opposite")
    read = [
        read_as(trl.STANDARD, {**asked, "chosen": contents[better], "rejected": contents[worse]})
        for better, worse in ordered[:most]
    ]
    beyond = ["annotations[] beyond pairs_per_prompt"] * (len(ordered) > len(read))
    return replace(read[0], drafts=[draft for each in read for draft in each.pairs], unused=[*read[0].unused, *beyond])


def _verdict(annotation: object) -> tuple[str, str]:
    """The ids of the better and the worse answer.

    Raises:
        NoPairError: the annotation says something else.
    """
    match annotation:
        case [better, worse, "1" | 1]:
            return str(better), str(worse)
        case {"answer1": first, "answer2": second, "preference": 1 | 2 | "1" | "2" as preference}:
            return (str(first), str(second)) if str(preference) == "1" else (str(second), str(first))
    raise NoPairError("unknown_verdict", f"an annotation is {shown(annotation)}, expected which answer is better")


def annotators_disagree(preferences: object) -> bool:
    """Whether of some scores around 0 one is below it, where the first answer is better, and another above."""
    each = preferences if isinstance(preferences, list) else []
    scores = [number(one.get("score")) or 0.0 for one in each if isinstance(one, Mapping)]
    return min(scores, default=0.0) < 0 < max(scores, default=0.0)
