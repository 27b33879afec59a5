"""kill -9 at any moment, as often as one likes: the result is that of a whole run; what is lost is accounted for."""

import random
import signal
from collections.abc import Callable

import pytest

from tests.forking import Forking, Process
from tests.synth.place import Place, Said, wait_until
from tests.synth.played_server import PlayedProcess, played_process

Starter = Callable[..., Process]
Synth = Callable[..., Said]

AND_SOME = 4
"""How many completions more than the goal may start before a kill."""
KILLED_BEFORE_THE_END = """
import os, signal, sys
import synth.run.pipeline, synth.synth_prefs
synth.run.pipeline.put_in_place = lambda made, out, files: os.kill(os.getpid(), signal.SIGKILL)
sys.exit(synth.synth_prefs.main(sys.argv[1:]))
"""
"""A run that kills itself when its files are written and not yet in place."""

MODELS = ["played", "strong"]
TWO_SIDES = ["--chosen-model", "strong", "--num-rejected", 3, "--pairing", "all"]


class Ledger:
    """What the server served and the journal does not hold: lost to the kills, each time no more than was in flight."""

    def __init__(self, server: PlayedProcess, place: Place, in_flight: int) -> None:
        self.server, self.place, self.in_flight = server, place, in_flight
        self.lost = 0
        self.kills = 0

    def enter_kill(self) -> None:
        wait_until(lambda: self.server.counts["in_flight"] == 0)
        counts, keys = self.server.counts, self.place.journal()
        assert len(keys) == len(set(keys))
        newly = counts["served"] - len(keys) - self.lost
        assert 0 <= newly <= self.in_flight
        self.lost += newly
        self.kills += 1

    def close(self, answers: int) -> None:
        """The account at the end of the last run, which nobody killed."""
        counts, keys = self.server.counts, self.place.journal()
        assert len(keys) == len(set(keys)) == counts["distinct"] == answers
        assert counts["served"] == answers + self.lost
        assert counts["started"] <= answers + self.kills * self.in_flight
        assert counts["repeated"] <= self.lost


def reach(process: Process, server: PlayedProcess, name: str, goal: int) -> None:
    """Wait until so many completions were started, or served; the server lets few others pass."""
    wait_until(lambda: server.counts[name] >= goal, process)


def draw_goal(server: PlayedProcess, drawn: random.Random, most: int) -> tuple[str, int]:
    """So many more completions started, or served; the server serves hardly more of them."""
    name, more, counts = drawn.choice(["started", "served"]), drawn.randrange(1, most), server.counts
    server.hold_after(counts["started"] + more + AND_SOME)
    return name, counts[name] + more


def test_a_run_that_is_killed_twenty_times_gives_the_result_of_a_whole_one(
    place: Place, start: Starter, synth: Synth
) -> None:
    place.write(60)
    drawn, whole = random.Random(20), place.other("whole")
    with played_process(models=MODELS) as server:
        synth(server.url, *TWO_SIDES, "--chosen-url", server.url, at=whole)
    with played_process(models=MODELS, delay_s=(0.005, 0.05)) as server:
        flags = [*TWO_SIDES, "--chosen-url", server.url, "--concurrency", 8]
        ledger = Ledger(server, place, in_flight=16)
        for _ in range(20):
            goal = draw_goal(server, drawn, most=12)
            run = start(server.url, *flags)
            reach(run, server, *goal)
            run.kill()
            run.communicate()
            ledger.enter_kill()
        assert len(place.journal()) < 240
        server.hold_after(None)
        synth(server.url, *flags)
        ledger.close(240)
    assert place.outputs() == whole.outputs()
    assert not list(place.out.glob(".build-prefs-*/"))


@pytest.mark.parametrize(("prompts", "concurrency"), [(24, 1), (200, 64)])
def test_a_command_that_is_killed_gives_the_result_of_a_whole_run(
    prompts: int, concurrency: int, place: Place, start: Starter, synth: Synth
) -> None:
    place.write(prompts)
    drawn, whole = random.Random(prompts), place.other("whole")
    with played_process(delay_s=(0.005, 0.05)) as server:
        synth(server.url, at=whole)
    with played_process(delay_s=(0.005, 0.05)) as server:
        ledger = Ledger(server, place, in_flight=concurrency)
        for _ in range(2):
            goal = draw_goal(server, drawn, most=prompts // 3)
            process = start(server.url, "--concurrency", concurrency)
            reach(process, server, *goal)
            process.kill()
            process.communicate()
            ledger.enter_kill()
        assert len(place.journal()) < prompts
        server.hold_after(None)
        synth(server.url, "--concurrency", concurrency)
        ledger.close(prompts)
    assert place.outputs() == whole.outputs()


def test_a_kill_before_the_first_answer_loses_nothing_but_what_was_in_flight(
    place: Place, start: Starter, synth: Synth
) -> None:
    with played_process(hold_after=0) as server:
        ledger = Ledger(server, place, 4)
        process = start(server.url, "--concurrency", 4)
        wait_until(lambda: server.counts["in_flight"] == 4, process)
        process.kill()
        ledger.enter_kill()
        assert (server.counts["served"], server.counts["abandoned"]) == (0, 4)
        server.hold_after(None)
        synth(server.url, "--concurrency", 12)
        ledger.close(12)


def test_a_kill_while_the_files_are_written_leaves_those_of_the_run_before(
    place: Place, synth: Synth, forking: Forking
) -> None:
    place.write(400)
    with played_process() as server:
        synth(server.url, "--limit", 300)
        before = place.outputs()
        done = forking.run("synth.synth_prefs", *place.flags(server.url), program=KILLED_BEFORE_THE_END)
        assert done.returncode == -signal.SIGKILL
        assert any(place.out.glob(".build-prefs-*/*.parquet"))
        assert place.outputs() == before
        assert len(place.journal()) == 400
        said = synth(server.url)
        assert "nothing was asked" in said.out
        assert server.counts["served"] == 400
    assert len(place.rows("candidates")) == 800
    assert not list(place.out.glob(".build-prefs-*/"))
