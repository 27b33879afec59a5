"""What docs/export.md and docs/add-your-data.md show works as it is shown."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from builders import build_prefs, diff_prefs, export_prefs
from builders.building.pipeline import Built
from builders.exporting.format import COMMON_REASONS
from builders.exporting.formats import FORMATS, load_format
from sources.layouts.table import table_of_layouts

DOCS = Path(__file__).parent.parent.parent / "docs"
EXPORT = (DOCS / "export.md").read_text(encoding="utf-8")
ADD = (DOCS / "add-your-data.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", EXPORT, re.S)
COMMANDS = {"build-prefs": build_prefs, "export-prefs": export_prefs, "diff-prefs": diff_prefs}


def test_pandas_and_duckdb_read_a_build_in_one_line_each(
    build_sample: Callable[..., list[Built]], tmp_path: Path
) -> None:
    pytest.importorskip("duckdb")
    (built,) = build_sample(tmp_path / "prefs")
    assert len(SNIPPETS) == 3
    shown = []
    for snippet in SNIPPETS:
        done = subprocess.run(
            [sys.executable, "-c", snippet],
            cwd=tmp_path,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=300,
        )
        assert (done.returncode, done.stderr) == (0, "")
        shown.append(done.stdout)
    for account in built.accounts:
        for text in shown[:2]:
            assert re.search(rf"{account.source}\W+{account.written}\b", text)
    lost = sum((account.dropped for account in built.accounts), start=type(built.accounts[0].dropped)())
    assert all(reason in shown[2] for _, reason in lost)


@pytest.mark.parametrize("line", re.findall(r"^((?:build|export|diff)-prefs .*)$", EXPORT + ADD, re.M))
def test_every_command_is_accepted(line: str) -> None:
    words = shlex.split(line, comments=True)
    COMMANDS[words[0]].parse(words[1:])


def test_the_table_of_formats_is_whole() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| .* \| (.*) \| `(.*)` \|$", EXPORT, re.M)
    assert [(name, run) for name, _, run in rows] == [
        (format_.name, format_.run) for format_ in map(load_format, FORMATS)
    ]


def test_every_reason_to_leave_a_pair_out_is_explained() -> None:
    told = re.findall(r"^\| ([a-z_, ]+) \| ([a-z-]+) \| ", EXPORT, re.M)
    explained = {(name, reason) for reasons, name in told for reason in reasons.split(", ") if reason != "reason"}
    wanted = {(format_.name, reason) for format_ in map(load_format, FORMATS) for reason in format_.reasons}
    assert explained == {*wanted, *(("all", reason) for reason in COMMON_REASONS)}


def test_the_table_of_layouts_is_that_of_the_registry() -> None:
    assert table_of_layouts() in ADD, "write it anew: python -m sources.layouts.table"


def test_every_file_that_the_documents_name_is_there() -> None:
    for link in re.findall(r"\]\((\.\./[^)]+)\)", EXPORT + ADD):
        assert (DOCS / link).resolve().is_file()
