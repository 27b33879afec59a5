"""Terminal escapes of upstream text are never printed."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from builders.build_prefs import main
from tests.builders.withstand.changes import change_rows, insert_line
from tests.builders.withstand.place import COMPARISON, ESCAPES, HARMLESS, HUOZI, OAAST, RAW, Place


@pytest.mark.parametrize("extra", [["--no-report"], ["--json", "--no-report"], ["--dry-run"]])
def test_terminal_escapes_of_upstream_rows_are_never_printed(
    extra: list[str], place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    place.spoil(COMPARISON, change_rows({2: {"chosen": ESCAPES}, 3: [ESCAPES]}))
    place.spoil(HARMLESS, change_rows({2: {"pos_type": ESCAPES}, 3: {"prompt": ESCAPES}}))
    place.spoil(HUOZI, lambda data: insert_line(data, 1, f'"{ESCAPES}" x,"a'.encode()))
    place.spoil(OAAST, change_rows({2: {"history": [[ESCAPES]]}, 3: {ESCAPES: ESCAPES}}))
    assert main(place.flags(*extra)) == 0
    printed = capfd.readouterr()
    assert not RAW.search(printed.out)
    assert printed.err == ""


def test_terminal_escapes_of_file_names_and_columns_are_never_printed(
    place: Place, refused: Callable[..., str]
) -> None:
    (place.mirror / HARMLESS).rename(place.mirror / HARMLESS.replace("harmless", f"{ESCAPES}"))
    assert "\\x1b[31mred\\x9b2J\\u202eevil\\x07_train.json" in refused()
    place.spoil(COMPARISON, lambda data: json.dumps([{ESCAPES: 1}]).encode())
    assert "found \\x1b[31mred" in refused("--only", "comparison_gpt4_zh")


@pytest.mark.parametrize(
    ("tag", "extra"),
    [
        ("\x1b[31mred", []),
        ("\x1b[31mred", ["--json"]),
        ("\x9b2J", []),
        pytest.param("\x9b2J", ["--json"]),
        ("\u202eevil", []),
        ("[/red]", []),
    ],
)
def test_terminal_escapes_of_tags_are_never_printed(
    tag: str, extra: list[str], place: Place, synth: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(place.flags("--synth", synth(tags=[tag]), "--no-report", *extra)) == 0
    printed = capsys.readouterr()
    assert not RAW.search(printed.out + printed.err)


def test_terminal_escapes_of_synth_file_names_are_never_printed(
    place: Place, synth: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = synth()
    (folder / "pairs.parquet").rename(folder / f"pairs[bold]{ESCAPES}.parquet")
    assert main(place.flags("--synth", folder, "--dry-run")) == 0
    printed = capsys.readouterr()
    assert not RAW.search(printed.out + printed.err)
    assert "pairs[bold]" in printed.out
