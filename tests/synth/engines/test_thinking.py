"""The switch for thinking is set where the chat template has one, and else an error before anything is asked."""

from collections.abc import Callable

import pytest

from sources.command.errors import UsageError
from synth.engines.preflight import Server, check_options
from synth.job.endpoint import Endpoint
from synth.job.recipe import KWARGS
from tests.synth.made import user, writer
from tests.synth.place import Place, Said
from tests.synth.played_server import PlayedServer

Start = Callable[..., PlayedServer]
Synth = Callable[..., Said]


@pytest.mark.parametrize("thinking", ["on", "off"])
def test_the_switch_is_sent_under_each_name_that_templates_have_for_it(
    thinking: str, played: Start, synth: Synth, place: Place
) -> None:
    server = played(thinking_switch=True)
    synth(server.url, "--thinking", thinking)
    on = thinking == "on"
    assert server.log[-1]["body"][KWARGS] == {"enable_thinking": on, "thinking": on}
    assert place.outputs()["manifest.json"].count(b'"enable_thinking"') == 1


def test_a_template_without_a_switch_is_an_error_before_anything_is_asked(played: Start, synth: Synth) -> None:
    server = played()
    said = synth(server.url, "--thinking", "off", code=2).err
    assert "--thinking (recipe: rejected.thinking): the chat template of played" in said
    assert "has no switch for it; expected a template that reads enable_thinking or thinking" in said
    assert server.counts["started"] == 0


def test_a_recipe_may_say_it_for_one_side_and_keeps_its_other_arguments(
    played: Start, synth: Synth, place: Place
) -> None:
    server = played(thinking_switch=True)
    sampling = f"max_tokens: 99, {KWARGS}: {{style: brief}}"
    synth(server.url, "--recipe", place.recipe(sampling, "  thinking: off\n"))
    assert server.log[-1]["body"][KWARGS] == {"style": "brief", "enable_thinking": False, "thinking": False}


def test_a_base_model_has_no_switch(played: Start, synth: Synth) -> None:
    server = played(chat_template=False)
    assert "--thinking" in synth(server.url, "--thinking", "on", code=2).err
    assert server.counts["started"] == 0


def test_a_server_that_does_not_describe_itself_is_not_trusted_to_know_it(played: Start, synth: Synth) -> None:
    server = played(openapi=False, tokenize=False, version=None, owned_by="someone")
    assert "does not say whether it knows this option" in synth(server.url, "--thinking", "on", code=2).err
    assert server.counts["started"] == 0


def test_openai_is_not_told_what_it_has_not() -> None:
    request = writer(sampling={"max_tokens": 9, KWARGS: {"enable_thinking": True}}).request(user("问"), 0)
    with pytest.raises(UsageError, match="reasoning_effort"):
        check_options(Server("openai", (), None, None), Endpoint("https://api.openai.com/v1", "k"), "chosen", request)
