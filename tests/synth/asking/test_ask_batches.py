"""Chosen answers through the Batch API: each is paid for once, whatever happens between the submission and its end."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from errno import ENOSPC
from functools import partial
from pathlib import Path
from typing import IO, Any

import pytest
from openai import AsyncOpenAI

from synth.engines.batch_api import BatchApi, Progress
from synth.job.pace import Pace
from synth.journal.batch_book import Batch
from synth.journal.journal import Journal
from synth.synth_prefs import main
from tests.synth.place import JOURNAL, LIMIT_S, OUTPUTS, ROOT, Place, Said, question
from tests.synth.played.asking import ask
from tests.synth.played.options import PLAIN_OPENAI
from tests.synth.played_server import PlayedServer

Start = Callable[..., PlayedServer]
Run = Callable[..., Said]
Outputs = dict[str, bytes]
PROMPTS = 12
SECRET = "sk-very-secret-0123456789"
MODELS = {"models": ("played", "strong"), "batches": True}


@pytest.fixture
def run(place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process, chosen by batches unless told otherwise: what it said."""
    monkeypatch.setattr("synth.job.pace.Pace", partial(Pace, first_wait_s=0.01, max_wait_s=0.02, poll_s=0.01))
    monkeypatch.setattr("synth.engines.preflight.FIRST_CONTACT_S", 0.2)
    monkeypatch.setattr("synth.engines.preflight.FIRST_WAIT_S", 0.02)

    def go(url: str, *more: object, code: int = 0, at: Place = place, how: str = "--batch") -> Said:
        capsys.readouterr()
        status = main(flags(at, url, how, *more))
        printed = capsys.readouterr()
        assert status == code, printed.err
        assert all(line.startswith("synth-prefs: ") for line in printed.err.splitlines()), printed.err
        assert printed.out == "" or not code
        return Said(status, printed.out, printed.err)

    return go


@pytest.fixture
def alone(run: Run, place: Place, played: Start) -> Callable[..., Outputs]:
    """The files of the same run without batches."""

    def outputs(*more: object) -> Outputs:
        at = place.other("alone")
        run(played(**MODELS).url, *more, at=at, how="--json")
        return at.outputs()

    return outputs


def flags(at: Place, url: str, *more: object) -> list[str]:
    return at.flags(url, "--chosen-model", "strong", "--chosen-url", url, *more)


def last(said: Said) -> str:
    """The last line on stderr, which says why a run ended."""
    return said.err.splitlines()[-1]


async def size_of(number: int, client: AsyncOpenAI) -> int:
    """The bytes of the file that the batch of that number came in."""
    batch = await client.batches.retrieve(f"batch_{number:024x}")
    return (await client.files.retrieve(batch.input_file_id)).bytes


def submitted(server: PlayedServer) -> int:
    """How many batches the server was given."""
    return int(server.counts["per_endpoint"].get("POST /v1/batches", 0))


def book(place: Place) -> list[Batch]:
    """The open batches of the journal."""
    journal = Journal(place.out / JOURNAL)
    try:
        return journal.batches.open_batches()
    finally:
        journal.close()


def all_answered_once(server: PlayedServer, lines: int = PROMPTS) -> bool:
    counts = server.counts
    return (counts["batch_lines"], counts["repeated"]) == (lines, 0)


# Submit, wait, collect


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


# Leave, and come back later


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


# Killed


