"""Asking through failures: what is tried again, what is recorded, what is given up, and what ends a run."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from tests.synth.place import Place, Said, question, wait_until
from tests.synth.played_server import PlayedServer

Start = Callable[..., PlayedServer]

Synth = Callable[..., Said]

BAD = question(5)

SOON = {"status": 429, "retry_after": "0.01"}

DATE = {"status": 429, "retry_after": format_datetime(datetime(2020, 1, 1, tzinfo=UTC), usegmt=True)}

PASSING: list[Any] = [408, 409, SOON, DATE, 500, 502, 503, 504, 529]

PASSING += ["cut", "reset", "cut_body", "garbage", "bad_utf8", "html", "error_body", "empty_choices"]

LASTING: list[Any] = [(play, 64) for play in (408, 501, "reset", "garbage", "html", "error_body", "empty_choices")]

LASTING += [(play, concurrency) for play in (500, "cut", "cut_body") for concurrency in (1, 64)]


@pytest.fixture(scope="module")
def untroubled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files that a run of the twelve questions gives where nothing goes wrong."""
    from synth.synth_prefs import main
    from tests.synth.played_server import played_server

    place = Place(tmp_path_factory.mktemp("untroubled")).write()
    with played_server() as server:
        assert main(place.flags(server.url)) == 0
    return place.outputs()


@pytest.mark.parametrize("play", PASSING)
def test_a_failure_that_passes_leaves_no_trace(
    play: object, played: Start, synth: Synth, place: Place, untroubled: dict[str, bytes]
) -> None:
    server = played(rules=[{"match": BAD, "times": 3, "play": play}, {"match": question(7), "times": 1, "play": play}])
    said = synth(server.url, "--json")
    assert place.outputs() == untroubled
    assert said.asked["retries"] == 4
    assert server.counts["served"] == 12
    assert server.counts["started"] == 16


def test_every_seventh_request_that_fails_leaves_no_trace(
    played: Start, synth: Synth, place: Place, untroubled: dict[str, bytes]
) -> None:
    every = [{"every": 7, "play": "cut"}, {"every": 5, "play": 503}, {"every": 11, "play": "cut_body"}]
    server = played(rules=every)
    synth(server.url, "--concurrency", 3)
    assert place.outputs() == untroubled
    assert server.counts["served"] == 12


def test_a_request_that_hangs_once_is_asked_again(
    played: Start, synth: Synth, place: Place, untroubled: dict[str, bytes]
) -> None:
    server = played(rules=[{"match": BAD, "times": 1, "play": "hang"}])
    synth(server.url, "--timeout", 1)
    assert place.outputs() == untroubled
    assert server.counts["played"] == {"hang": 1}
    assert server.counts["distinct"] == 12


def test_an_answer_without_text_or_usage_is_an_answer(played: Start, synth: Synth, place: Place) -> None:
    rules = [{"match": BAD, "play": "null_text"}, {"match": question(7), "play": "no_usage"}]
    server = played(rules=rules)
    synth(server.url)
    assert server.counts["started"] == 12
    assert place.lost()["5"][0] == "empty_side"
    assert place.journal("text, prompt_tokens", "text = '' OR prompt_tokens IS NULL") != []
    counted = {row["source_row"]: row["completion_tokens"] for row in place.rows("candidates") if row["key"]}
    assert counted["prompts.jsonl:7"] is None
    assert len(place.rows("pairs")) == 11


