"""Lines of a batch that are refused, expired, strange or missing, and batches that fail."""

import json
from collections.abc import Callable

import pytest

from tests.synth.asking.batches import (
    MODELS,
    PROMPTS,
    Outputs,
    Run,
    Spoil,
    Start,
    all_answered_once,
    book,
    last,
    spoil_files,
    submitted,
    with_response,
)
from tests.synth.place import Place, question
from tests.synth.played.asking import ask


def test_a_line_that_is_refused_is_recorded_and_never_submitted_again(run: Run, place: Place, played: Start) -> None:
    server = played(**MODELS, batch_fail=(question(3), question(7)))
    assert run(server.url, "--json").asked["refused"] == 2
    words = "chosen: HTTP 400: Played failure of this line."
    assert place.lost() == {"3": ("refused", words), "7": ("refused", words)}
    assert run(server.url, "--json").asked["answers"] == 0
    assert (submitted(server), server.counts["batch_lines"]) == (1, 10)
    run(server.url, "--retry-refused")
    assert (submitted(server), server.counts["batch_lines"]) == (2, 10)


def test_a_line_that_expires_is_submitted_three_times_and_once_more_by_the_next_run(
    run: Run, place: Place, played: Start
) -> None:
    server = played(**MODELS, batch_expire=(question(3),))
    said = run(server.url, "--json")
    assert submitted(server) == 3
    assert all_answered_once(server, 11)
    words = "This request could not be executed before the completion window expired."
    assert place.lost() == {"3": ("no_answer", f"chosen: {words}")}
    assert (said.asked["given_up"], said.asked["answers"]) == (1, 23)
    assert "for 1 prompts; the same command asks for them once more" in said.out
    run(server.url)
    assert submitted(server) == 6
    assert all_answered_once(server, 11)


def test_a_line_that_expires_once_is_answered_by_the_next_batch(
    run: Run, place: Place, played: Start, alone: Callable[..., Outputs]
) -> None:
    expire = [question(3), question(4)]
    server = played(**MODELS, batch_expire=expire)
    run(server.url, "--no-wait", code=3)
    ask(server.url, lambda client: client.batches.retrieve(f"batch_{1:024x}"))
    ask(server.url, lambda client: client.batches.retrieve(f"batch_{1:024x}"))
    expire.clear()
    figures = run(server.url, "--json").asked
    assert (figures["answers"], figures["given_up"]) == (12, 0)
    assert submitted(server) == 2
    assert all_answered_once(server)
    assert place.outputs() == alone()


SPOILS: dict[str, Spoil] = {
    "garbage between": lambda lines: [b"\xff\xfe", b"{", *lines[:3], b"", b"null", b"[]", b'"x"', *lines[3:], b"{}"],
    "unknown requests": lambda lines: [lines[0].replace(lines[0][50:60], b"0" * 10), other(lines[0], "f" * 32), *lines],
    "requests of somebody else": lambda lines: [other(lines[0], "my request"), other(lines[0], 5), *lines],
    "lines that come twice": lambda lines: [*lines, *reversed(lines)],
    "no newline at the end": lambda lines: [*lines[:-1], lines[-1].rstrip()],
    "windows": lambda lines: [line.rstrip() + b"\r\n" for line in lines],
}


def other(line: bytes, custom_id: object) -> bytes:
    return json.dumps({**json.loads(line), "custom_id": custom_id}).encode()


@pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS)
def test_strange_lines_among_the_answers_do_no_harm(
    spoil: Spoil,
    run: Run,
    place: Place,
    played: Start,
    alone: Callable[..., Outputs],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = played(**MODELS)
    expected = alone()
    spoil_files(monkeypatch, spoil)
    figures = run(server.url, "--json").asked
    assert (figures["answers"], figures["given_up"]) == (24, 0)
    assert submitted(server) == 1
    assert place.outputs() == expected
    assert len(place.journal(where="side = 'chosen'")) == PROMPTS


MISSING: dict[str, tuple[Spoil, str]] = {
    "gone": (lambda lines: lines[1:], f"batch batch_{3:024x} completed without it"),
    "cut": (lambda lines: [lines[0][:90], *lines[1:]], f"batch batch_{3:024x} completed without it"),
    "no response": (lambda lines: [with_response(lines[0], None), *lines[1:]], "its line holds no answer"),
    "no body": (lambda lines: [with_response(lines[0], {"status_code": 200}), *lines[1:]], "no choice in the answer"),
    "a broken server": (lambda lines: [with_response(lines[0], {"status_code": 500}), *lines[1:]], "HTTP 500"),
}


@pytest.mark.parametrize("name", MISSING)
def test_a_line_without_its_answer_is_submitted_again_until_there_is_no_more_patience(
    name: str, run: Run, place: Place, played: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil, words = MISSING[name]
    server = played(**MODELS)
    spoil_files(monkeypatch, spoil)
    run(server.url)
    [(reason, evidence)] = place.lost().values()
    assert reason == "no_answer"
    assert evidence.startswith(f"chosen: {words}")
    assert submitted(server) == 3
    assert len(place.rows("pairs")) == PROMPTS - 1


def test_a_batch_that_fails_its_validation_ends_the_run_and_the_next_submits_again(
    run: Run, place: Place, played: Start, alone: Callable[..., Outputs]
) -> None:
    error = {"code": "token_limit_exceeded", "message": "Enqueued token limit reached for strong."}
    server = played(**MODELS, batch_invalid=error, batch_invalid_times=1)
    assert last(run(server.url, code=1)) == (
        f"synth-prefs: strong at {server.url}: batch batch_{1:024x} failed: Enqueued token limit reached for strong. "
        "The same command submits the rest again."
    )
    run(server.url)
    assert submitted(server) == 2
    assert all_answered_once(server)
    assert place.outputs() == alone()


def test_of_several_batches_one_may_fail_and_the_others_are_collected(
    run: Run, place: Place, played: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synth.asking.submit_batches.MAX_REQUESTS", 5)
    server = played(**MODELS, batch_polls=1, batch_invalid={"message": "No."}, batch_invalid_times=1)
    assert "failed: No." in last(run(server.url, code=1))
    assert len(place.journal(where="side = 'chosen'")) == 7
    run(server.url)
    assert submitted(server) == 4
    assert all_answered_once(server)


def test_a_batch_that_is_cancelled_ends_the_run_and_its_answers_are_kept(
    run: Run, place: Place, played: Start, alone: Callable[..., Outputs]
) -> None:
    server = played(**MODELS)
    run(server.url, "--no-wait", code=3)
    ask(server.url, lambda client: client.batches.cancel(f"batch_{1:024x}"))
    assert last(run(server.url, code=1)) == (
        f"synth-prefs: strong at {server.url}: batch batch_{1:024x} cancelled. The same command submits the rest again."
    )
    assert len(place.journal(where="side = 'chosen'")) == 6
    run(server.url)
    assert (submitted(server), book(place)) == (2, [])
    assert all_answered_once(server)
    assert place.outputs() == alone()
