"""Reward models against a played server: one raw number an answer, asked for, kept and paid as any other answer."""

import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from synth.judge_prefs import main
from tests.conftest import pair_table
from tests.synth.judging.court import GOOD, Court, pair_rows
from tests.synth.place import waits
from tests.synth.played_server import PlayedServer
from tests.synth.scoring.scene import answer_of, as_scores

Start = Callable[..., PlayedServer]
Reward = Callable[..., tuple[int, str, str]]


def longer(body: dict[str, Any]) -> float:
    """A raw number outside of 0 to 1: higher for the good answer."""
    return 7.5 if answer_of(body).startswith(GOOD) else -3.25


@pytest.fixture
def reward(court: Court, quick: None, capsys: pytest.CaptureFixture[str]) -> Reward:
    """Run the command with a reward model: status, what it printed, what it said on stderr."""

    def run(url: str, *more: object, out: str = "out") -> tuple[int, str, str]:
        capsys.readouterr()
        given = [court.pairs, "--out", court.folder / out, "--reward-model", "played", "--reward-url", url, *more]
        status = main([str(each) for each in given])
        printed = capsys.readouterr()
        return status, printed.out, "".join(line for line in printed.err.splitlines(True) if not waits(line))

    return run


def test_the_raw_number_is_asked_for_and_kept(reward: Reward, court: Court, played: Start) -> None:
    court.write(12, wrong=3)
    server = played(rewards=longer)
    status, out, _ = reward(server.url.removesuffix("/v1"), "--json")
    assert status == 0
    said = json.loads(out)
    assert said["audit"][0]["agreement"]["value"] == 0.75
    assert {(row["score_chosen"], row["score_rejected"]) for row in court.rows("scores")} == {
        (7.5, -3.25),
        (-3.25, 7.5),
    }
    bodies = [heard["body"] for heard in server.log if heard["path"] == "/pooling"]
    assert len(bodies) == 24
    assert {body["use_activation"] for body in bodies} == {False}
    assert bodies[0]["messages"][-1] == {"role": "assistant", "content": answer_of(bodies[0])}
    assert [turn["role"] for turn in bodies[0]["messages"]] == ["user", "assistant"]
    manifest = court.manifest()
    assert manifest["scale"] == "the raw number of the reward model played"
    assert manifest["judges"][0]["raw"] == "use_activation: false"
    assert manifest["rubrics"] == {}
    assert manifest["judges"][0]["tokens"]["prompt_tokens"] > 0
    assert "nothing was asked" in reward(server.url)[1]


def test_a_server_that_does_not_say_that_it_gives_raw_numbers_is_refused(
    reward: Reward, court: Court, played: Start
) -> None:
    for told in ({}, {"openapi": False, "rewards": longer}):
        status, _, err = reward(played(**told).url)
        assert status == 2
        assert "does not say that it gives raw numbers" in err
        assert err.count("\n") == 1


def test_a_model_of_several_labels_is_no_reward_model(reward: Reward, court: Court, played: Start) -> None:
    status, _, err = reward(played(rewards=lambda _: [0.5, 0.5]).url)
    assert status == 1
    assert "gives 2 numbers for an answer" in err
    assert not (court.out / "manifest.json").exists()


def test_failures_are_tried_again_and_refusals_kept(reward: Reward, court: Court, played: Start) -> None:
    rules = [
        {"match": "第2件事", "times": 2, "play": 503},
        {"match": "差：不知道3", "play": 400},
        {"match": "差：不知道5", "play": "empty_choices"},
    ]
    status, out, _ = reward(played(rewards=longer, rules=rules).url, "--json")
    assert status == 0
    assert json.loads(out)["judges"][0]["pairs_without_label"] == {"no_answer": 1, "refused": 1}


def test_the_budget_counts_tokens_of_the_prompt(reward: Reward, court: Court, played: Start) -> None:
    prices = court.write_file("prices.yaml", "as_of: now\nmodels: {played: {input: 10, output: 0}}\n")
    more = ("--max-spend", "0.006", "--prices", prices, "--concurrency", 1)
    status, out, _ = reward(played(rewards=longer).url, *more)
    assert status == 0
    assert "--max-spend 0.01 would be exceeded" in out


