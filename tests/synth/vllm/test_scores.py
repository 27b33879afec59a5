"""Scores by a real vLLM: the raw number of a reward model as torch computes it, and expected scores of a judge."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from synth.judge_prefs import main as judge_prefs
from synth.judging.pairs import read_pairs
from synth.scoring.domains import ONE, Domains
from synth.scoring.groups import PairGroups
from synth.scoring.questions import Pointwise
from synth.scoring.rubric import load_score_rubric, rubrics_of
from tests.synth.judging.court import Court
from tests.synth.vllm.test_served import post

SHORT = {
    "question": "{prompt}|{answer}|",
    "system": "{aspects} {form}",
    "reason": "",
    "aspects": {"clarity": "clear"},
    "sampling": {"temperature": 0, "max_tokens": 48},
}
"""A rubric that a tiny model can follow: a short question, and an answer without a reason."""


@pytest.fixture(scope="session")
def reward_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.synth.vllm.tiny_reward import write_reward_model

    return write_reward_model(tmp_path_factory.mktemp("reward") / "tiny-reward")


@pytest.fixture(scope="session")
def reward_url(vllm_server: Callable[[Path, str], str], reward_model: Path) -> str:
    return vllm_server(reward_model, "tiny-reward")


def run(court: Court, *flags: object) -> None:
    assert judge_prefs([str(each) for each in [court.pairs, "--out", court.out, *flags]]) == 0


def test_the_reward_of_an_answer_is_the_raw_number_that_torch_computes(
    reward_url: str, reward_model: Path, tmp_path: Path
) -> None:
    from tests.synth.vllm.tiny_reward import rewards

    court = Court(tmp_path).write(8)
    run(court, "--reward-model", "tiny-reward", "--reward-url", reward_url.removesuffix("/v1"))
    pairs = {row["id"]: row for row in pq.read_table(court.pairs).to_pylist()}
    found = court.rows("scores")
    assert len(found) == 8
    wanted = rewards(reward_model, [pairs[row["id"]]["prompt"] + pairs[row["id"]]["chosen"] for row in found])
    assert [row["score_chosen"] for row in found] == pytest.approx(wanted, abs=1e-4)
    assert min(wanted) < 0, "numbers between 0 and 1 would say nothing about the raw ones"
    assert {row["completion_tokens"] for row in court.rows("verdicts")} == {0}
    assert court.manifest()["judges"][0]["interface"] == "/pooling"


def test_the_other_interface_gives_the_same_number(reward_url: str, tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "你好"}, {"role": "assistant", "content": "你好！"}]
    body = {"model": "tiny-reward", "messages": turns, "use_activation": False}
    pooled = post(f"{reward_url.removesuffix('/v1')}/pooling", body)["data"][0]["data"]
    classified = post(f"{reward_url.removesuffix('/v1')}/classify", body)["data"][0]["probs"]
    assert pooled == classified
    squeezed = post(f"{reward_url.removesuffix('/v1')}/classify", {**body, "use_activation": None})["data"][0]["probs"]
    assert squeezed[0] == pytest.approx(1 / (1 + math.exp(-pooled[0])), abs=1e-4)


def test_an_answer_that_does_not_fit_is_refused_and_kept_with_what_vllm_says(reward_url: str, tmp_path: Path) -> None:
    from tests.conftest import pair_table

    rows = [("长", "太长了。" * 2000, "短。"), ("短", "好。", "坏。")]
    court = Court(tmp_path).write_table(pair_table(rows, "zh", None, "one"))
    run(court, "--reward-model", "tiny-reward", "--reward-url", reward_url)
    (lost,) = [row for row in court.rows("verdicts") if row["reason"]]
    assert (lost["reason"], "context length" in lost["evidence"]) == ("refused", True)


def test_a_language_model_is_no_reward_model(chat_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    court = Court(tmp_path).write(2)
    flags = [court.pairs, "--out", court.out, "--reward-model", "tiny-chat", "--reward-url", chat_url]
    assert judge_prefs([str(each) for each in flags]) == 2
    assert "does not say that it gives raw numbers" in capsys.readouterr().err


def test_expected_scores_are_those_of_the_log_probabilities_of_vllm(chat_url: str, tmp_path: Path) -> None:
    base: dict[str, Any] = yaml.safe_load((rubrics_of("zh") / "chat.yaml").read_text(encoding="utf-8"))
    court = Court(tmp_path).write(6)
    rubric = court.write_file("short.yaml", yaml.safe_dump({**base, **SHORT}))
    judge = ["--mode", "pointwise", "--judge-model", "tiny-chat", "--judge-url", chat_url, "--rubric", rubric]
    run(court, *judge)
    how = court.manifest()["judges"][0]
    assert (how["structured_output"], how["logprobs"]) == (True, True)
    assert 0 < how["probability_outside_scale"] < 1
    answers = court.rows("answers")
    assert len(answers) >= 6, "a random model often writes white space until it is cut off"
    assert all(1 <= row["expected_score"] <= 5 and row["score"] in range(1, 6) for row in answers)
    assert len({row["expected_score"] for row in answers}) > len({row["score"] for row in answers})
    scores = {row["id"]: row["score"] for row in answers}
    read = {row["id"]: json.loads(row["text"])["clarity"] for row in court.rows("verdicts") if row["reason"] is None}
    assert read == scores


def test_an_expected_score_is_that_of_vllms_own_answer(chat_url: str, tmp_path: Path) -> None:
    """The scale's tokens at the place of the score, each with its probability, computed here from what vLLM says."""
    base: dict[str, Any] = yaml.safe_load((rubrics_of("zh") / "chat.yaml").read_text(encoding="utf-8"))
    court = Court(tmp_path).write(6)
    rubric = court.write_file("short.yaml", yaml.safe_dump({**base, **SHORT}))
    judge = ["--mode", "pointwise", "--judge-model", "tiny-chat", "--judge-url", chat_url, "--rubric", rubric]
    run(court, *judge)
    first = {row["id"] for row in court.rows("verdicts") if row["attempt"] == 0 and row["reason"] is None}
    found = {row["id"]: (row["expected_score"], row["outside"]) for row in court.rows("answers") if row["id"] in first}
    loaded = load_score_rubric("--rubric", str(rubric), "zh")
    domains = Domains({ONE: loaded}, {}, ONE)
    groups = PairGroups(read_pairs(court.pairs, tmp_path / "spool", lang=None, sample=None))
    asks = Pointwise(groups, domains, "tiny-chat", structured=True, logprobs=True)
    checked = 0
    for part in groups.parts():
        for group in part:
            for answer in group.answers:
                if group.answer_id(answer) not in found:
                    continue
                said = post(f"{chat_url}/chat/completions", asks.ask(group, answer).body)["choices"][0]["logprobs"]
                (token,) = [each for each in said["content"] if any(char.isdigit() for char in each["token"])]
                likely = [(each["token"].strip(), math.exp(each["logprob"])) for each in token["top_logprobs"]]
                on_scale = [(int(label), chance) for label, chance in likely if label in list("12345")]
                total = sum(chance for _, chance in on_scale)
                mean = sum(label * chance for label, chance in on_scale) / total
                assert found[group.answer_id(answer)] == pytest.approx((mean, 1 - total), abs=2e-3)
                checked += 1
    assert checked >= 3
