"""Runs of judge-prefs in this process."""

from collections.abc import Callable
from pathlib import Path

import pytest

from synth.judge_prefs import main
from tests.synth.judging.court import Court
from tests.synth.place import Said, waits


@pytest.fixture
def court(tmp_path: Path) -> Court:
    """Twelve pairs whose labels are right."""
    return Court(tmp_path).write()


@pytest.fixture
def judge(court: Court, quick: None, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run the command: what it said. One that fails says it in one line."""

    def run(url: str, *more: object, code: int = 0, at: Court = court) -> Said:
        capsys.readouterr()
        status = main(at.flags(url, *more))
        printed = capsys.readouterr()
        assert status == code, printed.err
        said = [line for line in printed.err.splitlines() if not waits(line)]
        assert len(said) == bool(code), printed.err
        assert all(line.startswith("judge-prefs: ") for line in said)
        return Said(status, printed.out, "\n".join(said))

    return run
