"""`from synth import synthesize`: the command as a function, for scripts and notebooks."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from sources.command.errors import PrefsError, UsageError
from synth import SynthResult, synthesize
from tests.synth.place import ROOT, wait_until
from tests.synth.played_server import PlayedServer

Start = Callable[..., PlayedServer]


@pytest.fixture
def call(tmp_path: Path, played: Start) -> Callable[..., SynthResult]:
    """Call the function on the embedded sample, with a played server unless another is given."""
    url = played().url

    def go(**changes: Any) -> SynthResult:
        usual = {"rejected_model": "played", "rejected_url": url, "out": tmp_path / "out", "sample": True, "limit": 8}
        return synthesize(lang="zh", **{**usual, **changes})

    return go


def test_the_result_has_folder_account_pairs_and_dropped(
    call: Callable[..., SynthResult], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    result = call()
    (account,) = result.accounts
    assert result.folder == tmp_path / "out"
    assert account.rows_read == 8
    assert result.pairs.num_rows == account.written > 0
    assert len(result.dropped) == account.skipped.total() + account.dropped.total()
    assert result.pairs.to_list() == pq.read_table(result.folder / "pairs.parquet").to_pylist()
    assert "rows read" in result._repr_html_()
    assert capfd.readouterr() == ("", "")


def test_it_works_inside_a_running_event_loop_as_in_a_notebook(call: Callable[..., SynthResult]) -> None:
    async def cell() -> SynthResult:
        return call()

    assert asyncio.run(cell()).accounts == call().accounts


def test_an_interruption_inside_a_running_event_loop_stops_the_asking(
    call: Callable[..., SynthResult], played: Start
) -> None:
    server = played(delay_s=1.0)

    async def cell() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # as in a notebook: the loop is not asyncio.run's
        call(rejected_url=server.url, concurrency=1)

    def interrupt() -> None:
        wait_until(lambda: server.counts["distinct"])
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(cell())
    thread.join()
    assert server.counts["distinct"] < 8


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"rejected_url": None}, UsageError, "--rejected-url: is missing"),
        ({"limit": 0}, UsageError, "synthesize(): argument --limit: 0 is not positive"),
        ({"seed": 1 << 80}, UsageError, "a seed has at most 63 bits"),
        ({"pairing": "best"}, UsageError, "synthesize(): argument --pairing: invalid choice: 'best'"),
        ({"prompts": "nowhere.jsonl"}, UsageError, "not allowed with argument"),
        ({"sample": False, "prompts": "nowhere.jsonl"}, PrefsError, "--prompts nowhere.jsonl: no such file"),
        ({"batch": True}, UsageError, "--batch: has no effect without --chosen-model"),
    ],
)
def test_a_wrong_argument_is_an_exception_that_names_it(
    changes: dict[str, Any], error: type[PrefsError], message: str, call: Callable[..., SynthResult]
) -> None:
    with pytest.raises(error) as raised:
        call(**changes)
    assert message in str(raised.value)


def test_importing_the_package_loads_nothing_heavy_and_knows_its_names() -> None:
    program = (
        "import sys, synth\n"
        "heavy = [name for name in ('pyarrow', 'openai', 'numpy', 'pydantic') if name in sys.modules]\n"
        "from synth import synthesize\n"
        "from synth import synthesize as again\n"
        "print(heavy, callable(synthesize), synthesize is again, hasattr(synth, 'synthesise'))\n"
    )
    printed = subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, capture_output=True, text=True)
    assert printed.stdout == "[] True True False\n"
