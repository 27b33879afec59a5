"""The lines of a file of answers of the Batch API: which are answers, which are not, and why."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any, TypeVar

import pytest

from synth.engines.batch_api import BatchApi, Line, Progress
from synth.engines.failures import RequestError
from synth.engines.server import ServerEngine
from synth.job.completion import Api, Completion, CompletionRequest, Refusal
from synth.job.endpoint import Endpoint
from tests.synth.made import key, user
from tests.synth.place import question
from tests.synth.played_server import PlayedServer

Start = Callable[..., PlayedServer]

Got = TypeVar("Got")

SECRET = "sk-very-secret-0123456789"


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


def read(*lines: object, api: Api = "chat") -> list[Line]:
    """What is read out of a file of these lines, each JSON or bytes."""
    spelled = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]

    async def work(one: BatchApi) -> list[Line]:
        return list(one.lines(BytesIO(b"\n".join(spelled)), api))

    return with_api("http://127.0.0.1:9/v1", work, secret=SECRET)


def failure(url: str, work: Callable[[BatchApi], Awaitable[object]], **more: Any) -> RequestError:
    with pytest.raises(RequestError) as caught:
        with_api(url, work, **more)
    return caught.value


def chat(text: object = "好的。", **more: object) -> dict[str, Any]:
    usage = {"prompt_tokens": 3, "completion_tokens": 5}
    return {"choices": [{"message": {"content": text}, "finish_reason": "stop"}], "usage": usage, **more}


def line(number: int, body: object = None, status: object = 200) -> dict[str, Any]:
    return {"custom_id": key(number).hex(), "response": {"status_code": status, "body": body or chat()}, "error": None}


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

NONE_OF_OURS: list[Any] = [
    b"",
    b"not JSON",
    b'{"custom_id": "00',
    b"\xff\xfe",
    b"null",
    [],
    "text",
    {},
    {"custom_id": None},
    {"custom_id": 7, "response": {}},
    {"custom_id": "a request of somebody else", "response": {}},
]


@pytest.mark.parametrize("strange", NONE_OF_OURS)
def test_a_line_that_is_none_of_ours_is_passed_over(strange: object) -> None:
    assert [which for which, _ in read(strange, line(1), strange, line(2), strange)] == [key(1), key(2)]


def test_a_line_that_comes_twice_is_given_twice_in_order() -> None:
    first, second = chat("一"), chat("二")
    texts = [said.text for _, said in read(line(1, first), line(1, second)) if isinstance(said, Completion)]
    assert texts == ["一", "二"]


UNANSWERED: list[Any] = [
    ({"response": None, "error": {"code": "batch_expired", "message": "Too late."}}, "Too late."),
    ({"response": None, "error": "plain words"}, "plain words"),
    ({"response": None, "error": None}, "its line holds no answer"),
    ({}, "its line holds no answer"),
    ({"response": "text"}, "its line holds no answer"),
    ({"response": [1]}, "its line holds no answer"),
    ({"response": {"status_code": 500, "body": {"error": {"message": "Broken."}}}}, "Broken."),
    ({"response": {"status_code": 429, "body": None}}, "HTTP 429"),
    ({"response": {"status_code": 200, "body": None}}, "no choice in the answer: null"),
    ({"response": {"status_code": 200}}, "no choice in the answer: null"),
    ({"response": {"status_code": 200, "body": "text"}}, 'no choice in the answer: "text"'),
    ({"response": {"status_code": 200, "body": {"choices": []}}}, 'no choice in the answer: {"choices":[]}'),
    ({"response": {"status_code": 200, "body": {"error": {"message": "Inside.", "code": 500}}}}, "HTTP 500: Inside."),
    ({"response": {"status_code": 200, "body": chat(7)}}, "the answer's text is no text"),
    ({"response": {"status_code": [], "body": {}}}, "HTTP []"),
]


@pytest.mark.parametrize(("fields", "words"), UNANSWERED)
def test_a_line_without_an_answer_says_why(fields: dict[str, Any], words: str) -> None:
    [(which, said)] = read({"custom_id": key(1).hex(), **fields})
    assert which == key(1)
    assert isinstance(said, str)
    assert said.startswith(words)


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_line_that_was_refused_is_a_refusal(status: int) -> None:
    body = {"error": {"message": "Too long."}}
    assert read(line(1, body, status)) == [(key(1), Refusal(status, "Too long."))]
    assert read(line(1, {"a": 1}, status)) == [(key(1), Refusal(status, f"HTTP {status}"))]


def test_an_answer_is_read_whole() -> None:
    assert read(line(1, chat("好\u2028的"))) == [(key(1), Completion("好\u2028的", "stop", 3, 5))]
    plain = {"choices": [{"text": "abc", "finish_reason": "length"}]}
    assert read(line(1, plain), api="completions") == [(key(1), Completion("abc", "length", None, None))]


def test_a_key_that_the_server_repeats_is_masked_everywhere(played: Start) -> None:
    error = {"error": {"message": f"wrong key {SECRET}"}}
    for fields in (
        line(1, error, 400),
        line(1, error, 500),
        line(1, error),
        line(1, {"x": SECRET}),
        {"custom_id": key(1).hex(), **error},
    ):
        [(_, said)] = read(fields)
        assert SECRET not in str(said)
        assert "***" in str(said)
    server = played(batches=True, batch_invalid={"code": "x", "message": f"no batches for {SECRET}"}, key=SECRET)

    async def fault(api: BatchApi) -> str:
        return (await ended(api, await api.submit("name", REQUESTS))).fault

    assert with_api(server.url, fault, secret=SECRET) == "no batches for ***"
    for endpoint, call in CALLS.items():
        play = {"status": 200, "body": f"who is {SECRET}?"}
        found = failure(played(batches=True, rules=[{"endpoint": endpoint, "play": play}]).url, call, secret=SECRET)
        assert str(getattr(found, "message", "")).endswith("who is ***?")
