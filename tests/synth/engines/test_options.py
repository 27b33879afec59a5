"""Options that a server would ignore are errors before anything is asked."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.synth.place import Place, Said
from tests.synth.played.options import PLAIN_OPENAI
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


def test_an_option_that_the_server_does_not_know_is_an_error(played: Start, synth: Synth, place: Place) -> None:
    server = played()
    recipe = place.recipe("max_tokens: 99, repetition_penality: 1.1")
    said = synth(server.url, "--recipe", recipe, code=2).err
    assert f"recipe: rejected.sampling.repetition_penality: {server.url} knows no such option" in said
    assert "Did you mean repetition_penalty?" in said
    assert server.counts["started"] == 0


def test_an_option_that_the_server_knows_is_sent(played: Start, synth: Synth, place: Place) -> None:
    server = played()
    synth(server.url, "--recipe", place.recipe("max_tokens: 99, repetition_penalty: 1.1, top_k: 20"))
    body = server.log[-1]["body"]
    assert (body["repetition_penalty"], body["top_k"], body["max_tokens"]) == (1.1, 20, 99)


def test_an_option_of_one_interface_is_not_taken_for_the_other_s(played: Start, synth: Synth, place: Place) -> None:
    recipe = place.recipe("max_tokens: 99, chat_template_kwargs: {}")
    synth(played().url, "--recipe", recipe)
    said = synth(played(chat_template=False).url, "--recipe", recipe, code=2, at=place.other("two")).err
    assert "chat_template_kwargs" in said


@pytest.mark.parametrize("api", ["chat", "completions"])
def test_a_server_that_does_not_describe_itself_gets_standard_options_only(
    api: str, played: Start, synth: Synth, place: Place
) -> None:
    server = played(**BARE)
    standard = "temperature: 1.0, top_p: 0.9, max_tokens: 99, stop: [x], presence_penalty: 0.1, frequency_penalty: 0.1"
    synth(server.url, "--recipe", place.recipe(standard, f"  api: {api}\n"))
    assert server.counts["served"] == 12
    said = synth(server.url, "--recipe", place.recipe("max_tokens: 98, top_k: 5", f"  api: {api}\n"), code=2).err
    assert "recipe: rejected.sampling.top_k" in said
    assert "does not say whether it knows this option" in said
    assert "/openapi.json" in said
    assert server.counts["started"] == 12


def test_an_option_is_checked_before_a_request_is_spent_on_finding_out(
    played: Start, synth: Synth, place: Place
) -> None:
    server = played(**BARE)
    synth(server.url, "--recipe", place.recipe("max_tokens: 98, top_k: 5"), code=2)
    assert server.counts["started"] == 0


DESCRIPTIONS: list[Any] = [5, [], {}, "<html>", {"components": 5}, {"components": {"schemas": {}}}]

DESCRIPTIONS += [{"components": {"schemas": {"CompletionRequest": 5, "ChatCompletionRequest": {}}}}]

DESCRIPTIONS += [{"components": {"schemas": {"ChatCompletionRequest": {"properties": 5}}}}]


@pytest.mark.parametrize("body", DESCRIPTIONS)
def test_a_description_in_a_shape_of_its_own_is_none(body: object, played: Start, synth: Synth, place: Place) -> None:
    server = played(rules=[{"endpoint": "/openapi.json", "play": {"status": 200, "body": body}}])
    said = synth(server.url, "--recipe", place.recipe("max_tokens: 98, top_k: 5"), code=2).err
    assert "does not say whether it knows this option" in said
    synth(server.url)


@pytest.mark.parametrize("endpoint", ["/openapi.json", "/tokenize"])
@pytest.mark.parametrize("play", ["hang", "cut", 500, 401])
def test_a_part_of_the_server_that_is_broken_does_not_keep_the_rest(
    endpoint: str, play: object, played: Start, synth: Synth, monkeypatch: pytest.MonkeyPatch
) -> None:
    if play == "hang":
        monkeypatch.setattr("synth.engines.first_contact.REQUEST_S", 1.0)
        monkeypatch.setattr("synth.engines.first_contact.ASIDE_S", 0.0)
    server = played(rules=[{"endpoint": endpoint, "play": play}])
    synth(server.url)
    assert asked(server) == {CHAT: 12}
    assert server.counts["served"] == 12


@pytest.mark.parametrize(("max_tokens", "code"), [(64, 2), (65, 2), (63, 0)])
def test_max_tokens_must_be_below_the_context(
    max_tokens: int, code: int, played: Start, synth: Synth, place: Place
) -> None:
    server = played(max_model_len=64)
    said = synth(server.url, "--recipe", place.recipe(f"max_tokens: {max_tokens}"), code=code)
    if code:
        assert f"recipe: rejected.sampling.max_tokens: {max_tokens} tokens do not fit played" in said.err
        assert "whose context holds 64" in said.err
        assert server.counts["started"] == 0


def test_a_server_that_does_not_tell_its_context_is_not_doubted(played: Start, synth: Synth, place: Place) -> None:
    server = played(**PLAIN_OPENAI, max_model_len=512)
    synth(server.url, "--recipe", place.recipe("max_tokens: 5000", "  api: chat\n"))
    assert server.counts["served"] == 12
