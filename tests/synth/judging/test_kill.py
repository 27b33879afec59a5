"""kill -9, Ctrl-C, two runs at once: nothing is paid for twice, and the result is that of a whole run."""

import signal
from collections.abc import Callable

import pytest

from tests.forking import Forking, Process
from tests.synth.judging.court import Court, perfect
from tests.synth.place import Said, finish, wait_until
from tests.synth.played_server import PlayedServer

Judge = Callable[..., Said]
Start = Callable[..., PlayedServer]


@pytest.fixture
def start(court: Court, forking: Forking) -> Callable[..., Process]:
    """Begin the command in a process of its own; killed at the end of the test if it still runs then."""

    def begin(url: str, *more: object) -> Process:
        return forking.start("synth.judge_prefs", *court.flags(url, *more))

    return begin


def test_runs_that_are_killed_give_the_result_of_a_whole_one(
    court: Court, judge: Judge, start: Callable[..., Process], played: Start
) -> None:
    court.write(20, wrong=4)
    whole = court.other("whole")
    judge(played(says=perfect).url, at=whole)
    server = played(says=perfect, hold_after=0)
    lost = 0
    for goal in (9, 23):
        before = server.counts["served"]
        server.hold_after(server.counts["started"] + goal - before)
        process = start(server.url, "--concurrency", 4)
        wait_until(lambda goal=goal: server.counts["served"] >= goal, process)  # type: ignore[misc]
        process.kill()
        process.communicate()
        wait_until(lambda: server.counts["in_flight"] == 0)
        lost += 4
    server.hold_after(None)
    judge(server.url, "--concurrency", 4)
    assert court.outputs() == whole.outputs()
    assert server.counts["served"] <= 40 + lost


def test_ctrl_c_keeps_what_was_answered_and_says_how_much(
    court: Court, judge: Judge, start: Callable[..., Process], played: Start
) -> None:
    server = played(says=perfect, hold_after=6)
    process = start(server.url, "--concurrency", 2)
    wait_until(lambda: server.counts["in_flight"] == 2 and server.counts["served"] == 6, process)
    process.send_signal(signal.SIGINT)
    server.hold_after(None)
    said = finish(process)
    assert said.status == 130
    assert "judge-prefs: waiting for the requests in flight" in said.err
    assert "judge-prefs: 8 of 24 verdicts are in " in said.err
    judge(server.url)
    assert server.counts["served"] == 24


def test_a_second_run_in_the_same_folder_ends_with_an_error(
    court: Court, judge: Judge, start: Callable[..., Process], played: Start
) -> None:
    server = played(says=perfect, hold_after=0)
    process = start(server.url)
    wait_until(lambda: server.counts["in_flight"] > 0, process)
    assert "another run (process " in judge(server.url, code=1).err
    server.hold_after(None)
    assert finish(process).status == 0
    assert server.counts["served"] == 24
