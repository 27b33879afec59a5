"""What is scored: answers in groups, the two of a pair or all candidates to one prompt."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Protocol

import orjson
import pyarrow as pa

from sources.pairs.languages import Lang
from synth.job.template import Message
from synth.judging.pairs import Pairs

ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; `model` wrote it, `is_cut` says that the token limit ended it."""

    text: str
    model: str | None = None
    is_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Answers to one prompt. `domain` is what the row's own column says; `margin` how sure the labels of a pair are."""

    id: str
    source: str
    source_row: str
    prompt: list[Message]
    answers: list[Answer]
    license: str | None = None
    domain: str | None = None
    margin: float = 0.0

    def answer_id(self, answer: Answer) -> str:
        """The id of an answer: the same for the same prompt and text, in whatever pairs it stands."""
        spelled = orjson.dumps([[[turn["role"], turn["content"]] for turn in self.prompt], answer.text])
        return blake2b(spelled, digest_size=ID_BYTES).hexdigest()


class Groups(Protocol):
    """The groups of one run, in order; its length is how many there are. `of_source` says how many each source has,
    sampled or not, `left_out` which are never scored, by source and reason; `answers` is how many answers all have."""

    lang: Lang
    files: list[tuple[str, str]]
    of_source: Counter[str]
    left_out: Counter[tuple[str, str]]

    @property
    def answers(self) -> int: ...

    def __len__(self) -> int: ...

    def parts(self) -> Iterator[list[Group]]:
        """The groups, some at a time."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The groups as tables with `source`, `domain`, `prompt` and either `chosen` and `rejected` or `texts`."""

    def kinds(self) -> set[tuple[str, str | None]]:
        """Every source with every domain that its rows name."""


class PairGroups:
    """Pairs as groups of two answers, chosen first."""

    def __init__(self, pairs: Pairs) -> None:
        self.pairs = pairs
        self.lang, self.files, self.of_source, self.left_out = pairs.lang, pairs.files, pairs.of_source, pairs.left_out

    @property
    def answers(self) -> int:
        return 2 * len(self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def parts(self) -> Iterator[list[Group]]:
        for part in self.pairs.parts():
            yield [_of_pair(pair) for pair in part]

    def batches(self) -> Iterator[pa.RecordBatch]:
        return self.pairs.columns()

    def kinds(self) -> set[tuple[str, str | None]]:
        found = set[tuple[str, str | None]]()
        for part in self.pairs.columns():
            found.update(zip(part["source"].to_pylist(), part["domain"].to_pylist(), strict=True))
        return found


def _of_pair(pair: dict[str, Any]) -> Group:
    scores = pair["score_chosen"], pair["score_rejected"]
    return Group(
        id=pair["id"],
        source=pair["source"],
        source_row=pair["source_row"],
        prompt=pair["prompt"],
        answers=[Answer(pair["chosen"]), Answer(pair["rejected"])],
        domain=pair["domain"],
        margin=0.0 if None in scores else scores[0] - scores[1],
    )
