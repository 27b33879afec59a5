"""Chosen answers through the Batch API: submitted, waited for, collected now or later."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from openai import AsyncOpenAI

from tests.synth.asking.batches import MODELS, PROMPTS, Outputs, Run, Start, all_answered_once, book, last, submitted
from tests.synth.place import Place, question
from tests.synth.played.asking import ask
from tests.synth.played.options import PLAIN_OPENAI


async def size_of(number: int, client: AsyncOpenAI) -> int:
    """The bytes of the file that the batch of that number came in."""
    batch = await client.batches.retrieve(f"batch_{number:024x}")
    return (await client.files.retrieve(batch.input_file_id)).bytes


@pytest.mark.parametrize("options", [{}, PLAIN_OPENAI, {"batch_shuffled": True, "batch_polls": 5}])
def test_the_files_are_those_of_a_run_without_batches(
    options: dict[str, Any], run: Run, place: Place, played: Start, alone: Callable[..., Outputs]
) -> None:
    server = played(**{**MODELS, **options})
    said = run(server.url)
    assert place.outputs() == alone()
    assert len(place.rows("pairs")) == PROMPTS
    assert all_answered_once(server)
    assert submitted(server) == 1
    assert f"submitted, {PROMPTS} requests" in said.err
    assert f"is completed, {PROMPTS} of {PROMPTS} done" in said.err
    assert book(place) == []


def test_a_second_run_asks_nothing(run: Run, place: Place, played: Start) -> None:
    server = played(**MODELS)
    run(server.url)
    before, asked = place.outputs(), server.counts["per_endpoint"]
    assert "nothing was asked" in run(server.url).out
    assert (place.outputs(), server.counts["per_endpoint"]) == (before, asked)


def test_many_requests_go_in_several_batches(
    run: Run, place: Place, played: Start, alone: Callable[..., Outputs], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synth.asking.submit_batches.MAX_REQUESTS", 5)
    monkeypatch.setattr("synth.asking.collect_batches.KEEP_AT_ONCE", 2)
    server = played(**MODELS, batch_max_lines=5, batch_shuffled=True)
    said = run(server.url)
    assert [line.split(", ")[-1] for line in said.err.splitlines() if "submitted" in line] == [
        "5 requests",
        "5 requests",
        "2 requests",
    ]
    assert all_answered_once(server)
    assert place.outputs() == alone()


def test_no_batch_is_larger_than_the_server_takes(
    run: Run, place: Place, played: Start, alone: Callable[..., Outputs], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synth.asking.submit_batches.MAX_BYTES", 1000)
    server = played(**MODELS)
    run(server.url)
    assert place.outputs() == alone()
    assert all_answered_once(server)
    sizes = [ask(server.url, partial(size_of, number)) for number in range(1, submitted(server) + 1)]
    assert len(sizes) > 2
    assert max(sizes) <= 1000


def test_a_request_larger_than_a_batch_goes_by_itself(
    run: Run, place: Place, played: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synth.asking.submit_batches.MAX_BYTES", 10)
    server = played(**MODELS)
    run(server.url)
    assert submitted(server) == PROMPTS
    assert all_answered_once(server)


def test_equal_prompts_are_submitted_once(run: Run, place: Place, played: Start) -> None:
    place.write_rows([{"prompt": question(number % 3), "chosen": "好的。"} for number in range(9)])
    server = played(**MODELS)
    run(server.url)
    assert all_answered_once(server, 3)


def test_what_is_new_is_submitted_and_nothing_else(run: Run, place: Place, played: Start) -> None:
    server = played(**MODELS)
    run(server.url, "--limit", 5)
    figures = run(server.url, "--json").asked
    assert all_answered_once(server)
    assert submitted(server) == 2
    assert (figures["answers"], figures["from_journal"]) == (14, 10)


def test_answers_and_tokens_are_counted(run: Run, place: Place, played: Start) -> None:
    figures = run(played(**MODELS).url, "--json").asked
    assert (figures["answers"], figures["from_journal"], figures["given_up"]) == (24, 0, 0)
    rows = place.rows("candidates")
    assert figures["completion_tokens"] == sum(row["completion_tokens"] for row in rows)
    assert figures["prompt_tokens"] == sum(row["prompt_tokens"] for row in rows)


def test_without_waiting_a_run_leaves_its_batch_and_the_next_one_collects_it(
    run: Run, place: Place, played: Start, alone: Callable[..., Outputs]
) -> None:
    server = played(**MODELS, batch_polls=3)
    said = run(server.url, "--no-wait", code=3)
    assert last(said) == (
        f"synth-prefs: strong at {server.url}: still at work on 1 batch (12 requests). "
        "Run the same command later to collect."
    )
    assert len(place.journal(where="side = 'rejected'")) == PROMPTS
    assert not (place.out / "pairs.parquet").exists()
    assert run(server.url, "--no-wait", code=3).status == 3
    figures = run(server.url, "--no-wait", "--json").asked
    assert (figures["answers"], figures["from_journal"]) == (12, 12)
    assert submitted(server) == 1
    assert all_answered_once(server)
    assert place.outputs() == alone()
    assert "nothing was asked" in run(server.url, "--no-wait").out


def test_several_batches_are_collected_as_they_end(
    run: Run, place: Place, played: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synth.asking.submit_batches.MAX_REQUESTS", 5)
    server = played(**MODELS, batch_polls=3)
    assert "3 batches (12 requests)" in last(run(server.url, "--no-wait", code=3))
    ask(server.url, lambda client: client.batches.retrieve(f"batch_{2:024x}"))
    assert "2 batches (7 requests)" in last(run(server.url, "--no-wait", code=3))
    assert len(place.journal(where="side = 'chosen'")) == 5
    run(server.url)
    assert all_answered_once(server)
    assert submitted(server) == 3


def test_what_was_left_is_collected_though_more_is_asked_for(run: Run, place: Place, played: Start) -> None:
    server = played(**MODELS)
    run(server.url, "--no-wait", "--limit", 5, code=3)
    run(server.url)
    assert all_answered_once(server)
    assert len(place.rows("pairs")) == PROMPTS


def test_pairs_can_be_made_of_what_is_there_while_a_batch_is_open(run: Run, place: Place, played: Start) -> None:
    server = played(**MODELS, batch_polls=9)
    run(server.url, "--no-wait", "--limit", 5, code=3)
    assert "no prompt has answers on both sides (--collect asks nothing)" in last(run(server.url, "--collect", code=1))
    run(server.url, "--limit", 5)
    run(server.url, "--no-wait", code=3)
    asked = server.counts["per_endpoint"]
    run(server.url, "--collect")
    assert server.counts["per_endpoint"] == asked
    assert len(place.rows("pairs")) == 5


def test_a_refused_side_is_told_before_an_open_batch(run: Run, played: Start) -> None:
    server = played(**MODELS, batch_polls=9, rules=[{"endpoint": "/v1/chat/completions", "play": 401}])
    assert "played at" in last(run(server.url, "--no-wait", code=1))
    assert "HTTP 401" in last(run(server.url, "--no-wait", code=1))
    assert submitted(server) == 1
