"""--max-spend: by what the server counted, no more is ever spent than that."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from synth.job.price import Price
from synth.synth_prefs import main
from tests.synth.place import Place, Said, nowhere, question
from tests.synth.played.answers import complete
from tests.synth.played.options import Options
from tests.synth.played_server import PlayedServer

Start = Callable[..., PlayedServer]
Synth = Callable[..., Said]

MODELS = ("played", "strong")
BARE = {"tokenize": False, "openapi": False, "version": None, "owned_by": "someone"}
PRICES = "as_of: today\nmodels:\n  played: {input: 1000, output: 2000}\n  strong: {input: 500, output: 3000}\n"
PRICE = {"played": Price(input=1000, output=2000), "strong": Price(input=500, output=3000)}
RECIPE = "name: own\nrejected: {sampling: {max_tokens: 120}}\nchosen: {sampling: {max_tokens: 120}}\n"


@pytest.fixture
def priced(place: Place) -> list[object]:
    """Flags under which both models cost something, and an answer has 120 tokens at most."""
    return ["--prices", place.write_file("prices.yaml", PRICES), "--recipe", place.write_file("own.yaml", RECIPE)]


def bill(*servers: PlayedServer) -> float:
    """What everything that was sent for an answer would cost if all of it were paid for."""
    total = 0.0
    for server in servers:
        for heard in server.log:
            if heard["path"].endswith("/completions"):
                chat = heard["path"].endswith("/chat/completions")
                usage = complete(heard["body"], Options(models=MODELS), chat=chat)["usage"]
                price = PRICE[heard["body"]["model"]]
                total += price.of(usage["prompt_tokens"], usage["completion_tokens"])
    return total


@pytest.mark.parametrize("concurrency", [1, 4, 64])
def test_the_limit_is_not_exceeded_and_the_run_ends_well(
    concurrency: int, played: Start, synth: Synth, place: Place, priced: list[object]
) -> None:
    server = played(delay_s=(0.0, 0.01))
    said = synth(server.url, *priced, "--max-spend", 0.9, "--concurrency", concurrency)
    answered = len(place.journal())
    assert 0 < answered == server.counts["served"] < 12
    assert 0.9 - 0.4 < bill(server) <= 0.9
    assert f"stopped at ${bill(server):,.2f}: --max-spend 0.90 would be exceeded" in " ".join(said.out.split())
    assert len(place.rows("pairs")) == answered
    assert set(place.lost().values()) == {("not_asked", "rejected: --max-spend 0.90 would be exceeded")}
    assert len(place.lost()) == 12 - answered


def test_a_larger_limit_goes_on_and_the_result_is_that_of_one_run(
    played: Start, synth: Synth, place: Place, priced: list[object]
) -> None:
    server, spent = played(), []
    for limit in (0.6, 0.6, 1.1, 20):
        synth(server.url, *priced, "--max-spend", limit)
        spent.append(bill(server))
        assert spent[-1] <= limit
    assert spent == sorted(spent)
    assert spent[0] == spent[1] < spent[2] < spent[3]
    assert server.counts["served"] == 12
    whole = place.other("whole")
    synth(played().url, *priced, at=whole)
    assert whole.outputs() == place.outputs()


def test_the_figures_of_a_run_say_what_was_spent(
    played: Start, synth: Synth, place: Place, priced: list[object]
) -> None:
    server = played()
    assert math.isclose(synth(server.url, "--json", *priced).asked["dollars"], bill(server), abs_tol=1e-4)
    assert math.isclose(synth(server.url, "--json", *priced).asked["dollars"], bill(server), abs_tol=1e-4)


def test_both_sides_share_the_money(played: Start, synth: Synth, place: Place, priced: list[object]) -> None:
    weak, strong = played(), played(models=["strong"])
    flags = [*priced, "--chosen-model", "strong", "--chosen-url", strong.url]
    synth(weak.url, *flags, "--max-spend", 2, "--concurrency", 3)
    assert 1.0 < bill(weak, strong) <= 2
    assert {reason for reason, _ in place.lost().values()} == {"not_asked"}
    synth(weak.url, *flags, "--max-spend", 20)
    assert (weak.counts["served"], strong.counts["served"]) == (12, 12)
    assert len(place.rows("pairs")) == 12


@pytest.mark.parametrize("play", ["cut_body", "cut", "garbage", "empty_choices"])
def test_what_may_have_been_paid_for_in_vain_counts(
    play: str, played: Start, synth: Synth, place: Place, priced: list[object]
) -> None:
    server = played(rules=[{"every": 2, "play": play}])
    synth(server.url, *priced, "--max-spend", 1.8, "--concurrency", 2)
    assert server.counts["started"] - len(place.journal()) >= 4
    assert bill(server) <= 1.8


def test_what_is_sent_until_nothing_is_left_ends_without_pairs(
    played: Start, synth: Synth, priced: list[object]
) -> None:
    server = played(rules=[{"play": "cut_body"}])
    said = synth(server.url, *priced, "--max-spend", 0.7, code=1).err
    assert "--max-spend 0.70 would be exceeded" in said
    assert bill(server) <= 0.7


@pytest.mark.parametrize("play", [500, 503, 429, "error_body", 400])
def test_a_failure_that_the_server_admits_costs_nothing(
    play: object, played: Start, synth: Synth, place: Place, priced: list[object]
) -> None:
    server = played(rules=[{"times": 2, "match": question(1), "play": play}])
    found = synth(server.url, "--json", *priced, "--max-spend", 20).asked["dollars"]
    answered = server.counts["served"]
    assert answered == (11 if play == 400 else 12)
    tokens = [PRICE["played"].of(*used) for used in place.journal("prompt_tokens, completion_tokens", "status IS NULL")]
    assert math.isclose(found, sum(tokens), abs_tol=1e-4)


def test_an_answer_whose_tokens_were_not_counted_costs_the_most(
    played: Start, synth: Synth, place: Place, priced: list[object]
) -> None:
    server = played(rules=[{"play": "no_usage"}])
    synth(server.url, *priced, "--max-spend", 1.5, "--concurrency", 1)
    assert len(place.journal()) == 4  # 120 tokens and what fits the prompt: about 0.34 for each


def test_the_request_that_finds_out_the_interface_is_paid_too(
    played: Start, synth: Synth, place: Place, priced: list[object]
) -> None:
    server = played(**BARE)
    said = synth(server.url, *priced, "--max-spend", 0.2, code=2).err
    assert "--max-spend: 0.20 may be exceeded by the first request" in said
    assert server.counts["started"] == 0
    found = synth(server.url, "--json", *priced, "--max-spend", 0.9, "--concurrency", 1).asked["dollars"]
    assert math.isclose(found, bill(server), abs_tol=1e-4)
    assert bill(server) <= 0.9
    assert len(place.journal()) == server.counts["served"]


def test_many_short_messages_do_not_outgrow_the_worst_case(
    played: Start, synth: Synth, place: Place, priced: list[object]
) -> None:
    turns = [{"role": role, "content": "a"} for role in ("user", "assistant") * 100][:-1]
    place.write_rows([{"prompt": question(1), "chosen": "好的，这样。"}, {"prompt": turns, "chosen": "好的，这样。"}])
    tokens = 199 * 4
    limit = PRICE["played"].of(tokens, 10)
    server = played()
    synth(server.url, *priced, "--max-spend", limit)
    assert bill(server) <= limit
    assert place.lost()["1"][0] == "not_asked"


def test_nothing_to_spend_says_so(played: Start, synth: Synth, place: Place, priced: list[object]) -> None:
    server = played()
    assert "0.00 may be exceeded by the first request" in synth(server.url, *priced, "--max-spend", 0, code=2).err
    own = place.write_file("own.yaml", RECIPE.replace("sampling", "api: chat, sampling", 1))
    said = synth(server.url, *priced, "--recipe", own, "--max-spend", 0, code=1).err
    assert "no prompt has answers on both sides (--max-spend 0.00 would be exceeded). No file was written." in said
    assert server.counts["started"] == 0


def test_a_limit_needs_a_price_for_every_model_that_is_not_one_s_own(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    cases: list[Any] = [
        (place.flags("https://models.example.com/v1", "--max-spend", 1), "the price of played is not known"),
        (place.flags(nowhere(), "--chosen-model", "gpt-99", "--max-spend", 1), "the price of gpt-99 is not known"),
    ]
    for flags, words in cases:
        assert main(flags) == 2
        said = capsys.readouterr().err
        assert said.startswith(f"synth-prefs: --max-spend: {words}; expected a price for it (")
        assert "--prices" in said
    assert not place.out.exists()


def test_one_s_own_server_is_free_where_it_has_no_price(played: Start, synth: Synth) -> None:
    server = played()
    synth(server.url, "--max-spend", 0)
    assert server.counts["served"] == 12
