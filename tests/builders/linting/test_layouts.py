"""Layouts that are named, limits, benchmarks; and what a linter leaves behind."""

import json
import os
import re
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders.stages.benchmarks import BENCHMARKS
from sources.fetch.fetcher import SAMPLE
from tests.forking import Forking

LIMIT_S = 300
LAYOUTS_NAMED = ["trl", "trl-implicit", "ultrafeedback", "hh", "llamafactory-old", "sharegpt", "ms-swift"]


@pytest.mark.parametrize("layout", LAYOUTS_NAMED)
def test_a_wrong_layout_gives_no_pair_and_says_so(
    layout: str, refused: Any, write: Callable[..., Path], clean_rows: Any
) -> None:
    said = refused(write(clean_rows), "--layout", layout, status=1)
    assert re.search(r"no upstream row gave a pair \([a-z_]+ \d+", said)
    assert "at the layout if one is named" in said


def test_columns_can_be_named(lint: Any, write: Callable[..., Path]) -> None:
    rows = [{"q": "一年有几个季节？", "good": "四个。", "bad": "四个 。"}]
    linted = lint(write(rows), "--layout", "keys(prompt=q,chosen=good,rejected=bad)")
    assert linted.counts == {"identical_sides": 1}
    assert linted.said["files"][0]["why"] == "--layout says so"


def test_each_file_of_a_folder_may_have_a_layout_of_its_own(
    lint: Any, write: Callable[..., Path], pair: Any, clean_rows: Any
) -> None:
    row = {"question": "一年有几个季节？", "response_chosen": "四个。", "response_rejected": "四个 。"}
    write([row], "b.jsonl")
    linted = lint(write(clean_rows, "a.jsonl").parent)
    assert [file["layout"] for file in linted.said["files"]] == ["trl-standard", "medicalgpt"]
    assert linted.counts == {"identical_sides": 1}


def test_limit_reads_so_many_rows_of_each_file(
    lint: Any, write: Callable[..., Path], pair: Any, clean_rows: Any
) -> None:
    write([*clean_rows[:4], pair(chosen="")], "a.jsonl")
    folder = write([*clean_rows[4:8], pair(chosen="")], "b.jsonl").parent
    assert lint(folder, "--limit", 4).said["rows"] == 8
    assert lint(folder, "--limit", 4).counts == {}
    assert lint(folder, "--limit", 5).counts == {"empty_side": 2, "exact_duplicate": 1}


def test_questions_of_the_sample_benchmarks_are_found(
    lint: Any, write: Callable[..., Path], pair: Any, clean_rows: Any
) -> None:
    file = SAMPLE / "benchmarks" / "cvalues_responsibility_prompts.jsonl"
    question = max((json.loads(line)["prompt"] for line in file.read_text("utf-8").splitlines()), key=len)
    path = write([*clean_rows, pair(f"请回答：{question}")])
    linted = lint(path, "--benchmarks", SAMPLE / "benchmarks")
    assert linted.counts == {"contaminated": 1}
    assert linted.examples("contaminated")[0][1].startswith("cvalues cvalues_responsibility_prompts.jsonl:")
    assert linted.said["not_checked"] == []
    assert "contaminated" not in lint(path).counts


def test_benchmarks_that_are_not_there_are_named(lint: Any, write: Callable[..., Path], pair: Any) -> None:
    folder = write([pair()]).parent / "none"
    folder.mkdir()
    said = lint(write([pair()]), "--benchmarks", folder).said
    assert [line.partition(":")[0] for line in said["not_checked"]] == [benchmark.name for benchmark in BENCHMARKS]


def test_questions_of_the_real_benchmarks_are_found(
    lint: Any, write: Callable[..., Path], pair: Any, shared: Path
) -> None:
    file = shared / "benchmarks" / "cvalues_responsibility_prompts.jsonl"
    questions = [json.loads(line)["prompt"] for line in file.read_text("utf-8").splitlines()]
    linted = lint(write([pair(question) for question in questions[:50]]), "--benchmarks", shared / "benchmarks")
    assert linted.counts["contaminated"] >= 50 - linted.counts.get("near_duplicate", 0)


def scratch(folder: Path) -> list[str]:
    return [path.name for path in folder.glob("lint-prefs-*")]


def test_nothing_is_left_and_nothing_is_changed(
    lint: Any, refused: Any, write: Callable[..., Path], pair: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    path = write([pair(), pair(chosen="")])
    before = path.read_bytes()
    lint(path.parent)
    path.with_name("z.json").write_bytes(b"[{")
    refused(path.parent, status=1)
    assert list(temporary.iterdir()) == []
    assert path.read_bytes() == before


def test_ctrl_c_is_one_line_and_leaves_nothing(
    write: Callable[..., Path], pair: Any, tmp_path: Path, forking: Forking
) -> None:
    folder = write([pair(f"第{n}个问题？", "答" * 900, "不。") for n in range(6000)], "a.jsonl").parent
    write([pair(f"第{n}个问题？", "答" * 900, "不。") for n in range(6000, 12000)], "b.jsonl")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    flags = (folder, "--workers", "2")
    running = forking.start("builders.lint_prefs", *flags, env={**os.environ, "TMPDIR": str(temporary)})
    deadline = time.monotonic() + LIMIT_S
    while not scratch(temporary) and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=LIMIT_S)
    assert (running.returncode, out) == (130, "")
    assert err == "lint-prefs: interrupted; nothing was written\n"
    assert scratch(temporary) == []


def test_a_reader_who_leaves_is_no_traceback(write: Callable[..., Path], pair: Any, forking: Forking) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = forking.run("builders.lint_prefs", write([pair(chosen="") for _ in range(3)]), stdout=writer)
    os.close(writer)
    assert "Traceback" not in done.stderr
