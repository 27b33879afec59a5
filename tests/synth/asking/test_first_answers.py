"""A run whose first answers are almost all empty stops before it pays for more, and so does the next one."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.synth.place import Place, Said
from tests.synth.played_server import PlayedServer

Start = Callable[..., PlayedServer]
Synth = Callable[..., Said]

THOUGHT = {"message": {"content": None, "reasoning": "先想想。"}, "finish": "length"}
REFUSED = {"message": {"content": None, "refusal": "I can't help with that."}}
CALLS = {"message": {"content": None, "tool_calls": [{"function": {"name": "search"}}]}, "finish": "tool_calls"}
ONE_BY_ONE = ("--concurrency", 4)


@pytest.mark.parametrize(
    ("play", "cause", "advice"),
    [
        (THOUGHT, "50 thinking_cut, finish reason length", "raise max_tokens (now 512)"),
        (REFUSED, "50 refusal, finish reason stop", "take another model"),
        (CALLS, "50 tool_calls, finish reason tool_calls", "how the server is started"),
        ({"text": " "}, "50 no text, finish reason stop", "Is it the right model, template and stop string?"),
    ],
)
def test_a_run_of_empty_answers_stops_and_says_what_to_change(
    play: Any, cause: str, advice: str, played: Start, synth: Synth, place: Place
) -> None:
    server = played(rules=[{"play": play}])
    place.write(200)
    said = synth(server.url, *ONE_BY_ONE, code=1)
    assert f"50 of the first 50 answers are empty ({cause})" in said.err
    assert advice in said.err
    assert "--allow-empty goes on" in said.err
    assert 50 <= server.counts["served"] < 60
    assert len(place.journal()) == server.counts["served"]


def test_the_next_run_stops_before_it_asks_and_pays_nothing(played: Start, synth: Synth, place: Place) -> None:
    server = played(rules=[{"play": THOUGHT}])
    place.write(200)
    synth(server.url, *ONE_BY_ONE, code=1)
    paid = server.counts["served"]
    said = synth(server.url, *ONE_BY_ONE, code=1)
    assert "50 of the first 50 answers are empty" in said.err
    assert server.counts["served"] == paid


def test_what_cannot_pass_is_not_asked_again_where_the_run_is_told_to_go_on(
    played: Start, synth: Synth, place: Place
) -> None:
    server = played(rules=[{"first": 60, "play": THOUGHT}])
    place.write(100)
    synth(server.url, *ONE_BY_ONE, code=1)
    synth(server.url, *ONE_BY_ONE, "--allow-empty")
    assert server.counts["served"] == 100
    assert {reason for reason, _ in place.lost().values()} == {"thinking_cut"}
    synth(server.url, "--allow-empty")
    assert server.counts["served"] == 100


def test_six_good_answers_of_the_first_fifty_are_enough(played: Start, synth: Synth, place: Place) -> None:
    server = played(rules=[{"match": f"第{n}件", "times": 1, "play": {"text": "好的，这就去办。"}} for n in range(6)]
                    + [{"first": 50, "play": THOUGHT}])  # fmt: skip
    place.write(60)
    synth(server.url, *ONE_BY_ONE)
    assert server.counts["served"] == 60
