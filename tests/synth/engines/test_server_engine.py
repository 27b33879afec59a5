"""One request to a server by the real openai client: its answer, or what went wrong and what to do about it."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from errno import EMFILE
from typing import Any

import aiohttp
import httpx2
import openai
import pytest
from aiohttp.client_reqrep import ConnectionKey

from synth.engines.failures import HopelessError, RefusedError, RequestError, RetryError
from synth.engines.server import ServerEngine
from synth.job.completion import Api, Completion, CompletionRequest
from synth.job.endpoint import Endpoint
from tests.synth.place import nowhere
from tests.synth.played_server import PlayedServer

Start = Callable[..., PlayedServer]
CHAT = {"messages": [{"role": "user", "content": "你好"}]}
PLAIN = {"prompt": "你好"}


def complete(url: str, api: Api = "chat", *, timeout_s: float = 300, key: str | None = None, **body: Any) -> Completion:
    """The answer to one request."""
    asked = {"model": "played", "max_tokens": 100, **(CHAT if api == "chat" else PLAIN), **body}

    async def run() -> Completion:
        engine = ServerEngine(Endpoint(url, key), timeout_s=timeout_s, connections=2)
        try:
            return await engine.complete(CompletionRequest(b"key", "rejected", api, asked))
        finally:
            await engine.close()

    return asyncio.run(run())


def failure(url: str, api: Api = "chat", **more: Any) -> RequestError:
    with pytest.raises(RequestError) as caught:
        complete(url, api, **more)
    return caught.value


@pytest.mark.parametrize("api", ["chat", "completions"])
def test_an_answer_has_its_text_its_end_and_its_tokens(api: Api, played: Start) -> None:
    server = played()
    answer = complete(server.url, api)
    assert answer.text.endswith("。")
    assert answer.finish_reason == "stop"
    assert answer.prompt_tokens == (5 if api == "chat" else 2)
    assert answer.completion_tokens is not None
    assert answer.completion_tokens > 3
    assert server.counts["served"] == 1


@pytest.mark.parametrize("api", ["chat", "completions"])
def test_an_answer_cut_by_length_says_so(api: Api, played: Start) -> None:
    answer = complete(played().url, api, max_tokens=2)
    assert (answer.finish_reason, answer.completion_tokens) == ("length", 2)


@pytest.mark.parametrize("api", ["chat", "completions"])
def test_no_text_is_an_empty_answer_and_no_usage_is_unknown(api: Api, played: Start) -> None:
    url = played(rules=[{"first": 1, "play": "null_text"}, {"play": "no_usage"}]).url
    assert complete(url, api).text == ""
    uncounted = complete(url, api)
    assert (uncounted.prompt_tokens, uncounted.completion_tokens) == (None, None)
    assert uncounted.text


REFUSED = (400, 413, 422)
HOPELESS = (401, 402, 403, 404, 405, 410)
OWN = (408, 409, 500, 501, 520)
AWAY = (502, 503, 504)


@pytest.mark.parametrize("status", [*REFUSED, *HOPELESS, *OWN, *AWAY, 429])
@pytest.mark.parametrize("api", ["chat", "completions"])
def test_each_status_means_what_to_do_and_is_tried_once(status: int, api: Api, played: Start) -> None:
    server = played(rules=[{"play": {"status": status, "retry_after": "0.25"}}])
    found = failure(server.url, api)
    match found:
        case RefusedError(code, message):
            assert status in REFUSED
            assert (code, message) == (status, f"Played status {status}.")
        case HopelessError(message):
            assert status in HOPELESS
            assert message == f"HTTP {status}: Played status {status}."
        case RetryError(message):
            assert status in (*OWN, *AWAY, 429)
            told = {"own": status in OWN, "busy": status == 429, "maybe_paid": False, "retry_after_s": 0.25}
            told["slow"] = status in (*AWAY, 429)
            assert asdict(found) == {"message": f"HTTP {status}: Played status {status}.", **told}
    assert server.counts["started"] == 1


def test_no_credit_left_is_hopeless_though_its_status_is_that_of_haste(played: Start) -> None:
    error = {"message": "You exceeded your current quota.", "type": "insufficient_quota", "code": "insufficient_quota"}
    found = failure(played(rules=[{"play": {"status": 429, "body": {"error": error}}}]).url)
    assert isinstance(found, HopelessError)
    assert found.message == "HTTP 429: You exceeded your current quota."
    assert "credit" in found.hint


BODIES: list[Any] = [
    pytest.param({"detail": "Not this."}, "Not this.", id="as FastAPI says it"),
    pytest.param({"error": "plain words"}, "plain words", id="an error that is a text"),
    pytest.param({"message": "of vLLM 0.4"}, "of vLLM 0.4", id="without error"),
    pytest.param({"detail": [{"loc": ["body"], "msg": "field required"}]}, "field required", id="a list of details"),
    pytest.param("<html><head><title>502 Bad\nGateway</title></head></html>", "a page of HTML: 502 Bad", id="html"),
    pytest.param("upstream\x1b[31m\nfailed", "upstream\\x1b[31m\\nfailed", id="escapes"),
    pytest.param("", "HTTP 500", id="nothing"),
    pytest.param("w" * 5000, "w" * 300, id="very long"),
    pytest.param([1, 2], "HTTP 500", id="a list"),
    pytest.param({"error": {"message": None}}, "HTTP 500", id="no message"),
    pytest.param({"error": {"message": {"deep": 1}}}, "deep", id="a message that is no text"),
    pytest.param({"error": None}, "HTTP 500", id="null"),
]


@pytest.mark.parametrize(("body", "shown"), BODIES)
def test_an_error_is_shown_in_one_line_whatever_its_shape(body: object, shown: str, played: Start) -> None:
    found = failure(played(rules=[{"play": {"status": 500, "body": body}}]).url)
    assert isinstance(found, RetryError)
    assert shown in found.message
    assert found.message.isprintable()
    assert len(found.message) < 330


FAULTS: list[Any] = [
    ("cut", True, True, "disconnected"),
    ("reset", True, True, ""),
    ("hang", True, True, "no answer in time"),
    ("cut_body", True, True, "not completed"),
    ("garbage", True, True, "not JSON"),
    ("bad_utf8", True, True, "not JSON"),
    ("html", True, True, "not JSON: a page of HTML"),
    ("empty_choices", True, True, "no choice in the answer"),
    ("error_body", True, False, "Played error in a 200."),
]


@pytest.mark.parametrize(("play", "own", "maybe_paid", "words"), FAULTS)
@pytest.mark.parametrize("api", ["chat", "completions"])
def test_each_fault_is_tried_again_and_known_for_what_it_may_have_cost(
    play: str, own: bool, maybe_paid: bool, words: str, api: Api, played: Start
) -> None:
    server = played(rules=[{"play": play}])
    found = failure(server.url, api, timeout_s=1.0 if play == "hang" else 300)
    assert isinstance(found, RetryError)
    assert (found.own, found.maybe_paid, found.busy, found.slow) == (own, maybe_paid, False, play == "hang")
    assert words in found.message
    assert server.counts["started"] == 1


@pytest.mark.parametrize("play", ["cut", "reset", "cut_body", "hang"])
@pytest.mark.parametrize("models", [503, "cut"])
def test_a_lost_answer_is_not_the_request_s_own_fault_where_the_server_is_lost(
    play: str, models: object, played: Start
) -> None:
    server = played(rules=[{"play": play}, {"endpoint": "/v1/models", "play": models}])
    found = failure(server.url, timeout_s=1.0 if play == "hang" else 300)
    assert isinstance(found, RetryError)
    assert (found.own, found.maybe_paid) == (False, True)


@pytest.mark.parametrize("models", [200, 401, 404, "garbage"])
def test_a_lost_answer_is_the_request_s_own_fault_where_the_server_is_there(models: object, played: Start) -> None:
    found = failure(played(rules=[{"play": "cut"}, {"endpoint": "/v1/models", "play": models}]).url)
    assert isinstance(found, RetryError)
    assert found.own


def test_too_many_connections_of_our_own_are_no_fault_of_the_request() -> None:
    error = openai.APIConnectionError(request=httpx2.Request("POST", "http://h/v1"))
    connection = ConnectionKey("h", 80, False, True, None, None, None)
    error.__cause__ = aiohttp.ClientConnectorError(connection, OSError(EMFILE, "Too many open files"))
    found = ServerEngine(Endpoint("http://h/v1", None), timeout_s=1, connections=1).failure(error)
    assert isinstance(found, RetryError)
    assert (found.busy, found.own, found.maybe_paid) == (True, False, False)


SHAPES: list[Any] = [5, [], {}, {"choices": 5}, {"choices": [5]}, {"choices": [{"text": 5, "message": {"content": 5}}]}]


@pytest.mark.parametrize("body", SHAPES)
@pytest.mark.parametrize("api", ["chat", "completions"])
def test_json_that_is_no_completion_is_tried_again(body: object, api: Api, played: Start) -> None:
    found = failure(played(rules=[{"play": {"status": 200, "body": body}}]).url, api)
    assert isinstance(found, RetryError)
    assert found.own


@pytest.mark.parametrize(
    ("status", "kind"), [(400, RefusedError), (404, HopelessError), (429, RetryError), ("x", RetryError)]
)
def test_an_error_in_a_200_means_what_its_code_says(status: object, kind: type, played: Start) -> None:
    body = {"error": {"message": "Inside.", "code": status}}
    found = failure(played(rules=[{"play": {"status": 200, "body": body}}]).url)
    assert isinstance(found, kind)
    assert "Inside." in str(getattr(found, "message", ""))


def test_no_server_is_tried_again_and_cost_nothing() -> None:
    found = failure(nowhere())
    assert isinstance(found, RetryError)
    assert (found.own, found.maybe_paid) == (False, False)
    assert "annot connect" in found.message


def test_a_server_that_takes_no_connection_cost_nothing() -> None:
    with socket.socket() as full, ExitStack() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):
            waiting.enter_context(one := socket.socket()).setblocking(False)
            one.connect_ex(full.getsockname())
        found = failure(f"http://127.0.0.1:{full.getsockname()[1]}/v1", timeout_s=0.3)
    assert isinstance(found, RetryError)
    assert "no answer in time" in found.message
    assert (found.own, found.maybe_paid, found.slow) == (False, False, False)