def test_the_files_are_the_same_in_any_order_of_answers(reward: Reward, court: Court, played: Start) -> None:
    found = []
    for concurrency, delay_s in ((1, 0.0), (64, (0.0, 0.05))):
        name = f"out-{concurrency}"
        reward(played(rewards=longer, delay_s=delay_s).url, "--concurrency", concurrency, out=name)
        found.append(court.other(name).outputs())
    assert found[0] == found[1]


def test_a_key_goes_to_the_server_and_nowhere_else(
    reward: Reward, court: Court, played: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REWARD_API_KEY", "secret-of-rewards")
    server = played(rewards=longer, key="secret-of-rewards", watch_for=["secret-of-rewards"])
    status, out, err = reward(server.url)
    assert status == 0
    assert server.counts["watched"]["secret-of-rewards"] == ["header authorization"]
    written = b"".join(path.read_bytes() for path in court.out.iterdir())
    assert "secret-of-rewards" not in out + err
    assert b"secret-of-rewards" not in written


def test_a_judge_and_a_reward_model_are_combined_by_standardised_scores(
    reward: Reward, court: Court, played: Start
) -> None:
    judge = played(says=lambda body: as_scores(3 if answer_of(body).startswith(GOOD) else 2), models=["j"])
    more = ["--judge-model", "j", "--judge-url", judge.url]
    status, out, _ = reward(played(rewards=longer).url, *more, "--json")
    assert status == 0
    said = json.loads(out)
    assert said["together"]["rule"] == "standardised"
    assert [each["kind"] for each in said["judges"]] == ["pointwise", "reward"]
    assert {row["judge"] for row in court.rows("scores")} == {"j", "played", "together:standardised"}
    together = [row for row in court.rows("scores") if row["judge"] == "together:standardised"]
    assert {(row["score_chosen"], row["score_rejected"]) for row in together} == {(1.0, -1.0)}
    assert said["together"]["kappa"] is None
    assert reward(played(rewards=longer).url, *more, "--together", "mean")[0] == 2


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--mode", "pairwise"], "--mode pairwise: a reward model scores answers one by one"),
        (["--rubric", "chat"], "--rubric: is for judges"),
        (["--batch"], "--batch: a reward model has no Batch API"),
        (["--reward-url", "http://127.0.0.1:1"], "--reward-url: is given 2 times for 1 reward models"),
    ],
)
def test_wrong_usage_is_one_line(more: list[str], said: str, reward: Reward, played: Start) -> None:
    status, _, err = reward(played(rewards=longer).url, *more)
    assert (status, said in err, err.count("\n")) == (2, True, 1)


def test_a_judge_or_a_reward_model_must_be_named(court: Court, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(court.pairs), "--out", str(court.out)]) == 2
    assert "--judge-model: no judge is named" in capsys.readouterr().err
    assert main([str(court.pairs), "--out", str(court.out), "--reward-model", "x"]) == 2
    assert "--reward-url: is missing" in capsys.readouterr().err


def test_self_preference_of_a_reward_model_is_in_manifest_and_report(
    court: Court, played: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    table = pair_table(pair_rows(8), "zh", None, "one")
    for name, model in (("chosen_model", "qwen-max"), ("rejected_model", "gpt-4")):
        table = table.set_column(table.schema.get_field_index(name), name, pa.array([model] * 8))
    court.write_table(table)
    model = "Skywork-Reward-V2-Qwen3-8B"
    server = played(rewards=longer, models=(model,))
    flags = ["--out", str(court.out), "--reward-model", model, "--reward-url", server.url]
    assert main([str(court.pairs), *flags]) == 0
    (kin,) = court.manifest()["kin"]
    assert (kin["family"], kin["by_judge"]["value"], kin["by_judge"]["of"]) == ("qwen", 1.0, 8)
    (line,) = court.manifest()["findings"]
    assert line in (court.out / "report.html").read_text(encoding="utf-8")
    assert line[:40] in capsys.readouterr().out
