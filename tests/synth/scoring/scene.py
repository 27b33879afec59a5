"""Answers with a planted quality, judges that score them, and files of candidates."""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from synth.pairing.candidates import CANDIDATES
from synth.scoring.rubric import ScoreRubric, load_score_rubric
from tests.synth.judging.court import GOOD

ANSWER = re.compile(r"【回答】\n(.*)\n\n【评分】", re.DOTALL)
QUALITY = re.compile(r"质量(\d+)")
ASPECTS = ("instruction", "truthfulness", "helpfulness", "clarity")


def answer_of(body: Mapping[str, Any]) -> str:
    """The answer that the first question of a conversation shows, or that a reward model is given."""
    if body["messages"][-1]["role"] == "assistant" and "max_tokens" not in body:
        return str(body["messages"][-1]["content"])
    asked = next(turn["content"] for turn in body["messages"] if turn["role"] == "user")
    found = ANSWER.search(asked)
    assert found is not None
    return found[1]


def as_scores(score: object, aspects: Iterable[str] = ASPECTS) -> str:
    return json.dumps({"reason": "看内容。", **dict.fromkeys(aspects, score)}, ensure_ascii=False)


def quality(body: Mapping[str, Any]) -> int:
    """What is planted in the answer: the number after 质量; else 4 for a good one and 2 for a bad one."""
    said = answer_of(body)
    found = QUALITY.search(said)
    return int(found[1]) if found else 4 if said.startswith(GOOD) else 2


def honest(body: Mapping[str, Any]) -> str:
    """Finds the planted quality."""
    return as_scores(quality(body))


def rubric(**changes: Any) -> ScoreRubric:
    """The rubric for chat, in Chinese, with changes."""
    return load_score_rubric("--rubric", "chat", "zh").model_copy(update=changes)


def tokens_of(text: str, chances: Mapping[str, float]) -> list[dict[str, Any]]:
    """The text in tokens of one character each; every digit could have been one of these texts, with these chances."""
    likely = [{"token": token, "logprob": math.log(chance)} for token, chance in chances.items()]
    return [
        {"token": char, "bytes": [*char.encode()], "top_logprobs": likely if char.isdigit() else []} for char in text
    ]


Row = tuple[str, str, str]
"""Prompt, model and text."""


def write_candidates(folder: Path, groups: Mapping[str, Mapping[str, str | None]], **more: Any) -> Path:
    """candidates.parquet as synth-prefs writes it, in a folder of its own with a manifest: by prompt, model to text.

    `more` are columns, each a function of prompt and model.
    """
    rows = [
        {
            "source": "synth_zh",
            "source_row": f"prompts.jsonl:{number}",
            "prompt": [{"role": "user", "content": prompt}],
            "side": "rejected",
            "answer": 0,
            "model": model,
            "text": text,
            "finish_reason": "stop",
        }
        for number, (prompt, answers) in enumerate(groups.items())
        for model, text in answers.items()
    ]
    table = pa.Table.from_pylist(rows, schema=CANDIDATES)
    for name, value in more.items():
        made: Callable[[str, str], str] = value
        column = [made(row["prompt"][0]["content"], row["model"]) for row in rows]  # type: ignore[index]
        table = table.append_column(name, pa.array(column, pa.string()))
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_text('{"lang": "zh", "prompts": {"license": "MIT"}}', encoding="utf-8")
    pq.write_table(table, folder / "candidates.parquet")
    return folder / "candidates.parquet"
