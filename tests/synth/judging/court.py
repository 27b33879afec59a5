"""Pairs with a planted truth, judges that are played, and runs of judge-prefs on them."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sources.pairs.schema import PAIRS
from tests.conftest import Row, pair_table
from tests.synth.results import Results

ASKED = re.compile(r"【对话】\n(.*)\n\n【回答 A】\n(.*)\n\n【回答 B】\n(.*)\n\n【评判】", re.DOTALL)
GOOD, BAD = "好：", "差："
"""How the better and the worse answer of a pair begin."""

Says = Callable[[dict[str, Any]], str]


def answers_of(body: dict[str, Any]) -> tuple[str, str]:
    """The answers A and B that the first question of a conversation shows."""
    asked = next(turn["content"] for turn in body["messages"] if turn["role"] == "user")
    found = ASKED.search(asked)
    assert found is not None
    return found[2], found[3]


def as_json(verdict: str) -> str:
    return json.dumps({"reason": "看内容。", "verdict": verdict}, ensure_ascii=False)


def perfect(body: dict[str, Any]) -> str:
    """Finds the better answer wherever it stands."""
    return as_json("A" if answers_of(body)[0].startswith(GOOD) else "B")


def pair_rows(count: int, wrong: int = 0) -> list[Row]:
    """So many pairs; of the first `wrong` ones the labels prefer the worse answer."""
    rows: list[Row] = []
    for number in range(count):
        good, bad = f"{GOOD}第{number}件事要慢慢说清楚。", f"{BAD}不知道{number}。"
        rows.append((f"请说明第{number}件事", bad, good) if number < wrong else (f"请说明第{number}件事", good, bad))
    return rows


@dataclass(frozen=True, slots=True)
class Court(Results):
    """A folder with pairs and results of one test."""

    written = ("verdicts.parquet", "scores.parquet", "report.html", "manifest.json")

    @property
    def pairs(self) -> Path:
        return self.folder / "pairs.parquet"

    def write(self, count: int = 12, wrong: int = 0, **sources: int) -> "Court":
        """So many pairs of one source, or so many of each source."""
        tables = [pair_table(pair_rows(count, wrong), "zh", None, "one")] if not sources else []
        at = 0
        for source, size in sources.items():
            tables.append(pair_table(pair_rows(at + size)[at:], "zh", None, source))
            at += size
        return self.write_table(pa.concat_tables(tables))

    def write_table(self, table: pa.Table) -> "Court":
        pq.write_table(table.select(PAIRS.names), self.pairs)
        return self

    def flags(self, url: str, *more: object) -> list[str]:
        given = [self.pairs, "--out", self.out, "--judge-model", "played", "--judge-url", url, *more]
        return [str(flag) for flag in given]

    def manifest(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.out / "manifest.json").read_bytes())
        return found
