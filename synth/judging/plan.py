"""What a run of judge-prefs would ask and cost at most, for --dry-run; nothing is sent."""

from contextlib import closing
from dataclasses import dataclass
from os.path import isfile
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synth.asking.plan import HAN_TOKENS, OTHER_CHARS_PER_TOKEN, PlannedSide, plan_side
from synth.job.model import Model
from synth.job.price import OVERHEAD_TOKENS
from synth.job.template import CONTENT
from synth.journal.journal import NAME, Journal
from synth.judging.job import JudgeJob
from synth.judging.pairs import Pairs
from synth.judging.questions import ORDERS, Judging
from synth.judging.rubric import Rubric

USUAL_TOKENS = 60
"""Of a verdict with one sentence of reason."""


@dataclass(frozen=True, slots=True)
class JudgePlan:
    """What a run would ask."""

    pairs: int
    by_source: dict[str, int]
    rubric: str
    sides: list[PlannedSide]


def plan_judging(job: JudgeJob) -> JudgePlan:
    """What a run would ask; nothing is sent. Where nothing was asked before, no request is even made: its size follows
    from the lengths of the texts.

    Raises:
        PrefsError: the pairs or the rubric cannot be read.
    """
    with TemporaryDirectory() as nowhere:
        pairs = job.read_pairs(Path(nowhere))
        rubric = job.load_rubric(pairs)
        path = job.out / NAME
        if isfile(path):
            with closing(Journal(path)) as journal:
                ways = job.work(pairs, rubric).ways
                sides = [plan_side(model, asked, journal, lambda _: USUAL_TOKENS) for model, asked in ways.items()]
        else:
            sides = [_from_lengths(judge, pairs, rubric) for judge in job.judges]
    return JudgePlan(len(pairs), dict(sorted(pairs.of_source.items())), rubric.name, sides)


def _from_lengths(model: Model, pairs: Pairs, rubric: Rubric) -> PlannedSide:
    """What the judge would be asked if nothing is known yet, from the lengths of the texts."""
    example = next(Judging(pairs, rubric, model.name, structured=False).requests())
    requests, most, price = len(pairs) * len(ORDERS), example.max_tokens, model.price
    around = [turn["content"] for turn in rubric.ask([], "", "")]
    chars = requests * sum(map(len, around))
    size = requests * len("".join(around).encode())
    form = max((form.replace(CONTENT, "\n\n") for form in rubric.turns.model_dump().values()), key=len)
    for part in pairs.columns():
        turns = pc.list_flatten(part["prompt"])
        texts = [pc.struct_field(turns, "content"), part["chosen"], part["rejected"]]
        chars += len(ORDERS) * (sum(_sum(pc.utf8_length(text)) for text in texts) + len(turns) * len(form))
        size += len(ORDERS) * (sum(_sum(pc.binary_length(text)) for text in texts) + len(turns) * len(form.encode()))
    han = (size - chars) / 2  # a Han character has three bytes
    asked = round(han * HAN_TOKENS + (chars - han) / OTHER_CHARS_PER_TOKEN)
    written = requests * min(most, USUAL_TOKENS)
    prompt_bytes = size + requests * OVERHEAD_TOKENS * len(around)
    return PlannedSide(
        side=model.side,
        model=model.name,
        where=model.where,
        api=example.api,
        in_journal=0,
        requests=requests,
        prompt_tokens=asked,
        answer_tokens=written,
        most_answer_tokens=requests * most,
        dollars=None if price is None else price.of(asked, written),
        most_dollars=None if price is None else price.of(prompt_bytes, requests * most),
    )


def _sum(lengths: pa.Array) -> int:
    return int(np.asarray(lengths.to_numpy(zero_copy_only=False)).sum(dtype=np.int64))
