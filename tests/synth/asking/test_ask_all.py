"""Both sides asked at once: the same result in any order of answers, nothing asked twice, a partial journal of use."""

import random
import threading
from collections.abc import Callable

import pytest

from tests.synth.place import Place, Said, nowhere, question, wait_until
from tests.synth.played_server import PlayedServer

Start = Callable[..., PlayedServer]
Synth = Callable[..., Said]


def sides(server: PlayedServer, *more: object) -> list[object]:
    """Flags by which one server writes both sides, three weaker answers for each prompt."""
    return ["--chosen-model", "strong", "--chosen-url", server.url, "--num-rejected", 3, "--pairing", "all", *more]


def test_the_result_is_the_same_in_any_order_of_answers(played: Start, synth: Synth, place: Place) -> None:
    found = []
    for concurrency, delay_s in ((1, 0.0), (7, (0.0, 0.03)), (64, (0.0, 0.05)), (64, 0.0)):
        server = played(models=["played", "strong"], delay_s=delay_s)
        at = place.other(f"out-{len(found)}")
        synth(server.url, *sides(server, "--concurrency", concurrency), at=at)
        assert server.counts["served"] == 12 * 4
        assert server.counts["max_in_flight"] <= 2 * concurrency
        found.append(at.outputs())
    assert found[0] == found[1] == found[2] == found[3]


def test_the_result_follows_the_order_of_the_prompts(played: Start, synth: Synth, place: Place) -> None:
    server = played(delay_s=(0.0, 0.03))
    synth(server.url)
    assert [row["source_row"] for row in place.rows("pairs")] == [f"prompts.jsonl:{n}" for n in range(12)]


def test_as_many_requests_as_allowed_are_in_flight_and_no_more(played: Start, synth: Synth) -> None:
    server = played(hold_after=0)

    def let_go() -> None:
        wait_until(lambda: server.counts["in_flight"] >= 5)
        server.hold_after(None)

    thread = threading.Thread(target=let_go)
    thread.start()
    synth(server.url, "--concurrency", 5)
    thread.join()
    assert server.counts["max_in_flight"] == 5


def test_a_second_run_asks_nothing_and_needs_no_server(played: Start, synth: Synth, place: Place) -> None:
    server = played(models=["played", "strong"])
    synth(server.url, *sides(server))
    before, seen = place.outputs(), len(server.log)
    assert "nothing was asked: every answer was in the journal" in synth(server.url, *sides(server)).out
    assert len(server.log) == seen
    server.stop_listening()
    said = synth(server.url, "--json", *sides(server))
    assert (said.asked["answers"], said.asked["from_journal"]) == (0, 48)
    assert place.outputs() == before


def test_the_address_of_a_server_is_no_part_of_an_answer(played: Start, synth: Synth, place: Place) -> None:
    synth(played().url)
    before = place.outputs()
    synth(nowhere())
    assert place.outputs() == before


def test_equal_prompts_are_asked_once(played: Start, synth: Synth, place: Place) -> None:
    row, other = ({"prompt": question(n), "chosen": "好的，这样。"} for n in (1, 2))
    place.write_rows([row, row, other, {**row, "chosen": "那样也好。"}, row])
    server = played(delay_s=0.02)
    said = synth(server.url, "--json")
    assert (server.counts["started"], server.counts["distinct"]) == (2, 2)
    assert (said.asked["answers"], said.asked["from_journal"]) == (2, 3)
    texts = [row["rejected"][0]["content"] for row in place.rows("pairs")]
    assert len(texts) == 5
    assert len(set(texts)) == 2


def test_more_answers_and_more_prompts_are_asked_for_in_addition(played: Start, synth: Synth, place: Place) -> None:
    server = played()
    for flags, served in ((["--limit", 5], 5), ([], 12), (["--num-rejected", 2], 24), (["--seed", 1], 36)):
        synth(server.url, *flags)
        assert server.counts["served"] == served
    synth(server.url, "--limit", 5)
    assert server.counts["served"] == server.counts["distinct"] == 36
    assert len(place.rows("pairs")) == 5


def test_several_answers_to_a_prompt_differ(played: Start, synth: Synth, place: Place) -> None:
    synth(played().url, "--num-rejected", 3)
    said = [row["text"] for row in place.rows("candidates") if row["side"] == "rejected"]
    assert len(said) == len(set(said)) == 36


def test_a_partial_journal_is_made_into_pairs_without_any_connection(played: Start, synth: Synth, place: Place) -> None:
    server = played(models=["played", "strong"])
    flags = sides(server)
    synth(server.url, *flags, "--limit", 5)
    server.stop_listening()
    said = synth(server.url, *flags, "--collect")
    assert "nothing was asked" in said.out
    assert len(place.rows("pairs")) == 15
    assert {place.lost()[str(n)] for n in range(5, 12)} == {("not_asked", "chosen: --collect asks nothing")}


def test_nothing_collected_is_said_to_be_nothing(synth: Synth) -> None:
    said = synth(nowhere(), "--collect", code=1).err
    assert "--collect: the journal holds no answer of played to these prompts" in said


def test_random_orders_of_random_runs_end_in_the_same_result(played: Start, synth: Synth, place: Place) -> None:
    whole = place.other("whole")
    server = played(models=["played", "strong"])
    synth(server.url, *sides(server), at=whole)
    drawn = random.Random(7)
    again = played(models=["played", "strong"], delay_s=(0.0, 0.01))
    for limit in [*drawn.choices(range(1, 13), k=3), 12]:
        synth(again.url, *sides(again, "--limit", limit, "--concurrency", drawn.choice([1, 2, 9])))
    synth(again.url, *sides(again))
    assert place.outputs() == whole.outputs()
    assert again.counts["served"] == again.counts["distinct"] == 48


# --- one side in trouble -------------------------------------------------------------------------------------------


def test_a_side_that_cannot_begin_keeps_the_other_from_being_asked(
    played: Start, synth: Synth, impatient: None, place: Place
) -> None:
    server = played(models=["strong"], delay_s=0.05)
    synth(nowhere(), *sides(server, "--concurrency", 2), code=1)
    assert server.counts["started"] == 0


def test_a_side_that_cannot_go_on_lets_the_other_s_requests_come_in(played: Start, synth: Synth, place: Place) -> None:
    strong = played(models=["strong"], delay_s=0.15)
    weak = played(rules=[{"after": 2, "play": 401}], delay_s=0.02)
    said = synth(weak.url, "--chosen-model", "strong", "--chosen-url", strong.url, "--concurrency", 4, code=1).err
    assert "HTTP 401" in said
    assert strong.counts["abandoned"] == 0
    kept = place.journal("side")
    assert kept.count("chosen") == strong.counts["served"] > 0
    assert kept.count("rejected") == weak.counts["served"]


@pytest.mark.parametrize("faulty", ["chosen", "rejected"])
def test_one_bad_side_of_a_prompt_is_named(faulty: str, played: Start, synth: Synth, place: Place) -> None:
    rules = [{"match": question(5), "play": 400}]
    weak, strong = (
        played(rules=rules * (faulty == "rejected")),
        played(models=["strong"], rules=rules * (faulty == "chosen")),
    )
    synth(weak.url, "--chosen-model", "strong", "--chosen-url", strong.url)
    assert place.lost() == {"5": ("refused", f"{faulty}: HTTP 400: Played status 400.")}
    became = {row["side"]: row["became"] for row in place.rows("candidates") if row["source_row"].endswith(":5")}
    other = "rejected" if faulty == "chosen" else "chosen"
    assert became == {faulty: "refused", other: f"{faulty}_refused"}
