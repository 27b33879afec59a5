"""Runs of the command whose chosen answers come by batches."""

from collections.abc import Callable
from functools import partial

import pytest

from synth.job.pace import Pace
from synth.synth_prefs import main
from tests.synth.asking.batches import MODELS, Outputs, Run, Start, flags
from tests.synth.place import Place, Said


@pytest.fixture
def run(place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process, chosen by batches unless told otherwise: what it said."""
    monkeypatch.setattr("synth.job.pace.Pace", partial(Pace, first_wait_s=0.01, max_wait_s=0.02, poll_s=0.01))

    def go(url: str, *more: object, code: int = 0, at: Place = place, how: str = "--batch") -> Said:
        capsys.readouterr()
        status = main(flags(at, url, how, *more))
        printed = capsys.readouterr()
        assert status == code, printed.err
        assert all(line.startswith("synth-prefs: ") for line in printed.err.splitlines()), printed.err
        assert printed.out == "" or not code
        return Said(status, printed.out, printed.err)

    return go


@pytest.fixture
def alone(run: Run, place: Place, played: Start) -> Callable[..., Outputs]:
    """The files of the same run without batches."""

    def outputs(*more: object) -> Outputs:
        at = place.other("alone")
        run(played(**MODELS).url, *more, at=at, how="--json")
        return at.outputs()

    return outputs
