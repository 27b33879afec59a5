"""The small inputs of ../shared/cases that are about files: each gives its right result in both commands."""

import json
from pathlib import Path
from typing import Any

import pytest

from builders.build_prefs import main as build_prefs
from builders.lint_prefs import main as lint_prefs

FILES: dict[str, tuple[int, str]] = {
    "12-bom.json": (6, ""),
    "12b-bom.jsonl": (6, ""),
    "12c-gbk.jsonl": (6, "read as GB18030"),
    "12d-utf16.jsonl": (6, "read as UTF-16"),
    "12e-utf16.json": (6, "read as UTF-16"),
    "12f-crlf.jsonl": (6, ""),
    "12g-excel-gbk.csv": (6, "read as GB18030"),
    "12h-excel-bom.csv": (6, ""),
    "13-concat.json": (6, "objects one after the other"),
    "13b-jsonl-named-json.json": (6, ""),
    "13c-array-named-jsonl.jsonl": (6, ""),
    "13f-trailing-comma.json": (6, ""),
    "13l.json.gz": (6, ""),
    "20-large-string.parquet": (6, ""),
    "20b-dictionary.parquet": (6, ""),
    "20c-string-view.parquet": (6, ""),
    "20d-ultrafeedback.parquet": (6, ""),
    "20e-binary.parquet": (6, ""),
    "20f-null-struct-fields.parquet": (6, ""),
    "20g-pandas-categorical.parquet": (6, ""),
    "20h-large-list.parquet": (6, ""),
    "20i-struct-of-lists.parquet": (6, ""),
    "21-save-to-disk": (6, "passed over  dataset_info.json, state.json: auxiliary file of a tool"),
    "21b-dict-save-to-disk": (12, "dataset_dict.json"),
    "22.jsonl.bz2": (6, ""),
    "22c.zip": (6, "read as zip, its file data.jsonl"),
    "22d.ndjson": (6, ""),
    "22e.txt": (6, ""),
    "24-folder-mixed": (12, ""),
    "24c-folder-test-leak": (9, ""),
}
"""How many pairs lint-prefs makes of each, and what is said of how it was read."""


@pytest.mark.shared
@pytest.mark.parametrize("name", FILES)
def test_a_case_is_read_and_what_was_guessed_is_said(
    name: str, shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = shared / "cases" / name
    pairs, told = FILES[name]
    assert lint_prefs([str(path), "--fail-on", "never", "--json", "--workers", "1"]) == 0
    linted = json.loads(capsys.readouterr().out)
    assert linted["pairs"] == pairs
    flags = ["--sample", "--only-added", "--no-report", "--workers", "1", "--json", "--out", str(tmp_path / "out")]
    assert build_prefs(["--lang", "all", *flags, "--add", str(path), "--add-licence", "MIT"]) in (0, 1)
    printed = capsys.readouterr()
    if printed.err:  # a file in one language alone
        assert build_prefs(["--lang", "zh", *flags, "--add", str(path), "--add-licence", "MIT"]) == 0
        printed = capsys.readouterr()
    built: dict[str, Any] = json.loads(printed.out)
    assert sum(one["total"]["pairs_made"] for one in built["built"]) == pairs
    guesses = [line for line in linted["remarks"] if not told or told in line]
    assert bool(guesses) == bool(told)
    assert set(guesses) <= set(built["remarks"])