ENTRY = """
import os, signal, sys
from functools import partial
import synth.synth_prefs, synth.asking.collect_batches
from openai.resources.batches import AsyncBatches
from synth.asking.collect_batches import BatchCollector
from synth.journal.batch_book import BatchBook
from synth.engines.batch_api import BatchApi

synth.job.pace.Pace = partial(synth.job.pace.Pace, first_wait_s=0.01, poll_s=0.01)
synth.asking.collect_batches.KEEP_AT_ONCE = 5

def kill(at, name, *, after=0, when=lambda *given: True):
    real, calls = getattr(at, name), []
    def die(*given, **named):
        if when(*given):
            calls.append(name)
        if len(calls) > after:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*given, **named)
    setattr(at, name, die)

moments = {
    "before the intention is noted": (BatchBook, "intend"),
    "before anything is sent": (BatchApi, "submit"),
    "after the file, before the batch": (AsyncBatches, "create"),
    "before the batch is noted": (BatchBook, "note", lambda book, batch, state, *more: state == "submitted"),
    "while it waits": (BatchApi, "look"),
    "before the answers are read": (BatchApi, "download"),
    "half way through the answers": (BatchCollector, "_record"),
    "before the end is noted": (BatchBook, "note", lambda book, batch, state, *more: state == "collected"),
}
at, name, *when = moments[sys.argv[1]]
kill(at, name, after=name in ("look", "_record"), **{"when": each for each in when})
sys.exit(synth.synth_prefs.main(sys.argv[2:]))
"""

MOMENTS = [line.split('"')[1] for line in ENTRY.splitlines() if line.startswith('    "')]


