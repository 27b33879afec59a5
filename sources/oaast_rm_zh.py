"""oaast_rm_zh: OpenAssistant conversations in Chinese, each with answers that people ranked.

One upstream row (an invented one), best answer first:

    {"instruction": "再短一点", "input": "", "output": ["春眠不觉晓。", "好的", "不"],
     "history": [["写一句关于春天的诗", "春眠不觉晓，处处闻啼鸟。"]]}
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import pyarrow as pa

from sources.pairs import llama_factory
from sources.pairs.schema import turns
from sources.pairs.source import Adapted, Source, UpstreamFile, skipped

LAYOUT = pa.schema(
    [
        pa.field("instruction", pa.string(), nullable=False),
        pa.field("input", pa.string(), nullable=False),
        pa.field("output", pa.list_(pa.string()), nullable=False),
        pa.field("history", pa.list_(pa.list_(pa.string())), nullable=False),
    ]
)

FILE = llama_factory.file(
    "oaast_rm_zh.json", "02c940343367d90c2d1ec6df4992466aee429eadcf103af61e10da7f3261f9e6", 1_718_160
)

Pairing = Literal["first-second", "best-others", "all"]


@dataclass(frozen=True, slots=True)
class Options:
    pairing: Pairing = "first-second"
    """first-second: the two best answers; best-others: the best against each other; all: every ordered pair."""


def files(options: Options) -> tuple[UpstreamFile, ...]:
    return (FILE,)


def adapt(rows: pa.Table, options: Options) -> Adapted:
    prompts: list[list[tuple[str, str]]] = []
    sides: list[tuple[str, str, int, int, int]] = []
    lost: list[tuple[int, str, str]] = []
    joined = llama_factory.joined_prompt(rows).to_pylist()
    for row, asked in zip(rows.to_pylist(), joined, strict=True):
        answers, fault = row["output"], _fault(row)
        if fault:
            lost.append((row["row"], *fault))
            continue
        prompt = [*_history(row["history"]), ("user", asked)]
        for better, worse in _ranked(len(answers), options.pairing):
            prompts.append(prompt)
            last = len(answers) - 1
            sides.append((answers[better], answers[worse], row["row"], last - better, last - worse))
    chosen, rejected, numbers, score_chosen, score_rejected = zip(*sides, strict=True) if sides else ((),) * 5
    pairs = pa.table(
        {
            "prompt": turns(prompts),
            "chosen": turns([[("assistant", text)] for text in chosen]),
            "rejected": turns([[("assistant", text)] for text in rejected]),
            "row": pa.array(numbers, pa.int64()),
            "score_chosen": pa.array(score_chosen, pa.float64()),
            "score_rejected": pa.array(score_rejected, pa.float64()),
        }
    )
    return Adapted(pairs, skipped(lost))


def _fault(row: dict[str, Any]) -> tuple[str, str] | None:
    """The reason and evidence why a row gives no pair."""
    if len(row["output"]) < 2:
        return "fewer_than_two_answers", f"output has {len(row['output'])}"
    if any(exchange is None or len(exchange) != 2 for exchange in row["history"]):
        return "broken_history", f"an exchange of history is not [user, assistant]: {row['history']!r}"[:200]
    return None


def _history(exchanges: list[list[str]]) -> Iterator[tuple[str, str]]:
    for user, assistant in exchanges:
        yield "user", user
        yield "assistant", assistant


def _ranked(count: int, pairing: Pairing) -> list[tuple[int, int]]:
    """(better, worse) places in a ranking of `count` answers."""
    if pairing == "first-second":
        return [(0, 1)]
    if pairing == "best-others":
        return [(0, worse) for worse in range(1, count)]
    return list(combinations(range(count), 2))


SOURCE = Source(
    name="oaast_rm_zh",
    lang="zh",
    files=files,
    layouts=(LAYOUT,),
    license="Apache-2.0",
    commercial_use=True,
    signal="human",
    adapt=adapt,
    options=Options,
)
