"""A Batch API that fails, is away or refuses the key."""

from collections.abc import Callable

import pytest

from tests.synth.asking.batches import MODELS, PROMPTS, Outputs, Run, Start, all_answered_once, at_look, last, submitted
from tests.synth.place import Place
from tests.synth.played.asking import ask

FAULTS = [500, 503, 429, "cut", "reset", {"status": 429, "retry_after": "0.02"}]

HALF = ["cut_body", "garbage", "html"]
"""Faults of an answer to a request that the server has heeded."""

ENDPOINTS = ["POST /v1/files", "POST /v1/batches", "GET /v1/batches/*", "GET /v1/files/*"]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_faults_pass_and_no_batch_is_submitted_twice(endpoint: str, run: Run, place: Place, played: Start) -> None:
    plays = [*FAULTS, *HALF]
    rules = [{"endpoint": endpoint, "first": number, "play": play} for number, play in enumerate(plays, 1)]
    server = played(**MODELS, rules=rules)
    assert run(server.url, "--json").asked["retries"] > 4
    assert all_answered_once(server)
    assert len(ask(server.url, lambda client: client.batches.list()).data) == 1
    assert len(place.rows("pairs")) == PROMPTS


@pytest.mark.parametrize("play", HALF)
def test_a_batch_that_arrived_though_the_answer_was_lost_is_found(play: str, run: Run, played: Start) -> None:
    server = played(**MODELS, rules=[{"endpoint": "POST /v1/batches", "first": 1, "play": play}])
    assert run(server.url, "--json").asked["retries"] == 1
    assert submitted(server) == 1
    assert all_answered_once(server)


@pytest.mark.parametrize("play", ["cut", "html", {"status": 200, "body": {}}], ids=str)
def test_a_batch_whose_arrival_is_unknown_is_asked_for_until_the_server_says(
    play: object, run: Run, played: Start
) -> None:
    rules = [
        {"endpoint": "POST /v1/batches", "first": 1, "play": "cut_body"},
        {"endpoint": "GET /v1/batches", "first": 3, "play": play},
    ]
    server = played(**MODELS, rules=rules)
    run(server.url)
    assert submitted(server) == 1
    assert all_answered_once(server)


def test_a_server_that_is_away_for_a_while_is_waited_for(
    run: Run, place: Place, played: Start, alone: Callable[..., Outputs], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = played(**MODELS, batch_polls=4)
    acts = {2: server.stop_listening, 6: server.start_listening}
    at_look(monkeypatch, lambda number: acts.get(number, lambda: None)())
    run(server.url, "--concurrency", 4)
    assert all_answered_once(server)
    assert submitted(server) == 1
    assert place.outputs() == alone()


def test_a_server_that_stays_away_ends_the_run_and_the_next_one_collects(
    run: Run, place: Place, played: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = played(**MODELS, batch_polls=4)
    at_look(monkeypatch, lambda number: server.stop_listening() if number == 2 else None)
    said = run(server.url, "--patience", 0, code=1)
    assert last(said).startswith(f"synth-prefs: strong at {server.url}: ")
    assert last(said).endswith("what was answered is kept. --patience waits longer.")
    server.start_listening()
    run(server.url)
    assert submitted(server) == 1
    assert all_answered_once(server)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_wrong_key_ends_the_run_and_nothing_is_lost(endpoint: str, run: Run, place: Place, played: Start) -> None:
    server = played(**MODELS, rules=[{"endpoint": endpoint, "first": 1, "play": {"status": 401, "body": "no key"}}])
    said = last(run(server.url, code=1))
    assert said == f"synth-prefs: strong at {server.url}: HTTP 401: no key. Is the key right?"
    run(server.url)
    assert all_answered_once(server)
    assert len(place.rows("pairs")) == PROMPTS


def test_a_batch_that_the_server_does_not_take_ends_the_run(run: Run, played: Start) -> None:
    play = {"status": 400, "body": "no such window"}
    server = played(**MODELS, rules=[{"endpoint": "POST /v1/batches", "first": 1, "play": play}])
    assert last(run(server.url, code=1)).endswith("HTTP 400: no such window. The same command submits the rest again.")
    run(server.url)
    assert all_answered_once(server)


def test_a_server_without_batches_is_said_at_once(run: Run, played: Start) -> None:
    said = run(played(models=MODELS["models"]).url, code=1)
    assert "HTTP 404" in last(said)
