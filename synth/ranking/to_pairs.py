"""Candidates as pairs: written with the scores that made them, and each prompt without a pair with its reason."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from sources.files.write_parquet import Sink
from sources.pairs.schema import DROPPED, PAIRS, content_ids, turns
from synth.ranking.combine import Place
from synth.ranking.labels import Bench, score_table
from synth.ranking.pairing import Nothing, Two, choose
from synth.scoring.groups import Answer, Group, Groups
from synth.scoring.recipe import Choice

STAGE = "judge"


@dataclass(slots=True)
class Made:
    """What became of the prompts: pairs, prompts with a pair, prompts without by reason, and in how many pairs chosen
    is the longer answer (equal lengths count half)."""

    pairs: int = 0
    prompts: int = 0
    without: Counter[str] = field(default_factory=Counter)
    longer: float = 0.0


@dataclass(frozen=True, slots=True)
class Choosing:
    """How candidates become pairs."""

    choice: Choice
    margin: float
    seed: int


@dataclass(frozen=True, slots=True)
class Sinks:
    """Where the tables go."""

    pairs: Sink
    dropped: Sink
    scores: Sink


def write_pairs(groups: Groups, bench: Bench, missing: dict[int, str], how: Choosing, sinks: Sinks) -> Made:
    """Write the pairs of all prompts, what each judge says of them, and the prompts without a pair. `missing` says by
    place why an answer has no score."""
    made, number, start = Made(), 0, 0
    for part in groups.parts():
        rows, lost, told = [], [], []
        for group in part:
            found = _choose(group, number, bench, how)
            if isinstance(found, Nothing):
                why = _why(found, [missing.get(start + at) for at in range(len(group.answers))])
                made.without[why.reason] += 1
                lost.append(_dropped(group, groups.lang, why))
            else:
                made.prompts += 1
                values = bench.last.of(number)
                for one, other in found:
                    pair = _pair(group, groups.lang, one, other, values)
                    rows.append(pair)
                    told += bench.rows(pair["id"], group, Place(number, one, other))
                    made.longer += _longer(group.answers[one], group.answers[other])
                made.pairs += len(found)
            start += len(group.answers)
            number += 1
        sinks.pairs.write(pa.Table.from_pylist(rows, schema=PAIRS))
        sinks.dropped.write(pa.Table.from_pylist(lost, schema=DROPPED))
        sinks.scores.write(score_table(told))
    return made


def _choose(group: Group, number: int, bench: Bench, how: Choosing) -> list[Two] | Nothing:
    """The pairs of a prompt on which the judges agree as they should."""
    chars = [len(answer.text) for answer in group.answers]
    found = choose(bench.last.of(number).tolist(), chars, how.choice, margin=how.margin, seed=f"{how.seed} {group.id}")
    if isinstance(found, Nothing):
        return found
    agreed = [two for two in found if bench.label(bench.last, Place(number, *two)) == "chosen"]
    return agreed or Nothing("judge_tie", f"the judges together ({bench.rule}) prefer neither answer")


def _why(nothing: Nothing, missing: list[str | None]) -> Nothing:
    """The reason with what kept answers from having a score."""
    said = ", ".join(f"{reason} ({count})" for reason, count in sorted(Counter(filter(None, missing)).items()))
    return Nothing(nothing.reason, f"{nothing.evidence}; no score: {said}") if said else nothing


def _pair(group: Group, lang: str, one: int, other: int, values: np.ndarray) -> dict[str, Any]:
    chosen, rejected = group.answers[one], group.answers[other]
    sides = {"chosen": _turn(chosen), "rejected": _turn(rejected)}
    spelled = [turns([[(turn["role"], turn["content"]) for turn in side]]) for side in (group.prompt, *sides.values())]
    return {
        "id": content_ids(*spelled)[0].as_py(),
        "prompt": group.prompt,
        **sides,
        "lang": lang,
        "source": group.source,
        "source_row": group.source_row,
        "license": group.license,
        "signal": "model",
        "prompt_group": None,
        "score_chosen": float(values[one]),
        "score_rejected": float(values[other]),
        "chosen_model": chosen.model,
        "rejected_model": rejected.model,
        "tags": [f"cut_by_length_{side}" for side, each in (("chosen", chosen), ("rejected", rejected)) if each.is_cut],
    }


def _turn(answer: Answer) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": answer.text}]


def _longer(one: Answer, other: Answer) -> float:
    return 0.5 if len(one.text) == len(other.text) else float(len(one.text) > len(other.text))


def _dropped(group: Group, lang: str, why: Nothing) -> dict[str, Any]:
    return {
        "prompt": group.prompt,
        "lang": lang,
        "source": group.source,
        "source_row": group.source_row,
        "license": group.license,
        "signal": "model",
        "stage": STAGE,
        "reason": why.reason,
        "evidence": why.evidence,
    }
