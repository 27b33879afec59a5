"""judge-prefs in pairs against a real vLLM: structured output makes even a random model give verdicts that are read."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from sources.pairs.schema import PAIRS
from synth.judge_prefs import main
from tests.conftest import pair_table
from tests.synth.vllm.test_synth_prefs import served

RUBRIC = """\
name: tiny
question: "{prompt} A {first} B {second}"
again: 再说一遍。
turns: {system: "{content}", user: "{content}", assistant: "{content}"}
structured: STRUCTURED
sampling: {temperature: 0, max_tokens: 200}
"""
ROWS = [(f"春天有什么花？第{n}问", f"桃花开了，第{n}朵。", f"不知道{n}。") for n in range(12)]


@pytest.fixture
def judge(tmp_path: Path, chat_url: str, capsys: pytest.CaptureFixture[str]) -> Any:
    """Judge twelve pairs by the tiny chat model: the summary of the run."""
    pq.write_table(pair_table(ROWS, "zh", None, "one").select(PAIRS.names), tmp_path / "pairs.parquet")

    def run(structured: str = "auto", *more: str) -> dict[str, Any]:
        (tmp_path / "tiny.yaml").write_text(RUBRIC.replace("STRUCTURED", structured))
        flags = [str(tmp_path / "pairs.parquet"), "--judge-model", "tiny-chat", "--judge-url", chat_url, *more]
        assert main([*flags, "--rubric", str(tmp_path / "tiny.yaml"), "--out", str(tmp_path / "out"), "--json"]) == 0
        said: dict[str, Any] = json.loads(capsys.readouterr().out)
        return said

    return run


def verdicts(tmp_path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(tmp_path / "out" / "verdicts.parquet").to_pylist()
    return found


def test_vllm_is_held_to_the_schema_and_every_answer_is_read_or_named(
    judge: Any, tmp_path: Path, chat_url: str
) -> None:
    before = served(chat_url)
    said = judge()
    rows = verdicts(tmp_path)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_bytes())
    assert manifest["judges"][0]["structured_output"] is True
    assert all(row["verdict"] in ("A", "B", "tie") or row["reason"] in ("cut_off", "refused") for row in rows)
    ended = [row for row in rows if row["finish_reason"] == "stop"]
    assert ended, "no answer ended within max_tokens: the test would say nothing"
    for row in ended:
        told = json.loads(row["text"])
        assert set(told) == {"reason", "verdict"}
        assert row["verdict"] == told["verdict"]
    assert served(chat_url) - before == len(rows) == said["asked"]["answers"]
    assert said["audit"][0]["pairs"] == 12
    again = judge()
    assert (again["asked"]["answers"], served(chat_url) - before) == (0, len(rows))


def test_without_a_schema_a_random_model_gives_no_verdict_and_each_is_asked_twice(judge: Any, tmp_path: Path) -> None:
    said = judge("off")
    rows = verdicts(tmp_path)
    assert len(rows) == 48
    assert {row["reason"] for row in rows} <= {"unreadable", "cut_off", "empty", "refused"}
    assert said["audit"][0]["judged"] == 0
