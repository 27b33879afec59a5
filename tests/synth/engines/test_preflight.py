"""What is found out about a server before anything is asked of it, and what is said where it cannot be used."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from tests.synth.place import Place, Said, nowhere, question
from tests.synth.played_server import PlayedServer

Start = Callable[..., PlayedServer]

Synth = Callable[..., Said]

BARE = {"tokenize": False, "openapi": False, "version": None, "owned_by": "someone"}
"""A server that tells nothing of itself but its models."""

CHAT = "POST /v1/chat/completions"

PLAIN = "POST /v1/completions"


def asked(server: PlayedServer) -> dict[str, int]:
    """How often each completion endpoint was asked."""
    counted: dict[str, int] = server.counts["per_endpoint"]
    return {path: count for path, count in counted.items() if path in (CHAT, PLAIN)}


def test_a_model_that_is_not_served_is_named_with_those_that_are(played: Start, synth: Synth) -> None:
    server = played(models=["baichuan-7b", "qwen"])
    said = synth(server.url, "--rejected-model", "baichuan7b", code=2).err
    assert f"--rejected-model: {server.url} serves no baichuan7b; expected baichuan-7b, qwen" in said
    assert "Did you mean baichuan-7b?" in said
    assert server.counts["started"] == 0


def test_the_side_whose_model_is_not_served_is_named(played: Start, synth: Synth) -> None:
    server = played(models=["played", "strong"])
    said = synth(server.url, "--chosen-model", "stronk", "--chosen-url", server.url, code=2).err
    assert "--chosen-model" in said
    assert "Did you mean strong?" in said


def test_no_server_is_one_line_that_says_how_to_start_one(synth: Synth, impatient: None) -> None:
    url = nowhere()
    said = synth(url, code=1).err
    assert f"--rejected-url {url}: Cannot connect to host" in said
    assert "Is the server running? For example: vllm serve MODEL --served-model-name NAME" in said


def test_a_host_that_does_not_exist_is_one_line(synth: Synth, impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    said = synth("http://no-such-host.invalid/v1", code=1).err
    assert "--rejected-url http://no-such-host.invalid/v1: " in said
    assert "Is the server running?" in said


def test_a_server_that_is_just_starting_is_waited_for(played: Start, synth: Synth) -> None:
    server = played(rules=[{"endpoint": "/v1/models", "first": 3, "play": 503}])
    synth(server.url)
    assert server.counts["per_endpoint"]["GET /v1/models"] == 4


@pytest.mark.parametrize("play", ["hang", 503, {"status": 429, "retry_after": "0"}], ids=str)
def test_a_server_that_is_busy_is_waited_for_and_that_is_said(
    play: object, played: Start, synth: Synth, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synth.engines.first_contact.REQUEST_S", 1.0)
    server = played(rules=[{"endpoint": "/v1/models", "first": 3, "play": play}])
    first = synth(server.url).err.splitlines()[0]
    found = "no answer in time" if play == "hang" else "HTTP "
    assert first.startswith(f"synth-prefs: --rejected-url {server.url}: {found}")
    assert first.endswith("; tried again for up to 600 s")
    assert server.counts["per_endpoint"]["GET /v1/models"] >= 4


@pytest.mark.parametrize("play", ["cut", "reset", 500])
def test_a_server_that_never_tells_its_models_is_given_up(
    play: object, played: Start, synth: Synth, impatient: None
) -> None:
    server = played(rules=[{"endpoint": "/v1/models", "play": play}])
    said = synth(server.url, code=1).err
    assert f"--rejected-url {server.url}: " in said
    assert "Is the server running?" in said
    assert server.counts["started"] == 0


@pytest.mark.parametrize("play", ["hang", 503, 429])
def test_a_server_that_stays_busy_is_given_up_when_patience_is_at_its_end(
    play: object, played: Start, synth: Synth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synth.engines.first_contact.REQUEST_S", 0.1)
    monkeypatch.setattr("synth.engines.first_contact.monotonic", count().__next__)
    server = played(rules=[{"endpoint": "/v1/models", "play": play}])
    waits, error = synth(server.url, "--patience", 3, code=1).err.splitlines()
    assert waits.endswith("; tried again for up to 3 s")
    assert "Is the server running?" in error
    assert server.counts["per_endpoint"]["GET /v1/models"] == 3
    assert server.counts["started"] == 0


NO_HTTP = [
    b"SSH-2.0-OpenSSH_9.6\r\n",
    b"-ERR unknown command\r\n",
    b"\x15\x03\x01\x00\x02\x02\x46",
    b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nno header at all\r\n\r\n",
    b"HTTP/9.9 999 \r\n\r\n",
    b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 5\r\n\r\nplain",
    b"HTTP/1.1 302 Found\r\nlocation: /v1/models\r\ncontent-length: 0\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nlocation: gopher://x/\r\ncontent-length: 0\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nlocation: http://[\r\ncontent-length: 0\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\n\r\n",
]


@pytest.mark.parametrize("words", NO_HTTP)
def test_what_speaks_no_http_is_said_in_one_line(
    words: bytes, speaks: Callable[[bytes], Any], synth: Synth, impatient: None
) -> None:
    url = speaks(words).url
    assert f"--rejected-url {url}: " in synth(url, code=1).err


def test_a_web_page_is_no_server_of_models(played: Start, synth: Synth) -> None:
    page = {"status": 200, "body": "<html><title>Welcome to nginx!</title></html>"}
    server = played(rules=[{"endpoint": "/v1/models", "play": page}, {"endpoint": "/models", "play": page}])
    assert "does not speak JSON" in synth(server.url, code=1).err
    bare = server.url.removesuffix("/v1")
    said = synth(bare, code=1).err
    assert f"--rejected-url {bare}: does not speak JSON. Most servers want a URL that ends with /v1." in said


@pytest.mark.parametrize("body", [5, [], {}, {"data": 5}, {"data": None}, {"data": [5]}, {"data": [{}]}, {"data": {}}])
def test_a_list_of_models_in_a_shape_of_its_own_is_no_obstacle(body: object, played: Start, synth: Synth) -> None:
    server = played(rules=[{"endpoint": "/v1/models", "play": {"status": 200, "body": body}}])
    synth(server.url, code=2 if body == {"data": [{}]} else 0)


def test_a_forgotten_v1_is_suggested(played: Start, synth: Synth) -> None:
    for server, code in ((played(), 1), (played(**BARE), 2)):
        said = synth(server.url.removesuffix("/v1"), code=code).err
        assert "HTTP 404" in said
        assert "Most servers want a URL that ends with /v1." in said
        assert server.counts["served"] == 0


def test_a_server_without_a_list_of_models_is_asked_all_the_same(played: Start, synth: Synth) -> None:
    server = played(rules=[{"endpoint": "/v1/models", "play": 404}])
    synth(server.url)
    assert asked(server) == {CHAT: 12}


def test_a_model_with_a_chat_template_is_asked_by_chat(played: Start, synth: Synth, place: Place) -> None:
    server = played()
    assert "rejected by played at" in synth(server.url).out
    assert asked(server) == {CHAT: 12}
    assert place.outputs()["manifest.json"].count(b'"api": "chat"') == 2


def test_a_base_model_is_asked_by_completions_with_the_template(played: Start, synth: Synth) -> None:
    server = played(chat_template=False)
    assert "completions, with the instruction template" in synth(server.url).out
    assert asked(server) == {PLAIN: 12}
    body = next(one["body"] for one in server.log if one["path"] == "/v1/completions")
    assert body["prompt"].startswith("下面是一条指令。")
    assert body["prompt"].endswith("### 回答：\n")
    assert body["stop"] == ["\n### ", "\n###指令", "\n### 指令"]


def test_finding_out_costs_no_completion_where_the_server_can_tokenize(
    played: Start, synth: Synth, place: Place
) -> None:
    for template in (True, False):
        server = played(chat_template=template)
        synth(server.url, at=place.other(f"out-{template}"))
        assert server.counts["started"] == 12


def test_a_first_prompt_that_is_too_long_does_not_hide_the_template(played: Start, synth: Synth, place: Place) -> None:
    place.write_rows([{"prompt": text, "chosen": "好的，这样。"} for text in ("长" * 5000, *map(question, range(3)))])
    server = played()
    synth(server.url)
    assert asked(server) == {CHAT: 4}
    assert place.lost()["0"][0] == "refused"


def test_without_tokenize_one_request_finds_out_and_its_answer_is_kept(
    played: Start, synth: Synth, place: Place
) -> None:
    server = played(**BARE)
    said = synth(server.url, "--json")
    assert asked(server) == {CHAT: 12}
    assert (server.counts["served"], server.counts["distinct"]) == (12, 12)
    assert (said.asked["answers"], said.asked["from_journal"]) == (11, 1)
    assert len(place.journal()) == 12


def test_without_tokenize_a_base_model_is_told_by_its_refusal(played: Start, synth: Synth, place: Place) -> None:
    server = played(**BARE, chat_template=False)
    synth(server.url)
    assert asked(server) == {CHAT: 1, PLAIN: 12}
    assert server.counts["served"] == len(place.journal()) == 12


def test_a_probe_that_fails_a_few_times_is_tried_again(played: Start, synth: Synth) -> None:
    busy = {"status": 429, "retry_after": "0"}
    server = played(**BARE, rules=[{"first": 2, "play": 503}, {"first": 4, "play": busy}])
    synth(server.url)
    assert server.counts["served"] == 12


def test_a_probe_that_is_refused_for_another_reason_asks_for_a_decision(played: Start, synth: Synth) -> None:
    server = played(**BARE, rules=[{"play": 400}])
    said = synth(server.url, code=2).err
    assert "does not say whether the model has a chat template (Played status 400.)" in said
    assert "expected api: chat or api: completions in the recipe" in said


def test_an_interface_that_the_recipe_gives_is_not_found_out(played: Start, synth: Synth, place: Place) -> None:
    server = played()
    recipe = place.recipe(more="  api: completions\n")
    synth(server.url, "--recipe", recipe)
    assert asked(server) == {PLAIN: 12}
    assert "POST /tokenize" not in server.counts["per_endpoint"]


def test_what_the_journal_holds_says_the_interface_too(played: Start, synth: Synth, place: Place) -> None:
    server = played(chat_template=False)
    synth(server.url, "--limit", 3)
    found_out = server.counts["per_endpoint"]["POST /tokenize"]
    synth(server.url)
    assert server.counts["per_endpoint"]["POST /tokenize"] == found_out == 1
    assert asked(server) == {PLAIN: 12}
