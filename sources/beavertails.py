"""beavertails: a safe answer against an unsafe answer to the same English prompt.

One upstream row (an invented one); it is an answer with a safety vote, not a pair:

    {"prompt": "How do I skip a queue?", "response": "Ask politely.", "is_safe": true,
     "category": {"animal_abuse": false, "discrimination,stereotype,injustice": false}}

In 330k the same answer stands about three times with votes of different annotators: the majority decides.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import orjson
import pyarrow as pa
from pydantic import Field

from sources.pairs.schema import one_turn
from sources.pairs.source import Adapted, Source, UpstreamFile, skipped

LAYOUT = pa.schema(
    [
        pa.field("prompt", pa.string(), nullable=False),
        pa.field("response", pa.string(), nullable=False),
        pa.field("category", pa.json_(), nullable=True),
        pa.field("is_safe", pa.bool_(), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True)
class Options:
    file: Literal["30k", "330k"] = "30k"
    splits: tuple[Literal["train", "test"], ...] = ("train",)
    pairs_per_prompt: Annotated[int, Field(gt=0)] = 1


def files(options: Options) -> tuple[UpstreamFile, ...]:
    packing = {"30k": "gz", "330k": "xz"}[options.file]
    return tuple(
        UpstreamFile(
            host="hub",
            repository="PKU-Alignment/BeaverTails",
            revision="8401fe609d288129cc684a9b3be6a93e41cfe678",
            path=f"round0/{options.file}/{split}.jsonl.{packing}",
        )
        for split in options.splits
    )


@dataclass(slots=True)
class Answer:
    """One answer to one prompt with all votes on it; `row` is the first row that holds it."""

    prompt: str
    response: str
    row: int
    category: str | None
    votes: list[bool] = field(default_factory=list)

    @property
    def safe_share(self) -> float:
        return sum(self.votes) / len(self.votes)


def adapt(rows: pa.Table, options: Options) -> Adapted:
    by_prompt: dict[str, dict[str, Answer]] = {}
    lost: list[tuple[int, str, str]] = []
    for prompt, response, category, is_safe, row in zip(
        *(rows[name].to_pylist() for name in ("prompt", "response", "category", "is_safe", "row")), strict=True
    ):
        answers = by_prompt.setdefault(prompt.strip().casefold(), {})
        answer = answers.get(response)
        if answer is None:
            answer = answers[response] = Answer(prompt, response, row, category)
        else:
            lost.append((row, "merged_vote", f"the answer of row {answer.row}, one more vote on it"))
        answer.votes.append(is_safe)
    matched = [
        (f"beavertails:{key}", safe, unsafe)
        for key, answers in by_prompt.items()
        for safe, unsafe in _match(list(answers.values()), options.pairs_per_prompt, lost)
    ]
    return Adapted(_table(matched), skipped(sorted(lost)))


def _match(answers: list[Answer], limit: int, lost: list[tuple[int, str, str]]) -> Iterable[tuple[Answer, Answer]]:
    """Up to `limit` (safe, unsafe) pairs in the order of the file; the reasons of the other answers go to `lost`."""
    safe = [answer for answer in answers if answer.safe_share > 0.5]
    unsafe = [answer for answer in answers if answer.safe_share < 0.5]
    count = min(len(safe), len(unsafe), limit)
    for answer in answers:
        if answer.safe_share == 0.5:
            lost.append((answer.row, "vote_tie", f"{len(answer.votes)} votes, half of them safe"))
    for group, other, missing in ((safe, unsafe, "no_unsafe_answer"), (unsafe, safe, "no_safe_answer")):
        for answer in group[count:]:
            surplus = "over_pairs_per_prompt" if count == limit else "no_partner_left"
            evidence = f"{len(safe)} safe and {len(unsafe)} unsafe answers, {count} paired"
            lost.append((answer.row, surplus if other else missing, evidence))
    return zip(safe[:count], unsafe[:count], strict=True)


def _table(matched: list[tuple[str, Answer, Answer]]) -> pa.Table:
    items, safe, unsafe = zip(*matched, strict=True) if matched else ((), (), ())
    return pa.table(
        {
            "prompt": one_turn("user", pa.array([a.prompt for a in safe], pa.string())),
            "chosen": one_turn("assistant", pa.array([a.response for a in safe], pa.string())),
            "rejected": one_turn("assistant", pa.array([a.response for a in unsafe], pa.string())),
            "row": pa.array([a.row for a in safe], pa.int64()),
            "row_rejected": pa.array([a.row for a in unsafe], pa.int64()),
            "score_chosen": pa.array([a.safe_share for a in safe], pa.float64()),
            "score_rejected": pa.array([a.safe_share for a in unsafe], pa.float64()),
            "tags": pa.array([_harms(a.category) for a in unsafe], pa.list_(pa.string())),
            "item": pa.array(items, pa.string()),
        }
    )


def _harms(category: str | None) -> list[str]:
    """`harm:<name>` of each flagged category; a name may contain commas, the dict may be spelled as in Python."""
    if category is None:
        return []
    flags: Any = orjson.loads(category)
    if isinstance(flags, str):
        flags = _spelled_dict(flags)
    return [f"harm:{name}" for name, flagged in flags.items() if flagged is True] if isinstance(flags, dict) else []


def _spelled_dict(text: str) -> object:
    """What a string spells in JSON or in Python; None if it is neither."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        try:
            return ast.literal_eval(text)
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            return None


SOURCE = Source(
    name="beavertails",
    lang="en",
    files=files,
    layouts=(LAYOUT,),
    license="CC-BY-NC-4.0",
    commercial_use=False,
    signal="safety",
    adapt=adapt,
    options=Options,
    whole_table=True,
)
