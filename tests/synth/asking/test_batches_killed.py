"""Runs with batches that are killed or interrupted: no answer is paid for twice."""

import signal
from collections.abc import Callable

import pytest

from tests.forking import Forking
from tests.synth.asking.batches import (
    ENTRY,
    MODELS,
    PROMPTS,
    Outputs,
    Run,
    Start,
    all_answered_once,
    at_look,
    book,
    flags,
    killed,
    last,
    submitted,
)
from tests.synth.place import Place

MOMENTS = [line.split('"')[1] for line in ENTRY.splitlines() if line.startswith('    "')]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_that_is_killed_pays_for_no_answer_twice(
    moment: str, run: Run, place: Place, played: Start, alone: Callable[..., Outputs], forking: Forking
) -> None:
    server = played(**MODELS, batch_polls=3, batch_shuffled=True)
    assert killed(forking, moment, flags(place, server.url, "--batch")) == -signal.SIGKILL
    assert not (place.out / "pairs.parquet").exists()
    run(server.url)
    assert server.counts["batch_lines"] == PROMPTS
    assert submitted(server) == 1
    assert place.outputs() == alone()
    assert len(place.journal(where="side = 'chosen'")) == PROMPTS


def test_a_run_may_be_killed_again_and_again(
    run: Run, place: Place, played: Start, alone: Callable[..., Outputs], forking: Forking
) -> None:
    server = played(**MODELS, batch_polls=6)
    for moment in ("before the batch is noted", "half way through the answers"):
        assert killed(forking, moment, flags(place, server.url, "--batch")) == -signal.SIGKILL
    assert len(place.journal(where="side = 'chosen'")) == 5
    run(server.url)
    assert server.counts["batch_lines"] == PROMPTS
    assert place.outputs() == alone()


def test_an_interrupted_run_leaves_its_batch_to_the_next_one(
    run: Run, place: Place, played: Start, alone: Callable[..., Outputs], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = played(**MODELS, batch_polls=8)
    at_look(monkeypatch, lambda number: signal.raise_signal(signal.SIGINT) if number == 3 else None)
    said = run(server.url, code=130)
    assert last(said).startswith("synth-prefs: interrupted; what was answered is kept")
    assert "12 of 24 answers are in" in said.err
    assert [batch.state for batch in book(place)] == ["submitted"]
    run(server.url)
    assert all_answered_once(server)
    assert submitted(server) == 1
    assert place.outputs() == alone()


def test_an_interruption_while_the_server_is_away_is_no_error(
    run: Run, played: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = played(**MODELS, rules=[{"endpoint": "GET /v1/batches/*", "play": 503}])
    at_look(monkeypatch, lambda number: signal.raise_signal(signal.SIGINT) if number == 3 else None)
    assert "interrupted" in last(run(server.url, code=130))
