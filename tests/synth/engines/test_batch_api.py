"""The Batch API of a server by the real openai client: each call gives what it promises, or says what went wrong."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

import pytest

from synth.engines.batch_api import BatchApi, Line, Progress
from synth.engines.failures import HopelessError, RefusedError, RequestError, RetryError
from synth.engines.server import ServerEngine
from synth.job.completion import Api, Completion, CompletionRequest, Refusal
from synth.job.endpoint import Endpoint
from tests.synth.made import key, user
from tests.synth.place import nowhere, question
from tests.synth.played_server import PlayedServer

Start = Callable[..., PlayedServer]

Got = TypeVar("Got")


def request(number: int, api: Api = "chat") -> CompletionRequest:
    said = {"messages": user(question(number))} if api == "chat" else {"prompt": question(number)}
    return CompletionRequest(key(number), "chosen", api, {"model": "played", "max_tokens": 100, **said})


REQUESTS = [request(number) for number in range(8)]


def with_api(
    url: str, work: Callable[[BatchApi], Awaitable[Got]], *, secret: str | None = None, timeout_s: float = 300
) -> Got:
    """What comes of some work with the Batch API of a server."""

    async def run() -> Got:
        engine = ServerEngine(Endpoint(url, secret), timeout_s=timeout_s, connections=2)
        try:
            return await work(BatchApi(engine))
        finally:
            await engine.close()

    return asyncio.run(run())


async def ended(api: BatchApi, batch_id: str) -> Progress:
    while not (progress := await api.look(batch_id)).ended:
        pass
    return progress


async def answers(api: BatchApi, progress: Progress, interface: Api = "chat") -> list[Line]:
    found: list[Line] = []
    for file_id in progress.files:
        file = BytesIO()
        await api.download(file_id, file)
        found += api.lines(file, interface)
    return found


def answered(url: str, asked: list[CompletionRequest] = REQUESTS) -> tuple[Progress, list[Line]]:
    """The end of a batch of these requests, and its answers as they came."""

    async def work(api: BatchApi) -> tuple[Progress, list[Line]]:
        progress = await ended(api, await api.submit("name", asked))
        return progress, await answers(api, progress, asked[0].api)

    return with_api(url, work)


def failure(url: str, work: Callable[[BatchApi], Awaitable[object]], **more: Any) -> RequestError:
    with pytest.raises(RequestError) as caught:
        with_api(url, work, **more)
    return caught.value


def stored(url: str, file_id: str) -> bytes:
    """What a file of the server holds."""
    file = BytesIO()
    with_api(url, lambda api: api.download(file_id, file))
    return file.getvalue()


def chat(text: object = "好的。", **more: object) -> dict[str, Any]:
    usage = {"prompt_tokens": 3, "completion_tokens": 5}
    return {"choices": [{"message": {"content": text}, "finish_reason": "stop"}], "usage": usage, **more}


@pytest.mark.parametrize("api", ["chat", "completions"])
def test_every_request_of_a_batch_is_answered_as_by_itself(api: Api, played: Start) -> None:
    server = played(batches=True, batch_shuffled=True)
    asked = [request(number, api) for number in range(8)]
    progress, found = answered(server.url, asked)
    assert (progress.status, progress.done, progress.fault, len(progress.files)) == ("completed", 8, "", 1)
    assert [which for which, _ in found] != [each.key for each in asked]

    async def ask_each() -> dict[bytes, Completion]:
        engine = ServerEngine(Endpoint(server.url, None), timeout_s=300, connections=2)
        alone = {each.key: await engine.complete(each) for each in asked}
        await engine.close()
        return alone

    assert dict(found) == asyncio.run(ask_each())


def test_a_batch_goes_through_its_states_and_says_how_far_it_is(played: Start) -> None:
    async def work(api: BatchApi) -> list[Progress]:
        batch_id = await api.submit("name", REQUESTS)
        return [await api.look(batch_id) for _ in range(3)]

    found = with_api(played(batches=True, batch_polls=3).url, work)
    assert [(each.status, each.ended, each.done) for each in found] == [
        ("in_progress", False, 0),
        ("in_progress", False, 0),
        ("completed", True, 8),
    ]
    assert found[0].files == ()


def test_requests_are_sent_as_they_are_and_no_file_of_them_stays(
    played: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    server = played(batches=True)
    open_before = len(os.listdir("/proc/self/fd"))
    answered(server.url)
    assert list(tmp_path.iterdir()) == []
    assert len(os.listdir("/proc/self/fd")) == open_before
    sent = [json.loads(each) for each in stored(server.url, "file-000000000000000000000001").splitlines()]
    assert [each["custom_id"] for each in sent] == [key(number).hex() for number in range(8)]
    assert [each["body"] for each in sent] == [each.body for each in REQUESTS]
    assert {(each["method"], each["url"]) for each in sent} == {("POST", "/v1/chat/completions")}


def test_a_batch_is_found_by_its_name_among_all_others(played: Start) -> None:
    async def work(api: BatchApi) -> tuple[str, str | None, str | None]:
        first = await api.submit("first", REQUESTS)
        for number in range(120):  # more than a page holds
            await api.submit(f"later {number}", REQUESTS[:1])
        return first, await api.find("first"), await api.find("none")

    server = played(batches=True)
    first, found, none = with_api(server.url, work)
    assert (found, none) == (first, None)
    assert server.counts["per_endpoint"]["GET /v1/batches"] == 4


def test_batches_of_other_programs_are_passed_over(played: Start) -> None:
    others: list[Any] = [
        {"id": "a"},
        {"id": "b", "metadata": None},
        7,
        {"id": "c", "metadata": {"build_prefs_batch": 1}},
    ]
    ours = {"id": "batch_9", "metadata": {"build_prefs_batch": "name"}}
    page = {"data": [*others, ours], "has_more": False}
    url = played(batches=True, rules=[{"endpoint": "GET /v1/batches", "play": {"status": 200, "body": page}}]).url
    assert with_api(url, lambda api: api.find("name")) == "batch_9"
    assert with_api(url, lambda api: api.find("other")) is None


def test_a_line_that_failed_says_so_and_one_that_was_not_reached_may_come_later(played: Start) -> None:
    server = played(batches=True, batch_fail=(question(2),), batch_expire=(question(5),))
    progress, found = answered(server.url)
    assert (progress.status, len(progress.files)) == ("expired", 2)
    said = dict(found)
    assert len(said) == 8
    assert said[key(2)] == Refusal(400, "Played failure of this line.")
    assert said[key(5)] == "This request could not be executed before the completion window expired."
    assert sum(isinstance(each, Completion) for each in said.values()) == 6


def test_a_batch_that_fails_its_validation_says_why(played: Start) -> None:
    error = {"code": "x", "message": "Enqueued token limit\x1b[31m reached."}
    progress, found = answered(played(batches=True, batch_invalid=error).url)
    assert (progress.status, progress.fault) == ("failed", "Enqueued token limit\\x1b[31m reached.")
    assert found == []


STRANGE: list[Any] = [
    {"status": "failed", "errors": None},
    {"status": "failed", "errors": {"data": None}},
    {"status": "failed", "errors": {"data": []}},
    {"status": "failed", "errors": []},
    {"status": "failed", "errors": {"data": [{"message": None}]}, "request_counts": {"completed": None}},
    {"status": "failed", "request_counts": 5, "output_file_id": ""},
]


@pytest.mark.parametrize("batch", STRANGE)
def test_a_batch_without_the_usual_fields_is_understood(batch: object, played: Start) -> None:
    url = played(batches=True, rules=[{"endpoint": "GET /v1/batches/*", "play": {"status": 200, "body": batch}}]).url
    assert with_api(url, lambda api: api.look("b")) == Progress("b", "failed", 0, (), "")


async def submit(api: BatchApi) -> object:
    return await api.submit("name", REQUESTS)


async def look(api: BatchApi) -> object:
    return await api.look(await api.submit("name", REQUESTS))


async def download(api: BatchApi) -> object:
    progress = await ended(api, await api.submit("name", REQUESTS))
    return await answers(api, progress)


CALLS: dict[str, Callable[[BatchApi], Awaitable[object]]] = {
    "POST /v1/files": submit,
    "POST /v1/batches": submit,
    "GET /v1/batches": lambda api: api.find("name"),
    "GET /v1/batches/*": look,
    "GET /v1/files/*/content": download,
}

EMPTY: dict[str, Any] = {"status": 200, "body": {}}

LIST: dict[str, Any] = {"status": 200, "body": [1]}

STATUSES: list[tuple[int, type]] = [(500, RetryError), (429, RetryError), (401, HopelessError), (400, RefusedError)]


@pytest.mark.parametrize("play", ["garbage", "bad_utf8", "html", "error_body", "cut", "cut_body", "reset", EMPTY, LIST])
@pytest.mark.parametrize("endpoint", CALLS)
def test_whatever_is_no_answer_is_a_failure_that_may_pass(endpoint: str, play: object, played: Start) -> None:
    server = played(batches=True, rules=[{"endpoint": endpoint, "play": play}])
    found = failure(server.url, CALLS[endpoint])
    assert isinstance(found, RetryError)
    assert found.message.isprintable()


@pytest.mark.parametrize("endpoint", CALLS)
def test_a_server_that_says_nothing_is_a_failure_that_may_pass(endpoint: str, played: Start) -> None:
    server = played(batches=True, rules=[{"endpoint": endpoint, "play": "hang"}])
    found = failure(server.url, CALLS[endpoint], timeout_s=0.5)
    assert isinstance(found, RetryError)
    assert "no answer in time" in found.message


@pytest.mark.parametrize(("status", "kind"), STATUSES)
@pytest.mark.parametrize("endpoint", CALLS)
def test_a_status_means_what_it_means_for_any_request(endpoint: str, status: int, kind: type, played: Start) -> None:
    found = failure(played(batches=True, rules=[{"endpoint": endpoint, "play": status}]).url, CALLS[endpoint])
    assert isinstance(found, kind)
    assert f"Played status {status}." in str(getattr(found, "message", ""))


@pytest.mark.parametrize("endpoint", CALLS)
def test_a_server_that_is_gone_is_a_failure_that_may_pass(endpoint: str) -> None:
    assert isinstance(failure(nowhere(), CALLS[endpoint]), RetryError)


def test_a_server_without_batches_is_hopeless(played: Start) -> None:
    assert isinstance(failure(played().url, submit), HopelessError)


def test_a_file_that_was_cut_is_read_anew_from_its_start(played: Start) -> None:
    async def work(api: BatchApi) -> list[Line]:
        progress, file = await ended(api, await api.submit("name", REQUESTS)), BytesIO()
        with pytest.raises(RetryError):
            await api.download(progress.files[0], file)
        await api.download(progress.files[0], file)
        return list(api.lines(file, "chat"))

    url = played(batches=True, rules=[{"endpoint": "GET /v1/files/*", "first": 1, "play": "cut_body"}]).url
    assert len(with_api(url, work)) == 8


def test_an_empty_file_holds_no_answers(played: Start) -> None:
    rule = {"endpoint": "GET /v1/files/*", "play": {"status": 200, "body": ""}}
    assert answered(played(batches=True, rules=[rule]).url)[1] == []