def test_a_server_that_goes_away_and_comes_back_is_waited_for(
    played: Start, synth: Synth, place: Place, untroubled: dict[str, bytes]
) -> None:
    server = played(rules=[{"match": BAD, "times": 1, "play": "refuse_all"}])

    def bring_back() -> None:
        wait_until(lambda: server.counts["played"].get("refuse_all") and not server.counts["in_flight"])
        server.start_listening()

    helper = threading.Thread(target=bring_back, daemon=True)
    helper.start()
    synth(server.url, "--concurrency", 4)
    helper.join(30)
    assert place.outputs() == untroubled
    assert server.counts["served"] <= 12 + 4
    assert len(place.journal()) == 12


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_refusal_is_recorded_and_the_prompt_is_not_sent_again(
    status: int, played: Start, synth: Synth, place: Place
) -> None:
    server = played(rules=[{"match": BAD, "times": 1, "play": status}])
    said = synth(server.url, "--json")
    assert (said.asked["refused"], said.asked["retries"]) == (1, 0)
    assert server.counts["started"] == 12
    assert place.lost() == {"5": ("refused", f"rejected: HTTP {status}: Played status {status}.")}
    assert place.journal("status, message", "status IS NOT NULL") == [(status, f"Played status {status}.")]
    before = place.outputs()
    synth(server.url)
    assert server.counts["started"] == 12
    assert place.outputs() == before


def test_what_was_refused_is_asked_again_on_demand(
    played: Start, synth: Synth, place: Place, untroubled: dict[str, bytes]
) -> None:
    server = played(rules=[{"match": BAD, "times": 1, "play": 400}])
    synth(server.url)
    synth(server.url, "--retry-refused")
    assert server.counts["started"] == 13
    assert place.outputs() == untroubled


def test_a_prompt_that_is_too_long_is_refused_with_the_server_s_words(
    played: Start, synth: Synth, place: Place
) -> None:
    place.write_rows([{"prompt": text, "chosen": "好的，这样。"} for text in (question(1), "长" * 5000, question(2))])
    synth(played().url)
    reason, evidence = place.lost()["1"]
    assert reason == "refused"
    assert "maximum context length is 4096 tokens" in evidence
    assert len(place.rows("pairs")) == 2


def test_a_server_that_refuses_everything_ends_the_run_and_nothing_is_recorded(
    played: Start, synth: Synth, place: Place
) -> None:
    place.write(100)
    server = played(rules=[{"play": {"status": 400, "body": {"error": {"message": "No such adapter."}}}}])
    said = synth(server.url, "--concurrency", 4, code=1).err
    assert f"played at {server.url}: refuses every request (HTTP 400: No such adapter.)" in said
    assert "nothing was recorded" in said
    assert 20 <= server.counts["started"] <= 23
    assert place.journal() == []


def test_refusals_before_the_first_answer_are_recorded_after_it(played: Start, synth: Synth, place: Place) -> None:
    server = played(rules=[{"first": 10, "play": 400}])
    synth(server.url, "--concurrency", 1)
    assert len(place.journal(where="status IS NOT NULL")) == 10
    assert len(place.rows("pairs")) == 2


QUOTA = {"error": {"message": "You exceeded your current quota.", "code": "insufficient_quota"}}

ENDS: list[Any] = [
    (401, "HTTP 401: Played status 401. Is the key right?"),
    (402, "HTTP 402: Played status 402."),
    (403, "HTTP 403: Played status 403. Is the key allowed to use this model?"),
    (404, "HTTP 404: Played status 404. Are URL and model right?"),
    ({"status": 429, "body": QUOTA}, "You exceeded your current quota. The account has no credit left"),
]


@pytest.mark.parametrize(("play", "words"), ENDS)
def test_what_no_request_can_cure_ends_the_run_and_keeps_what_was_answered(
    play: object, words: str, played: Start, synth: Synth, place: Place, untroubled: dict[str, bytes]
) -> None:
    server = played(rules=[{"first": 12, "after": 5, "play": play}])
    said = synth(server.url, "--concurrency", 2, code=1).err
    assert f"played at {server.url}: " in said
    assert words in said
    assert server.counts["started"] <= 7
    assert len(place.journal()) == server.counts["served"] == 5
    assert not (place.out / "pairs.parquet").exists()
    better = played()
    synth(better.url)
    assert better.counts["served"] == 7
    assert place.outputs() == untroubled