def killed(moment: str, told: list[str]) -> int:
    """The exit status of a process of its own that kills itself at that moment."""
    done = subprocess.run(
        [sys.executable, "-c", ENTRY, moment, *told],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_that_is_killed_pays_for_no_answer_twice(
    moment: str, run: Run, place: Place, played: Start, alone: Callable[..., Outputs]
) -> None:
    server = played(**MODELS, batch_polls=3, batch_shuffled=True)
    assert killed(moment, flags(place, server.url, "--batch")) == -signal.SIGKILL
    assert not (place.out / "pairs.parquet").exists()
    run(server.url)
    assert server.counts["batch_lines"] == PROMPTS
    assert submitted(server) == 1
    assert place.outputs() == alone()
    assert len(place.journal(where="side = 'chosen'")) == PROMPTS


def test_a_run_may_be_killed_again_and_again(
    run: Run, place: Place, played: Start, alone: Callable[..., Outputs]
) -> None:
    server = played(**MODELS, batch_polls=6)
    for moment in ("before the batch is noted", "half way through the answers"):
        assert killed(moment, flags(place, server.url, "--batch")) == -signal.SIGKILL
    assert len(place.journal(where="side = 'chosen'")) == 5
    run(server.url)
    assert server.counts["batch_lines"] == PROMPTS
    assert place.outputs() == alone()


# Interrupted


def at_look(monkeypatch: pytest.MonkeyPatch, act: Callable[[int], None]) -> None:
    """Do something before each look at a batch, which are counted from 1."""
    real, looks = BatchApi.look, []

    async def look(api: BatchApi, batch_id: str) -> Progress:
        looks.append(batch_id)
        act(len(looks))
        return await real(api, batch_id)

    monkeypatch.setattr(BatchApi, "look", look)


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


# Lines without an answer


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


Spoil = Callable[[list[bytes]], list[bytes]]
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


def with_response(line: bytes, response: object) -> bytes:
    return json.dumps({**json.loads(line), "response": response}).encode()


def spoil_files(monkeypatch: pytest.MonkeyPatch, spoil: Spoil, *, times: int = 1_000) -> None:
    """Change the lines of the files that come down, the first so many times."""
    real, files = BatchApi.download, []

    async def download(api: BatchApi, file_id: str, file: IO[bytes]) -> None:
        await real(api, file_id, file)
        files.append(file_id)
        if len(files) <= times:
            lines = spoil(file.readlines())
            file.seek(0)
            file.truncate()
            file.writelines(line if line.endswith(b"\n") or line is lines[-1] else line + b"\n" for line in lines)
            file.seek(0)

    monkeypatch.setattr(BatchApi, "download", download)


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


# Batches that come to nothing


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


# A server that is away, busy or broken


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


# Money


def priced(place: Place, **dollars: float) -> list[object]:
    """Flags for so many dollars at most for an answer of a model, which is cut at 100 tokens; what is asked costs
    nothing, and in batches all costs a half."""
    sampling = "{temperature: 1.0, max_tokens: 100}"
    recipe = place.recipe("max_tokens: 100", f"chosen: {{api: chat, sampling: {sampling}}}\n")
    prices = (f"  {name}: {{input: 0, output: {price * 10_000}, batch: 0.5}}\n" for name, price in dollars.items())
    return [
        "--recipe",
        recipe,
        "--prices",
        place.write_file("prices.yaml", f"as_of: today\nmodels:\n{''.join(prices)}"),
    ]


def spent(place: Place, **dollars: float) -> float:
    """Dollars for all that the journal holds."""
    rows = place.journal("model, completion_tokens", where="status IS NULL")
    return sum((tokens * dollars.get(model, 0.0) / 100 for model, tokens in rows), 0.0)


def test_a_limit_is_never_exceeded_and_more_money_goes_on(
    run: Run, place: Place, played: Start, alone: Callable[..., Outputs]
) -> None:
    own = priced(place, strong=2.0)
    server = played(**MODELS, batch_shuffled=True)
    said = run(server.url, *own, "--max-spend", 3.5, "--json")
    assert 2.5 < said.asked["dollars"] <= 3.5  # else there was money for one more
    assert spent(place, strong=1.0) == pytest.approx(said.asked["dollars"], abs=1e-3)
    done = server.counts["batch_lines"]
    assert submitted(server) > 1  # money that came back was spent on
    assert 3 < done < PROMPTS
    lost = place.lost()
    assert list(lost) == [str(number) for number in range(done, PROMPTS)]
    assert set(lost.values()) == {("not_asked", "chosen: --max-spend 3.50 would be exceeded")}
    assert f"stopped at ${said.asked['dollars']:,.2f}" in said.out
    rest = run(server.url, *own, "--max-spend", 100, "--json")
    assert all_answered_once(server)
    assert rest.asked["dollars"] == pytest.approx(spent(place, strong=1.0), abs=1e-3)
    assert "stopped" not in rest.out
    assert place.outputs() == alone(*own)


def test_where_every_answer_costs_the_most_the_limit_is_met_exactly(run: Run, place: Place, played: Start) -> None:
    own = priced(place, strong=200.0)
    own[1] = place.recipe("max_tokens: 100", "chosen: {api: chat, sampling: {temperature: 1.0, max_tokens: 1}}\n")
    server = played(**MODELS)
    assert run(server.url, *own, "--max-spend", 7, "--json").asked["dollars"] == 7.0
    assert (server.counts["batch_lines"], submitted(server)) == (7, 1)
    assert run(server.url, *own, "--max-spend", 7.9, "--json").asked["dollars"] == 7.0
    assert submitted(server) == 1
    assert run(server.url, *own, "--max-spend", 12, "--json").asked["dollars"] == 12.0
    assert all_answered_once(server)


def test_money_that_comes_back_is_spent_however_often(
    run: Run, place: Place, played: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synth.asking.ask_batches.MAX_ROUNDS", 1)
    own = priced(place, strong=2.0)
    server = played(**MODELS)
    said = run(server.url, *own, "--max-spend", 6.9, "--json")
    assert submitted(server) > 2
    assert said.asked["dollars"] <= 6.9
    assert all_answered_once(server)
    assert "stopped" not in said.out
    assert place.lost() == {}


def test_no_money_for_one_request_submits_nothing(run: Run, place: Place, played: Start) -> None:
    server = played(**MODELS)
    own = priced(place, strong=2.0)
    assert "would be exceeded" in last(run(server.url, *own, "--max-spend", 0.5, code=1))
    assert submitted(server) == 0


def test_a_limit_counts_what_a_killed_run_has_collected_once(run: Run, place: Place, played: Start) -> None:
    own = priced(place, strong=2.0)
    server = played(**MODELS)
    told = flags(place, server.url, "--batch", *own, "--max-spend", 100)
    assert killed("half way through the answers", told) == -signal.SIGKILL
    figures = run(server.url, *own, "--max-spend", 100, "--json").asked
    assert figures["dollars"] == pytest.approx(spent(place, strong=1.0), abs=1e-3)
    assert len(place.journal(where="side = 'chosen'")) == PROMPTS


def test_the_money_of_an_open_batch_is_not_spent_on_the_other_side(run: Run, place: Place, played: Start) -> None:
    own = [*priced(place, strong=2.0, played=1.0), "--max-spend", 12.5]
    server = played(**MODELS, batch_polls=3)
    said = run(server.url, *own, "--no-wait", code=3)  # 12 dollars are set aside for the batch
    assert "still at work" in last(said)
    assert len(place.journal(where="side = 'rejected'")) == 0
    run(server.url, *own, "--no-wait", code=3)
    assert len(place.journal(where="side = 'rejected'")) == 0
    figures = run(server.url, *own, "--json").asked
    assert submitted(server) == 1
    assert figures["dollars"] == pytest.approx(spent(place, strong=1.0, played=1.0), abs=1e-3)
    assert figures["dollars"] <= 12.5
    assert place.lost() == {}


def test_an_interruption_ends_the_wait_for_money_too(
    run: Run, place: Place, played: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = [*priced(place, strong=2.0, played=1.0), "--max-spend", 12.5]
    server = played(**MODELS, batch_polls=9)
    at_look(monkeypatch, lambda number: signal.raise_signal(signal.SIGINT) if number == 3 else None)
    run(server.url, *own, code=130)
    run(server.url, *own)
    assert submitted(server) == 1
    assert place.lost() == {}


# What is left behind


def test_a_batch_whose_answers_are_all_there_is_asked_for_no_more(run: Run, place: Place, played: Start) -> None:
    server = played(**MODELS)
    told = flags(place, server.url, "--batch", "--limit", 5)
    assert killed("before the end is noted", told) == -signal.SIGKILL
    run(server.url, "--limit", 5)
    assert len(book(place)) == 1
    looks = server.counts["per_endpoint"]["GET /v1/batches/{id}"]
    run(server.url)
    assert book(place) == []
    assert server.counts["per_endpoint"]["GET /v1/batches/{id}"] == looks + 2
    assert all_answered_once(server)


def test_the_key_is_in_no_file_and_in_no_word(
    run: Run, place: Place, played: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REJECTED_API_KEY", SECRET)
    monkeypatch.setenv("CHOSEN_API_KEY", SECRET)
    error = {"code": "x", "message": f"no credit for {SECRET}"}
    server = played(**MODELS, key=SECRET, watch_for=(SECRET,), batch_invalid=error, batch_invalid_times=1)
    failed = run(server.url, code=1)
    assert "no credit for ***" in last(failed)
    spoil_files(monkeypatch, lambda lines: [with_body(lines[0], 400), with_body(lines[1], 500), *lines[2:]], times=1)
    said = run(server.url)
    assert set(server.counts["watched"][SECRET]) == {"header authorization"}
    for text in (failed.err, said.out, said.err):
        assert SECRET not in text
    files = [path for path in place.folder.rglob("*") if path.is_file()]
    assert any(path.name == JOURNAL for path in files)
    for path in files:
        assert SECRET.encode() not in path.read_bytes(), path
    assert any("who is ***?" in evidence for _, evidence in place.lost().values())


def with_body(line: bytes, status: int) -> bytes:
    return with_response(line, {"status_code": status, "body": {"error": {"message": f"who is {SECRET}?"}}})


def test_the_folder_holds_the_files_and_nothing_else(
    run: Run, place: Place, played: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    server = played(**MODELS, batch_invalid={"message": "No."}, batch_invalid_times=1)
    run(server.url, code=1)
    run(server.url)
    assert list((tmp_path / "temporary").iterdir()) == []
    names = {path.name for path in place.out.iterdir()}
    assert names == {JOURNAL, ".build-prefs.lock", *OUTPUTS}


def test_no_room_for_the_requests_is_one_line(run: Run, played: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> IO[bytes]:
        raise OSError(ENOSPC, "No space left on device")

    server = played(**MODELS)
    with monkeypatch.context() as changed:
        changed.setattr("synth.engines.batch_api.TemporaryFile", full)
        said = last(run(server.url, code=1))
    assert said.endswith(
        "no temporary file can be written (No space left on device). Free some space, or name another folder in TMPDIR."
    )
    run(server.url)
    assert all_answered_once(server)
