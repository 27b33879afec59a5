"""judge-prefs against a played server: what it asks, what it makes of the answers, what it pays for."""

import json
import re
import shlex
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from synth.job.pace import Pace
from synth.judge_prefs import EXAMPLES, main, parse
from tests.synth.judging.court import BAD, GOOD, Court, Says, answers_of, as_json, perfect
from tests.synth.place import Said
from tests.synth.played.options import PLAIN_OPENAI
from tests.synth.played_server import PlayedServer

Judge = Callable[..., Said]
Start = Callable[..., PlayedServer]
DOCS = Path(__file__).parents[3] / "docs"


def asked(server: PlayedServer) -> list[dict[str, Any]]:
    """The bodies of the questions that the server heard, in their order."""
    return [heard["body"] for heard in server.log if heard["path"] == "/v1/chat/completions"]


def audit_of(said: Said, source: str = "one") -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in json.loads(said.out)["audit"] if each["source"] == source)
    return found


def test_a_perfect_judge_agrees_with_right_labels_and_finds_the_wrong_ones(
    judge: Judge, court: Court, played: Start
) -> None:
    court.write(12, wrong=3)
    server = played(says=perfect)
    said = judge(server.url, "--json")
    found = audit_of(said)
    assert found["agreement"]["value"] == 0.75
    assert found["consistency"]["value"] == 1
    wrong = {row["id"] for row in court.rows("scores") if row["label"] == "rejected"}
    assert wrong == {each["id"] for each in json.loads(said.out)["disagreements"]}
    assert {row["source_row"] for row in court.rows("scores") if row["id"] in wrong} == {"file:0", "file:1", "file:2"}
    assert all(each["rejected"].startswith(GOOD) for each in json.loads(said.out)["disagreements"])


def test_both_orders_of_a_pair_are_asked_one_after_the_other(judge: Judge, court: Court, played: Start) -> None:
    server = played(says=perfect)
    judge(server.url, "--concurrency", 1)
    shown = [answers_of(body) for body in asked(server)]
    assert len(shown) == 24
    for one, other in zip(shown[::2], shown[1::2], strict=True):
        assert one == (other[1], other[0])
        assert one[0].startswith(GOOD)


def test_a_judge_that_always_says_a_prefers_nothing(judge: Judge, court: Court, played: Start) -> None:
    found = audit_of(judge(played(says=lambda body: as_json("A")).url, "--json"))
    assert found["agreement"] == {"value": None, "low": None, "high": None, "of": 0}
    assert found["ties"]["value"] == found["first_preferred"]["value"] == 1
    assert {row["label"] for row in court.rows("scores")} == {"tie"}
    assert {row["score_chosen"] for row in court.rows("scores")} == {0.5}


@pytest.mark.parametrize("text", ["10", "1", as_json("1"), "回答 A 更好。", ""])
def test_an_answer_that_cannot_be_read_is_asked_for_once_more_and_kept_whole(
    text: str, judge: Judge, court: Court, played: Start
) -> None:
    says: Says = lambda body: text if answers_of(body)[0].startswith(f"{BAD}不知道3。") else perfect(body)  # noqa: E731
    server = played(says=says)
    judge(server.url)
    assert len(asked(server)) == 24 + 1
    kept = [row for row in court.rows("verdicts") if row["verdict"] is None]
    assert [(row["attempt"], row["text"], row["first"]) for row in kept] == [(n, text, "rejected") for n in (0, 1)]
    assert {row["reason"] for row in kept} == {"unreadable" if text else "empty"}
    (pair,) = [row for row in court.rows("scores") if row["label"] is None]
    assert (pair["id"], pair["chosen_first"], pair["score_chosen"]) == (kept[0]["id"], "chosen", None)
    assert court.manifest()["judges"][0]["pairs_without_label"] == {kept[0]["reason"]: 1}
    again = judge(server.url)
    assert "nothing was asked" in again.out
    assert len(asked(server)) == 25


def test_a_second_answer_that_can_be_read_counts(judge: Judge, court: Court, played: Start) -> None:
    def says(body: dict[str, Any]) -> str:
        return perfect(body) if len(body["messages"]) > 2 else "让我想想。"

    server = played(says=says)
    found = audit_of(judge(server.url, "--json"))
    assert found["agreement"]["value"] == 1
    assert len(asked(server)) == 48
    second = next(body["messages"] for body in asked(server) if len(body["messages"]) > 2)
    assert [turn["role"] for turn in second] == ["system", "user", "assistant", "user"]
    assert second[2]["content"] == "让我想想。"
    assert Counter(row["reason"] for row in court.rows("verdicts")) == {"unreadable": 24, None: 24}


def test_a_server_without_structured_output_is_not_asked_for_it(judge: Judge, court: Court, played: Start) -> None:
    for told, structured in (({}, True), ({"openapi": False}, False)):
        server = played(says=perfect, **told)
        at = court.other(f"out-{structured}")
        judge(server.url, at=at)
        assert {"response_format" in body for body in asked(server)} == {structured}
        assert at.manifest()["judges"][0]["structured_output"] is structured


