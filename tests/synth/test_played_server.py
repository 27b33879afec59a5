"""The played server, as the real openai client sees it; its batches are in test_played_batches.py."""

import asyncio
import json
import socket
import urllib.request
from collections.abc import Callable
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI

from tests.synth.played.asking import ask, chat, completion, text
from tests.synth.played.options import PLAIN_OPENAI
from tests.synth.played_server import PlayedServer, played_process, played_server

Start = Callable[..., PlayedServer]


def get(server: PlayedServer, path: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(server.url.removesuffix("/v1") + path, data=data, timeout=300) as answer:
        return json.load(answer)


def test_the_models_are_told_with_their_owner_and_length(played: Start) -> None:
    server = played(models=("strong", "weak"), max_model_len=77)
    models = ask(server.url, lambda client: client.models.list()).data
    cards = [(one.id, one.owned_by, one.max_model_len) for one in models]
    assert cards == [("strong", "vllm", 77), ("weak", "vllm", 77)]


def test_it_describes_itself_as_vllm_does(played: Start) -> None:
    server = played()
    assert get(server, "/version") == {"version": "0.32.0"}
    schemas = get(server, "/openapi.json")["components"]["schemas"]
    assert {"prompt", "min_p", "ignore_eos"} <= set(schemas["CompletionRequest"]["properties"])
    assert "messages" in schemas["ChatCompletionRequest"]["properties"]
    assert get(server, "/tokenize", {"model": "played", "prompt": "你好 world"})["count"] == 3
    assert get(server, "/tokenize", {"messages": [{"role": "user", "content": "你好"}]})["count"] == 5


def test_a_plain_openai_server_has_none_of_that(played: Start) -> None:
    server = played(**PLAIN_OPENAI)
    for path, body in (("/version", None), ("/openapi.json", None), ("/tokenize", {"prompt": "a"})):
        with pytest.raises(urllib.error.HTTPError) as caught:
            get(server, path, body)
        assert (caught.value.code, json.load(caught.value)) == (404, {"detail": "Not Found"})
        caught.value.close()


def test_an_answer_depends_on_what_is_asked_and_on_nothing_else(played: Start) -> None:
    one, other = played(models=("played", "weak")), played(models=("played", "weak"))
    first = ask(one.url, completion(seed=1, max_tokens=200))
    again = ask(other.url, completion(seed=1, max_tokens=200))
    assert text(first) == text(again)
    assert text(first).endswith("。")
    assert first.choices[0].finish_reason == "stop"
    others = [completion(seed=2, max_tokens=200), completion("再见", seed=1, max_tokens=200)]
    others += [completion(model="weak", seed=1, max_tokens=200), completion(seed=1, temperature=0, max_tokens=200)]
    assert len({text(first), *(text(ask(one.url, work)) for work in others)}) == 5
    greedy = [text(ask(one.url, completion(seed=seed, temperature=0, max_tokens=200))) for seed in (1, 2)]
    assert greedy[0] == greedy[1]


def test_english_is_answered_in_english(played: Start) -> None:
    said = ask(played().url, chat("Hello there")).choices[0].message.content
    assert said.isascii()
    assert said.endswith(".")


def test_a_list_of_prompts_is_answered_n_times_each(played: Start) -> None:
    server = played()
    answer = ask(server.url, completion(["一", "二"], n=2, max_tokens=3))
    assert [choice.index for choice in answer.choices] == [0, 1, 2, 3]
    assert {choice.finish_reason for choice in answer.choices} == {"length"}
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (2, 12)
    assert (server.counts["served"], server.counts["prompts"]) == (1, 2)


def test_an_answer_ends_at_max_tokens_or_at_a_stop_string(played: Start) -> None:
    server = played(rules=[{"match": "问", "play": {"text": "答案。\n\n问题：下一个"}}], max_model_len=20)
    stopped = ask(server.url, completion("问", stop=["问题", "\n\n"])).choices[0]
    assert (stopped.text, stopped.finish_reason, stopped.stop_reason) == ("答案。", "stop", "\n\n")
    assert ask(server.url, completion("问", max_tokens=2)).choices[0].finish_reason == "length"
    assert ask(server.url, completion("你" * 15, max_tokens=9)).usage.completion_tokens == 5
    with pytest.raises(openai.BadRequestError, match="maximum context length is 20 tokens"):
        ask(server.url, completion("你" * 21))


def test_it_refuses_as_vllm_does(played: Start) -> None:
    server = played(key="right", chat_template=False)
    with pytest.raises(openai.NotFoundError, match="does not exist"):
        ask(server.url, completion(model="other"), key="right")
    with pytest.raises(openai.BadRequestError, match="default chat template is no longer allowed"):
        ask(server.url, chat("你好"), key="right")
    with pytest.raises(openai.AuthenticationError, match="Incorrect API key"):
        ask(server.url, completion(), key="wrong")
    assert server.counts["per_status"] == {"404": 1, "400": 1, "401": 1}


@pytest.mark.parametrize(
    ("play", "error"),
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (403, openai.PermissionDeniedError),
        (404, openai.NotFoundError),
        (409, openai.ConflictError),
        (422, openai.UnprocessableEntityError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
        (503, openai.InternalServerError),
        ({"status": 413, "body": "too large"}, openai.APIStatusError),
        ("cut", openai.APIConnectionError),
        ("cut_body", openai.APIConnectionError),
        ("reset", openai.APIConnectionError),
        ("refuse_all", openai.APIConnectionError),
        ("garbage", json.JSONDecodeError),
        ("bad_utf8", UnicodeDecodeError),
    ],
)
def test_a_fault_is_what_the_client_sees_once_and_then_the_answer(
    played: Start, play: object, error: type[Exception]
) -> None:
    server = played(rules=[{"times": 1, "play": play}])
    with pytest.raises(error):
        ask(server.url, completion())
    assert server.counts["served"] == 0
    if play == "refuse_all":
        with pytest.raises(openai.APIConnectionError):
            ask(server.url, completion())
        server.start_listening()
    assert text(ask(server.url, completion()))
    assert (server.counts["served"], server.counts["started"]) == (1, 2)
    assert sum(server.counts["played"].values()) == 1


def test_a_malformed_request_is_refused(played: Start) -> None:
    server = played(rules=[{"match": "never", "play": "cut"}])
    for body in ({"max_tokens": "many"}, {"prompt": 7}, {"messages": ["a"]}):
        with pytest.raises(openai.BadRequestError):
            ask(server.url, completion(extra_body=body))


def test_a_server_that_hangs_is_left_by_the_client(played: Start) -> None:
    server = played(rules=[{"play": "hang"}])
    with pytest.raises(openai.APITimeoutError):
        ask(server.url, completion(), timeout_s=0.05)
    assert server.counts["served"] == 0


def test_spoiled_answers_come_with_status_200(played: Start) -> None:
    rules = [{"match": name, "play": name} for name in ("html", "error_body", "empty_choices", "null_text", "no_usage")]
    server = played(rules=rules)
    assert "<h1>" in ask(server.url, completion("html"))
    assert ask(server.url, completion("error_body")).error["code"] == 500
    assert ask(server.url, completion("empty_choices")).choices == []
    assert ask(server.url, completion("null_text")).choices[0].text is None
    assert ask(server.url, chat("null_text")).choices[0].message.content is None
    assert ask(server.url, completion("no_usage")).usage is None
    assert server.counts["per_status"] == {"200": 6}
    assert server.counts["served"] == 1


def test_rules_choose_by_number_and_by_endpoint(played: Start) -> None:
    rules = [{"every": 3, "play": 500}, {"first": 1, "play": 502}, {"after": 3, "play": 503}]
    server = played(rules=[*rules, {"endpoint": "GET /v1/models", "play": {"status": 429, "retry_after": "0.05"}}])
    seen = []
    for _ in range(4):
        try:
            ask(server.url, completion())
            seen.append(200)
        except openai.APIStatusError as error:
            seen.append(error.status_code)
    assert seen == [502, 200, 500, 503]
    with pytest.raises(openai.RateLimitError) as caught:
        ask(server.url, lambda client: client.models.list())
    assert caught.value.response.headers["retry-after"] == "0.05"


def test_a_rule_that_cannot_be_played_is_refused(played: Start) -> None:
    for rule in ({"play": "nonsense"}, {"matches": "a", "play": "cut"}):
        with pytest.raises(ValueError, match="known:"):
            played(rules=[rule])


def test_a_server_that_is_gone_comes_back_on_its_port(played: Start) -> None:
    server = played()
    url = server.url
    ask(url, completion())
    server.stop_listening()
    with pytest.raises(openai.APIConnectionError):
        ask(url, completion())
    server.start_listening()
    ask(url, completion())
    assert server.url == url
    counts = server.counts
    assert (counts["served"], counts["distinct"], counts["repeated"]) == (2, 1, 1)


def test_counts_and_log_say_what_was_received(played: Start) -> None:
    server = played(watch_for=("s3cret", "never"), delay_s=(0.05, 0.06))

    async def both(client: AsyncOpenAI) -> None:
        await asyncio.gather(*(completion(str(number))(client) for number in range(20)))

    ask(server.url, both, key="s3cret")
    counts = get(server, "/played")
    assert counts == server.counts
    assert (counts["served"], counts["distinct"], counts["repeated"]) == (20, 20, 0)
    assert 1 < counts["max_in_flight"] <= 20
    assert counts["per_endpoint"] == {"POST /v1/completions": 20}
    assert counts["watched"] == {"s3cret": ["header authorization"], "never": []}
    assert "x-stainless-lang" in counts["headers"]
    assert sorted(int(one["body"]["prompt"]) for one in server.log) == list(range(20))


def test_a_client_that_left_is_not_served(played: Start) -> None:
    server = played(rules=[{"play": {"slow": 0.05}}])
    body = b'{"model": "played", "prompt": "a"}'
    head = f"POST /v1/completions HTTP/1.1\r\nHost: here\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(head + body)
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""
    assert (server.counts["started"], server.counts["served"], server.counts["abandoned"]) == (1, 0, 1)


def test_the_counts_remain_when_the_server_is_gone() -> None:
    with played_server() as server:
        ask(server.url, completion())
    assert server.counts["served"] == 1


def test_a_process_of_its_own_counts_too() -> None:
    with played_process(rules=[{"match": "没", "play": 500}], models=["alone"]) as server:
        assert text(ask(server.url, completion(model="alone")))
        assert server.counts["served"] == 1
        port = server.port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
