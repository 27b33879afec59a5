"""What synth-prefs prints, and where it writes."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sources.command.errors import UsageError
from sources.files.folder import scratch_folder
from synth.synth_prefs import main
from tests.forking import Forking
from tests.synth.made import no_file_beyond
from tests.synth.place import Place, Said
from tests.synth.played_server import PlayedServer

NOWHERE = "http://127.0.0.1:9/v1"

BASE = ["--lang", "zh", "--rejected-model", "m", "--rejected-url", NOWHERE]

RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

ESCAPES = "\x1b[31mred\x9b2J\u202eevil\x07"

Start = Callable[..., PlayedServer]

Run = Callable[..., Said]

Refused = Callable[..., str]


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Run the command with these flags added: the one line that it says, once it has exited as expected."""

    def call(*more: object, code: int = 2, base: list[str] | None = None) -> str:
        capsys.readouterr()
        out = [] if "--out" in more else ["--out", str(tmp_path / "out")]
        status = main([*(BASE if base is None else base), *map(str, more), *out])
        printed = capsys.readouterr()
        assert (status, printed.out) == (code, ""), printed.err
        assert printed.err.startswith("synth-prefs: ")
        assert printed.err.count("\n") == 1
        assert not RAW.search(printed.err)
        return printed.err.removeprefix("synth-prefs: ").rstrip("\n")

    return call


def test_a_second_run_is_told_who_is_there(place: Place, synth: Run, played: Start) -> None:
    server = played()
    with scratch_folder(place.out):
        said = synth(server.url, code=1)
    assert f"another run (process {os.getpid()}) writes there. Wait for it, or give another --out." in said.err
    assert server.counts["started"] == 0


def test_the_table_accounts_for_every_prompt(place: Place, synth: Run, played: Start) -> None:
    server = played(rules=[{"match": "第3件", "play": 400}, {"match": "第4件", "play": {"text": ""}}])
    place.write_rows(
        [*({"prompt": f"请说明第{n}件事", "chosen": f"第{n}件要慢慢说。"} for n in range(6)), {"prompt": ""}]
    )
    said = synth(server.url)
    numbers = dict(re.findall(r"^ *(?:− )?([a-z_ ]+?) +(\d+|·)$", said.out, re.M))
    assert numbers["rows read"] == "7"
    assert numbers["empty_prompt"] == numbers["refused"] == numbers["empty_side"] == "1"
    assert (numbers["pairs made"], numbers["pairs written"]) == ("5", "4")
    assert f"→ {place.out}" in said.out


def test_json_says_the_same_as_data(place: Place, synth: Run, played: Start) -> None:
    said = synth(played().url, "--json")
    found: dict[str, Any] = json.loads(said.out)
    assert found["folder"] == str(place.out)
    assert (found["account"]["rows_read"], found["account"]["pairs_made"]) == (12, 12)
    assert (found["asked"]["answers"], found["asked"]["from_journal"]) == (12, 0)
    again = json.loads(synth(played().url, "--json").out)["asked"]
    assert (again["answers"], again["from_journal"]) == (0, 12)


def test_hostile_text_is_shown_escaped(place: Place, synth: Run, played: Start) -> None:
    place.write_rows([{"prompt": f"{ESCAPES}{n}", "chosen": f"{ESCAPES}好{n}"} for n in range(3)])
    server = played(rules=[{"match": f"{ESCAPES}1", "play": {"status": 400, "body": {"error": {"message": ESCAPES}}}}])
    for more in ((), ("--json",), ("--dry-run",)):
        said = synth(server.url, *more)
        assert not RAW.search(said.out)
        assert not RAW.search(said.err)
    assert place.lost()["1"] == ("refused", "rejected: HTTP 400: \\x1b[31mred\\x9b2J\\u202eevil\\x07")


def test_a_reader_that_leaves_early_is_no_error(place: Place, played: Start, forking: Forking) -> None:
    for more in (["--dry-run", "--json"], []):
        reader, writer = os.pipe()
        os.close(reader)
        done = forking.run("synth.synth_prefs", *place.flags(played().url, *more), stdout=writer)
        os.close(writer)
        assert done.stderr == ""
    assert len(place.rows("pairs")) == 12


def test_a_terminal_that_knows_ascii_only_is_enough(place: Place, played: Start, forking: Forking) -> None:
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    done = forking.run("synth.synth_prefs", *place.flags(played().url), env=ascii_only)
    assert (done.returncode, done.stderr) == (0, "")
    assert "pairs written" in done.stdout
    assert done.stdout.isascii()
    place.write_rows([{"prompt": "", "chosen": "答"}])
    done = forking.run("synth.synth_prefs", *place.flags(played().url), env=ascii_only)
    assert done.returncode == 1
    assert done.stderr.startswith("synth-prefs: prompts.jsonl: holds no prompt that can be answered")


def test_the_default_output_is_a_folder_by_language(
    place: Place, played: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(place.folder)
    flags = place.flags(played().url)
    at = flags.index("--out")
    assert main(flags[:at] + flags[at + 2 :]) == 0
    assert {path.name for path in (place.folder / "synth-out/zh").glob("[!.]*")} == {
        "candidates.parquet",
        "dropped.parquet",
        "journal.sqlite",
        "manifest.json",
        "pairs.parquet",
    }


def test_a_traceback_is_for_those_who_ask_for_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        main([*BASE, "--recipe", "no-such", "--debug"])


@pytest.mark.parametrize("size", [0, 1_000, 10_000, 50_000, 70_000, 80_000])
def test_a_full_disk_is_one_line_and_nothing_is_asked_twice(size: int, place: Place, synth: Run, played: Start) -> None:
    server = played()
    with no_file_beyond(size):
        said = synth(server.url, "--concurrency", 1, code=1)
    assert str(place.out) in said.err
    assert not list(place.out.glob("*.parquet"))
    kept, started = len(place.journal()) if (place.out / "journal.sqlite").exists() else 0, server.counts["served"]
    assert kept <= started <= kept + 1
    synth(server.url)
    assert server.counts["served"] == 12 + started - kept
    assert len(place.rows("pairs")) == 12