def test_the_files_are_the_same_in_any_order_of_answers(judge: Judge, court: Court, played: Start) -> None:
    found = []
    for concurrency, delay_s in ((1, 0.0), (64, (0.0, 0.05))):
        server = played(says=perfect, delay_s=delay_s)
        at = court.other(f"out-{concurrency}")
        judge(server.url, "--concurrency", concurrency, at=at)
        found.append(at.outputs())
    assert found[0] == found[1]


def test_a_larger_sample_pays_only_for_what_is_new(judge: Judge, court: Court, played: Start) -> None:
    server = played(says=perfect)
    judge(server.url, "--sample", 5)
    assert len(asked(server)) == 10
    judge(server.url)
    assert len(asked(server)) == 24
    assert len(court.rows("scores")) == 12


def test_refusals_and_lost_answers_have_their_reasons(judge: Judge, court: Court, played: Start) -> None:
    rules = [{"match": "第3件事", "play": 400}, {"match": "第5件事", "play": "garbage"}]
    judge(played(says=perfect, rules=rules).url)
    why = {row["id"]: row["reason"] for row in court.rows("verdicts") if row["reason"]}
    at = {row["id"]: row["source_row"] for row in court.rows("scores") if row["label"] is None}
    assert {at[pair]: reason for pair, reason in why.items()} == {"file:3": "refused", "file:5": "no_answer"}
    assert court.manifest()["judges"][0]["pairs_without_label"] == {"no_answer": 1, "refused": 1}


def test_the_plan_counts_and_asks_nothing(judge: Judge, court: Court, played: Start) -> None:
    server = played(says=perfect)
    plan = json.loads(judge(server.url, "--dry-run", "--json", "--sample", 4).out)
    assert (plan["pairs"], plan["by_source"], plan["rubric"]) == (4, {"one": 12}, "pairwise-zh")
    (side,) = plan["sides"]
    assert (side["requests"], side["most_answer_tokens"]) == (8, 8 * 512)
    assert "12 pairs in both orders" in judge(server.url, "--dry-run").out
    assert not server.log
    assert not court.out.exists()


def test_a_budget_ends_the_asking_and_the_rest_is_not_asked(judge: Judge, court: Court, played: Start) -> None:
    prices = court.write_file("prices.yaml", "as_of: now\nmodels: {played: {input: 10, output: 10}}\n")
    said = judge(played(says=perfect).url, "--max-spend", "0.03", "--prices", prices, "--concurrency", 1)
    assert "--max-spend 0.03 would be exceeded" in said.out
    reasons = Counter(row["reason"] for row in court.rows("verdicts"))
    assert reasons["not_asked"] == 24 - reasons[None] > 0
    assert reasons[None] > 0


def test_batches_give_the_files_of_single_requests(
    judge: Judge, court: Court, played: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synth.job.pace.Pace", partial(Pace, poll_s=0.01))
    single = court.other("single")
    says: Says = lambda body: perfect(body) if len(body["messages"]) > 2 else "？"  # noqa: E731
    judge(played(says=says).url, at=single)
    server = played(says=says, **{**PLAIN_OPENAI, "openapi": True, "owned_by": "vllm"})
    assert main(court.flags(server.url, "--batch")) == 0
    assert court.outputs() == single.outputs()
    assert not asked(server)


def test_a_folder_of_another_command_is_left_alone(judge: Judge, court: Court, played: Start) -> None:
    court.out.mkdir()
    (court.out / "manifest.json").write_text('{"writers": []}')
    said = judge(played(says=perfect).url, code=1)
    assert "no run of judge-prefs wrote it" in said.err
    assert (court.out / "manifest.json").read_text() == '{"writers": []}'


def test_a_model_name_with_an_escape_is_printed_safely(judge: Judge, court: Court, played: Start) -> None:
    said = judge(played(says=perfect, models=["played"]).url, "--judge-model", "\x1b[31mred", code=2)
    assert "\x1b" not in said.err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--no-wait"], "--no-wait: says nothing without --batch"),
        (["--rubric", "nothing"], "--rubric: no rubric nothing; expected en, zh"),
        (["--judge-model", "other"], "serves no other; expected played"),
    ],
)
def test_wrong_usage_is_one_line(more: list[str], said: str, judge: Judge, court: Court, played: Start) -> None:
    assert said in judge(played(says=perfect).url, *more, code=2).err


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://x", "--judge-url: is no http or https URL"),
        ("https://example.com/v1", "the price of played is not known"),
    ],
)
def test_a_url_that_cannot_be_used_is_one_line(url: str, said: str, judge: Judge) -> None:
    assert said in judge(url, "--max-spend", "1", code=2).err


def test_the_examples_of_the_help_and_of_the_docs_are_accepted() -> None:
    text = EXAMPLES + (DOCS / "judge.md").read_text(encoding="utf-8")
    lines = re.findall(r"^ *(judge-prefs [^\n]*?)(?:  .*)?$", text, re.M)
    assert len(lines) > 5
    for line in lines:
        words = shlex.split(line, comments=True)
        parse([word for word in words[1:] if word != "..."] + ["--judge-model", "m", "--out", "o"])
