"""judge-prefs --mode pointwise against a played server: what it asks, what scores it makes, what it pays for."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from tests.conftest import pair_table
from tests.synth.judging.court import BAD, GOOD, Court
from tests.synth.place import Said
from tests.synth.played.options import PLAIN_OPENAI
from tests.synth.played_server import PlayedServer
from tests.synth.scoring.scene import ASPECTS, answer_of, as_scores, honest, quality, tokens_of

Judge = Callable[..., Said]
Start = Callable[..., PlayedServer]
SCORES = ("--mode", "pointwise")


def asked(server: PlayedServer) -> list[dict[str, Any]]:
    """The bodies of the questions that the server heard, in their order."""
    return [heard["body"] for heard in server.log if heard["path"] == "/v1/chat/completions"]


def answers(court: Court) -> list[dict[str, Any]]:
    return court.rows("answers")


def test_an_honest_judge_agrees_with_right_labels_and_finds_the_wrong_ones(
    judge: Judge, court: Court, played: Start
) -> None:
    court.write(12, wrong=3)
    server = played(says=honest)
    said = json.loads(judge(server.url, *SCORES, "--json").out)
    (found,) = said["audit"]
    assert (found["agreement"]["value"], found["judged"], found["ties"]["value"]) == (0.75, 12, 0)
    assert len(asked(server)) == 24
    scores = court.rows("scores")
    assert {row["id"] for row in scores if row["label"] == "rejected"} == {each["id"] for each in said["disagreements"]}
    assert {(row["label"], row["score_chosen"], row["score_rejected"]) for row in scores} == {
        ("chosen", 4.0, 2.0),
        ("rejected", 2.0, 4.0),
    }
    assert said["disagreements"][0]["said"] == [f"chosen: {as_scores(2)}", f"rejected: {as_scores(4)}"]
    assert Counter((row["aspect"], row["score"]) for row in answers(court)) == {
        (aspect, score): 12 for aspect in ASPECTS for score in (2, 4)
    }
    assert court.manifest()["judges"][0]["kind"] == "pointwise"
    assert "each answer by itself" in (court.out / "report.html").read_text(encoding="utf-8")


def test_an_answer_that_stands_in_several_pairs_is_asked_about_once(judge: Judge, court: Court, played: Start) -> None:
    rows = [("请说明水", f"{GOOD}水是液体。", f"{BAD}不知道{n}。") for n in range(5)]
    court.write_table(pair_table(rows, "zh", None, "one"))
    server = played(says=honest)
    judge(server.url, *SCORES)
    assert len(asked(server)) == 6
    assert len({row["id"] for row in answers(court)}) == 6
    assert len(court.rows("verdicts")) == 6
    assert len(court.rows("scores")) == 5


def test_a_judge_that_always_gives_the_same_score_has_no_preference(judge: Judge, court: Court, played: Start) -> None:
    said = json.loads(judge(played(says=lambda _: as_scores(4)).url, *SCORES, "--json").out)
    (found,) = said["audit"]
    assert found["ties"]["value"] == 1
    assert found["agreement"]["of"] == 0
    assert {row["label"] for row in court.rows("scores")} == {"tie"}


def test_the_expected_score_is_finer_than_the_printed_one(judge: Judge, court: Court, played: Start) -> None:
    def likely(body: dict[str, Any], text: str) -> list[dict[str, Any]]:
        return tokens_of(text, {"4": 0.6, "5": 0.2} if answer_of(body).startswith(GOOD) else {"4": 0.6, "3": 0.2})

    said = json.loads(judge(played(says=lambda _: as_scores(4), likely=likely).url, *SCORES, "--json").out)
    assert said["audit"][0]["agreement"]["value"] == 1
    (row, *_) = court.rows("scores")
    assert (round(row["score_chosen"], 3), round(row["score_rejected"], 3)) == (4.25, 3.75)
    assert {row["score"] for row in answers(court)} == {4}
    assert {round(row["outside"], 3) for row in answers(court)} == {0.2}
    assert court.manifest()["judges"][0]["probability_outside_scale"] == pytest.approx(0.2, abs=1e-3)
    assert "nothing was asked" in judge(played(says=honest).url, *SCORES).out


def test_a_pair_whose_answers_lack_expected_scores_is_compared_by_printed_ones(
    judge: Judge, court: Court, played: Start
) -> None:
    def likely(body: dict[str, Any], text: str) -> list[dict[str, Any]]:
        return tokens_of(text, {str(quality(body)): 0.6, "5": 0.2}) if answer_of(body).startswith(GOOD) else []

    judge(played(says=honest, likely=likely).url, *SCORES)
    assert {(row["score_chosen"], row["score_rejected"]) for row in court.rows("scores")} == {(4.0, 2.0)}
    assert court.manifest()["judges"][0]["groups_by_expected_score"] == 0


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, (True, True)),
        ({"openapi": False}, (False, False)),
        ({**PLAIN_OPENAI}, (False, False)),
    ],
)
def test_a_server_is_asked_for_what_it_says_it_has(
    told: dict[str, Any], expected: tuple[bool, bool], judge: Judge, court: Court, played: Start
) -> None:
    server = played(says=honest, **told)
    judge(server.url, *SCORES)
    assert {("response_format" in body, "logprobs" in body) for body in asked(server)} == {expected}
    how = court.manifest()["judges"][0]
    assert (how["structured_output"], how["logprobs"]) == expected


@pytest.mark.parametrize(("bad", "reason"), [("不好说", "unreadable"), (as_scores(6), "off_scale"), ("", "empty")])
def test_what_is_no_score_is_asked_for_once_more_and_then_is_none(
    bad: str, reason: str, judge: Judge, court: Court, played: Start
) -> None:
    def says(body: dict[str, Any]) -> str:
        return bad if "第3件事" in body["messages"][1]["content"] and quality(body) == 2 else honest(body)

    server = played(says=says)
    judge(server.url, *SCORES)
    assert len(asked(server)) == 25
    assert asked(server)[-1]["messages"][-1]["content"].startswith("没有读到明确的分数")
    (none,) = [row for row in court.rows("scores") if row["label"] is None]
    assert none["source_row"] == "file:3"
    assert none["score_chosen"] is None
    assert court.manifest()["judges"][0]["pairs_without_label"] == {reason: 1}
    assert Counter(row["reason"] for row in court.rows("verdicts")) == {None: 23, reason: 2}
    assert "nothing was asked" in judge(server.url, *SCORES).out


def test_a_second_answer_that_can_be_read_counts(judge: Judge, court: Court, played: Start) -> None:
    server = played(says=lambda body: honest(body) if len(body["messages"]) > 2 else as_scores(11))
    said = json.loads(judge(server.url, *SCORES, "--json").out)
    assert said["audit"][0]["agreement"]["value"] == 1
    assert len(asked(server)) == 48
    assert Counter(row["reason"] for row in court.rows("verdicts")) == {"off_scale": 24, None: 24}


def test_refusals_and_lost_answers_have_their_reasons(judge: Judge, court: Court, played: Start) -> None:
    rules = [{"match": "第3件事", "play": 400}, {"match": "第5件事", "play": "garbage"}]
    judge(played(says=honest, rules=rules).url, *SCORES)
    assert court.manifest()["judges"][0]["pairs_without_label"] == {"no_answer": 1, "refused": 1}


def test_the_files_are_the_same_in_any_order_of_answers(judge: Judge, court: Court, played: Start) -> None:
    found = []
    for concurrency, delay_s in ((1, 0.0), (64, (0.0, 0.05))):
        at = court.other(f"out-{concurrency}")
        judge(played(says=honest, delay_s=delay_s).url, *SCORES, "--concurrency", concurrency, at=at)
        found.append({**at.outputs(), "answers": (at.out / "answers.parquet").read_bytes()})
    assert found[0] == found[1]


def test_pairs_and_scores_share_a_folder_and_its_journal(judge: Judge, court: Court, played: Start) -> None:
    server = played(says=lambda body: honest(body) if "【评分】" in body["messages"][1]["content"] else "A")
    judge(server.url, *SCORES)
    judge(server.url)
    assert not (court.out / "answers.parquet").exists()
    assert "nothing was asked" in judge(server.url, *SCORES).out


def test_a_budget_ends_the_asking(judge: Judge, court: Court, played: Start) -> None:
    prices = court.write_file("prices.yaml", "as_of: now\nmodels: {played: {input: 10, output: 10}}\n")
    more = ["--max-spend", "0.03", "--prices", prices, "--concurrency", 1]
    said = judge(played(says=honest).url, *SCORES, *more)
    assert "--max-spend 0.03 would be exceeded" in said.out
    reasons = Counter(row["reason"] for row in court.rows("verdicts"))
    assert reasons["not_asked"] == 24 - reasons[None] > 0


def test_the_plan_counts_and_asks_nothing(judge: Judge, court: Court, played: Start) -> None:
    server = played(says=honest)
    plan = json.loads(judge(server.url, *SCORES, "--dry-run", "--json", "--sample", 4).out)
    assert (plan["groups"], plan["answers"], plan["sides"][0]["requests"]) == (4, 8, 8)
    assert "12 groups of answers" in judge(server.url, *SCORES, "--dry-run").out
    assert not server.log
    assert not court.out.exists()


def by_sources(court: Court) -> Court:
    """Pairs of two sources, one row of which names its domain."""
    tables = [pair_table([("问", f"{GOOD}{n}", f"{BAD}{n}")], "zh", None, n) for n in ("one", "two", "three")]
    table = pa.concat_tables(tables)
    return court.write_table(table) if table is None else _with_domain(court, table)


def _with_domain(court: Court, table: pa.Table) -> Court:
    import pyarrow.parquet as pq

    from sources.pairs.schema import PAIRS

    named = table.select(PAIRS.names).append_column("domain", pa.array([None, "maths", None], pa.string()))
    pq.write_table(named, court.pairs)
    return court


def aspects_said(body: dict[str, Any]) -> list[str]:
    properties = body["response_format"]["json_schema"]["schema"]["properties"]
    return [name for name in properties if name != "reason"]


def test_the_rubric_of_a_row_goes_by_its_column_then_by_its_source(judge: Judge, court: Court, played: Start) -> None:
    by_sources(court)
    recipe = court.write_file("mine.yaml", "name: mine\nlike: default\ndomains: {three: code, two: code}\n")
    server = played(says=lambda body: as_scores(3, aspects_said(body)))
    said = judge(server.url, *SCORES, "--recipe", recipe)
    assert "answers by domain: chat 2, code 2, maths 2" in said.out
    assert {row["source"]: row["domain"] for row in answers(court)} == {"one": "chat", "two": "maths", "three": "code"}
    assert {row["aspect"] for row in answers(court) if row["source"] == "three"} >= {"correctness", "quality"}
    judge(server.url, *SCORES, "--domain", "safety")
    assert "harmlessness" in {row["aspect"] for row in answers(court)}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--domain", "cooking"], "--domain: no domain cooking; expected chat, code"),
        (["--rubric", "chat", "--domain", "chat"], "--domain: says nothing with --rubric"),
        (["--margin", "2"], "--margin: is for candidates"),
        (["--recipe", "nothing"], "--recipe: no recipe nothing; expected coig-p, default"),
        (["--together", "mean"], "--together: needs at least two judges"),
    ],
)
def test_wrong_usage_is_one_line(more: list[str], said: str, judge: Judge, played: Start) -> None:
    assert said in judge(played(says=honest).url, *SCORES, *more, code=2).err


@pytest.mark.parametrize("more", [["--domain", "chat"], ["--recipe", "coig-p"], ["--choose", "adjacent"]])
def test_what_is_for_scores_needs_scores(more: list[str], judge: Judge, played: Start) -> None:
    assert "needs --mode pointwise" in judge(played(says=honest).url, *more, code=2).err


def test_a_column_that_names_no_domains_is_one_line(judge: Judge, court: Court, played: Start) -> None:
    import pyarrow.parquet as pq

    table = pq.read_table(court.pairs)
    pq.write_table(table.append_column("domain", pa.array(range(len(table)))), court.pairs)
    said = judge(played(says=honest).url, *SCORES, code=1).err
    assert "column domain holds int64; expected names of domains" in said
    assert judge(played(says=honest).url, *SCORES, "--domain-column", "license", "--domain", "chat").status == 0


def test_a_domain_without_a_rubric_is_one_line(judge: Judge, court: Court, played: Start) -> None:
    by_sources(court)
    recipe = court.write_file("mine.yaml", "name: mine\nrubrics: {chat: chat}\n")
    said = judge(played(says=honest).url, *SCORES, "--recipe", recipe, code=2).err
    assert "domain of two: no rubric for 'maths'; expected chat" in said