def test_a_server_that_is_gone_for_longer_than_patience_ends_the_run(
    played: Start, synth: Synth, place: Place, untroubled: dict[str, bytes]
) -> None:
    server = played(rules=[{"after": 6, "play": "refuse_all"}])
    said = synth(server.url, "--concurrency", 1, "--patience", 0.2, code=1).err
    assert f"played at {server.url}: no answer for 0 s (Cannot connect to host" in said
    assert "Start it again and run the same command: what was answered is kept." in said
    assert len(place.journal()) == server.counts["served"] == 6
    again = played()
    synth(again.url)
    assert again.counts["served"] == 6
    assert place.outputs() == untroubled


@pytest.mark.parametrize("play", [502, 503, 504, 429])
def test_a_server_that_stays_busy_ends_the_run(play: int, played: Start, synth: Synth, place: Place) -> None:
    server = played(rules=[{"after": 6, "play": play}])
    said = synth(server.url, "--concurrency", 3, "--patience", 0.2, code=1).err
    assert f"no answer for 0 s (HTTP {play}: Played status {play}.)" in said
    assert len(place.journal()) == 6


def test_a_wait_longer_than_patience_ends_the_run_and_says_so(played: Start, synth: Synth, place: Place) -> None:
    server = played(rules=[{"after": 6, "play": {"status": 429, "retry_after": "3600"}}])
    said = synth(server.url, "--concurrency", 1, code=1).err
    assert "asks to wait 3,600 s (HTTP 429: Played status 429.)" in said
    assert server.counts["started"] == 7
    assert len(place.journal()) == 6


def test_a_date_beyond_patience_ends_the_run_too(played: Start, synth: Synth) -> None:
    late = format_datetime(datetime.now(UTC) + timedelta(days=9), usegmt=True)
    server = played(rules=[{"play": {"status": 503, "retry_after": late}}])
    assert "asks to wait 77" in synth(server.url, "--concurrency", 1, code=1).err
    assert server.counts["started"] == 1


@pytest.mark.parametrize("play", [500, "garbage", "cut"])
def test_a_server_that_answers_nothing_ends_the_run_before_all_is_tried(
    play: object, played: Start, synth: Synth, place: Place
) -> None:
    place.write(200)
    server = played(rules=[{"after": 3, "play": play}])
    said = synth(server.url, "--concurrency", 8, code=1).err
    assert "no answer to any of the last 2" in said
    assert len(place.journal()) == server.counts["served"] == 3
    assert server.counts["started"] < 3 + 40 * 6


def test_a_server_that_never_answered_is_not_taken_for_one_without_pairs(played: Start, synth: Synth) -> None:
    said = synth(played(rules=[{"play": 500}]).url, code=1).err
    assert "no answer to any of the last 12 requests (HTTP 500: Played status 500.)" in said


@pytest.mark.parametrize(("play", "concurrency"), LASTING)
def test_one_bad_prompt_does_not_stop_a_run(
    play: object, concurrency: int, played: Start, synth: Synth, place: Place, untroubled: dict[str, bytes]
) -> None:
    server = played(rules=[{"match": BAD, "play": play}])
    flags = ("--concurrency", concurrency, "--patience", 300)
    said = synth(server.url, "--json", *flags)
    assert said.asked["given_up"] == 1
    assert server.counts["started"] == 11 + 6
    reason, evidence = place.lost()["5"]
    assert reason == "no_answer"
    assert evidence.startswith("rejected: ")
    assert len(place.rows("pairs")) == len(place.journal()) == 11
    synth(server.url, *flags)
    assert server.counts["started"] == 11 + 6 + 6
    assert len(place.rows("pairs")) == 11
    cured = played()
    assert "no answer" not in synth(cured.url).out
    assert cured.counts["started"] == 1
    assert place.outputs() == untroubled


def test_one_prompt_that_always_hangs_does_not_stop_a_run(played: Start, synth: Synth, place: Place) -> None:
    server = played(rules=[{"match": BAD, "play": "hang"}])
    said = synth(server.url, "--timeout", 0.5)
    assert "no answer  for 1 prompts; the same command asks for them once more" in said.out
    reason, evidence = place.lost()["5"]
    assert reason == "no_answer"
    assert evidence.startswith("rejected: no answer in time")
    assert len(place.rows("pairs")) == 11
