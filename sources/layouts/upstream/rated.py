"""The answers of UltraFeedback and its kin: each rated from 1 to 5 in four aspects, from which one score is made."""

import ast
from collections.abc import Mapping
from typing import Any, Literal

from sources.command.printable import shown
from sources.layouts.layout import NoPairError, Row
from sources.layouts.turns import number

PreferredBy = Literal["mean", "weighted", "overall_score"]
"""The mean of the ratings; a mean in which helpfulness counts twice; or the score that stands in the row."""

WEIGHTS = {"instruction_following": 0.2, "honesty": 0.2, "truthfulness": 0.2, "helpfulness": 0.4}
"""Those of the card of opencsg/UltraFeedback-chinese."""

USED = ("annotations", "overall_score")


def with_scores(row: Row, preferred_by: PreferredBy) -> dict[str, Any]:
    """The row with one score an answer in the place of its ratings, without the answers that have none.

    Raises:
        NoPairError: an answer is no object, or fewer than two have a score.
    """
    answers, there = [], row["completions"] or ()
    for place, each in enumerate(there):
        if not isinstance(each, Mapping):
            raise NoPairError("wrong_type", f"completions[{place}] is {shown(each)}, expected an object")
        score = _score(each, preferred_by)
        if score is not None:
            answers.append({**{key: cell for key, cell in each.items() if key not in USED}, "overall_score": score})
    if len(answers) < 2:
        raise NoPairError("not_two_answers", f"{len(answers)} of {len(there)} answers are rated, expected two or more")
    return {**row, "completions": answers}


def _score(answer: Mapping[str, Any], preferred_by: PreferredBy) -> float | None:
    """The score of one answer; aspects that are rated N/A do not count."""
    if preferred_by == "overall_score":
        return number(answer.get("overall_score"))
    annotations = answer.get("annotations") or {}
    rated = {aspect: _rating(annotations.get(aspect)) for aspect in WEIGHTS}
    ratings = {aspect: rating for aspect, rating in rated.items() if rating is not None}
    weights = {aspect: WEIGHTS[aspect] if preferred_by == "weighted" else 1.0 for aspect in ratings}
    if not ratings:
        return None
    return round(sum(weights[aspect] * ratings[aspect] for aspect in ratings) / sum(weights.values()), 6)


def _rating(annotation: object) -> float | None:
    return number(annotation.get("Rating")) if isinstance(annotation, Mapping) else None


def overall(rating: object) -> object:
    """The overall score of a dict of ratings, which one publication writes as the text of a Python dict."""
    if isinstance(rating, str) and rating.lstrip().startswith("{"):
        try:
            rating = ast.literal_eval(rating.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            return rating
    return rating.get("overall_score") if isinstance(rating, Mapping) else rating


def is_truthful_qa(source: object) -> bool:
    """Whether the name of a part says that its prompts are those of the benchmark TruthfulQA."""
    return isinstance(source, str) and "truthfulqa" in source.casefold().replace("_", "")
