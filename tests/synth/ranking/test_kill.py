"""kill -9 while answers are scored: nothing is paid for twice, and the result is that of a whole run."""

import os
import sys
from collections.abc import Callable
from subprocess import PIPE, Popen

from synth.judge_prefs import main
from tests.synth.judging.court import Court
from tests.synth.place import ROOT, wait_until
from tests.synth.played_server import PlayedServer
from tests.synth.scoring.scene import answer_of, honest

Start = Callable[..., PlayedServer]


def test_a_run_that_is_killed_gives_the_result_of_a_whole_one(court: Court, quick: None, played: Start) -> None:
    court.write(20, wrong=4)

    def flags(server: PlayedServer, out: str) -> list[str]:
        reward = ["--reward-model", "rm", "--reward-url", server.url, "--concurrency", "4"]
        return [*court.other(out).flags(server.url), *reward]

    def start() -> PlayedServer:
        return played(says=honest, rewards=lambda body: float(len(answer_of(body))), models=["played", "rm"])

    assert main(flags(start(), "whole")) == 0
    server = start()
    server.hold_after(30)
    process = Popen(
        [sys.executable, "-m", "synth.judge_prefs", *flags(server, "out")],
        stdout=PIPE, stderr=PIPE, text=True, cwd=ROOT, env={**os.environ},
    )  # fmt: skip
    wait_until(lambda: server.counts["served"] >= 30, process)
    process.kill()
    process.communicate()
    wait_until(lambda: server.counts["in_flight"] == 0)
    server.hold_after(None)
    assert main(flags(server, "out")) == 0
    names = ("verdicts.parquet", "answers.parquet", "scores.parquet", "report.html", "manifest.json")
    found = [{name: (court.other(out).out / name).read_bytes() for name in names} for out in ("whole", "out")]
    assert found[0] == found[1]
    assert server.counts["served"] <= 80 + 8
