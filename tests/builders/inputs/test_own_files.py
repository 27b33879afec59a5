"""Files of every kind through both commands: what was guessed is said, what lies beside them too."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from builders import build, lint
from builders.build_prefs import main as build_prefs
from builders.lint_prefs import main as lint_prefs
from sources.command.errors import UsageError

WORDS = "一二三四五六七八"
ROWS = [
    {"prompt": f"请夸一夸第{word}只猫。", "chosen": f"第{word}只猫的尾巴真漂亮，我很喜欢。", "rejected": "猫。"}
    for word in WORDS
]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)
CSV = "prompt;chosen;rejected\r\n" + "".join(";".join(row.values()) + "\r\n" for row in ROWS)

Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def both(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Lint the data and add it to a build: the pairs and the remarks of each, or the lines on stderr."""

    def run(data: Path, *flags: str) -> tuple[int, Any]:
        said = []
        for command in (
            lambda: lint_prefs([str(data), "--fail-on", "never", "--json", "--workers", "1", *flags]),
            lambda: build_prefs(
                ["--lang", "zh", "--sample", "--only-added", "--no-report", "--workers", "1", "--json", "--out",
                 str(tmp_path / "out"), "--add", str(data), "--add-licence", "MIT", *flags]
            ),
        ):  # fmt: skip
            capsys.readouterr()
            status = command()
            printed = capsys.readouterr()
            if status:
                assert (printed.out, printed.err.count("\n")) == ("", 1)
                said.append(printed.err)
            else:
                result = json.loads(printed.out)
                pairs = result["pairs"] if "pairs" in result else result["built"][0]["total"]["pairs_made"]
                said.append((pairs, result["remarks"]))
        return status, said

    return run


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.jsonl", LINES.encode("gb18030"), "a.jsonl read as GB18030"),
        ("a.csv", CSV.encode("gbk"), "a.csv read as GB18030, a table with semicolons between its cells"),
        ("a.txt", LINES.encode("utf-16"), "a.txt read as UTF-16"),
        ("a.bin", gzip.compress(LINES.encode()), "a.bin read as gz"),
        ("a.json", json.dumps({"data": ROWS}).encode(), "a.json read as the rows are the list data"),
    ],
)
def test_what_was_guessed_is_said_by_both_commands(
    name: str, content: bytes, told: str, both: Run, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    status, said = both(tmp_path / name)
    assert status == 0
    for pairs, remarks in said:
        assert pairs == len(ROWS)
        assert f"file  {told}" in remarks


def test_a_named_encoding_is_used_from_end_to_end(both: Run, tmp_path: Path) -> None:
    rows = [
        {"prompt": "猫をほめて。", "chosen": f"{n}匹目の猫のしっぽはきれいです。", "rejected": "猫。"} for n in range(4)
    ]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (tmp_path / "a.jsonl").write_bytes(text.encode("shift_jis"))
    status, lines = both(tmp_path / "a.jsonl")
    assert status == 1
    for line in lines:
        assert "a.jsonl: not UTF-8; it looks like SHIFT_JIS" in line
        assert "Give --encoding shift_jis" in line
    assert lint(tmp_path / "a.jsonl", encoding="shift_jis").pairs == len(rows)


def test_a_folder_says_which_files_it_takes(both: Run, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "a.jsonl").write_text(LINES, encoding="utf-8")
    (folder / "b.csv").write_text(CSV, encoding="utf-8")
    (folder / "LICENSE").write_text("MIT", encoding="utf-8")
    status, said = both(folder)
    assert status == 0
    for pairs, remarks in said:
        assert pairs == 2 * len(ROWS)
        assert "passed over  LICENSE: documentation" in remarks
    assert "files  mine: 2 are taken: a.jsonl, b.csv" in said[1][1]
    for flags in (("--include", "*.csv"), ("--exclude", "a.*")):
        _, said = both(folder, *flags)
        assert [pairs for pairs, _ in said] == [len(ROWS)] * 2


def test_splits_of_a_saved_dataset_are_kept(tmp_path: Path) -> None:
    from datasets import Dataset, DatasetDict

    parts = {"train": Dataset.from_list(ROWS[:5]), "test": Dataset.from_list(ROWS[5:])}
    DatasetDict(parts).save_to_disk(tmp_path / "both", num_proc=None)
    assert lint(tmp_path / "both").examined.pairs_by_split == {"test": 3, "train": 5}
    parts["test"].save_to_disk(tmp_path / "one", num_shards=2)
    assert lint(tmp_path / "one").pairs == 3
    result = build(
        lang="zh", sample=True, add=tmp_path / "both", add_licence="MIT", only_added=True, out=tmp_path / "out"
    )
    files = sorted((result.folder / "data").glob("*.parquet"))
    rows = [row for file in files for row in pq.read_table(file)["source_row"].to_pylist()]
    assert {row.partition("/")[0] for row in rows} == {"train", "test"}


def test_flags_about_added_files_need_some(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--encoding, --include and --exclude: need --add"):
        build(lang="zh", sample=True, exclude="*.csv", out=tmp_path)
    with pytest.raises(UsageError, match="--encoding: no encoding is called klingon"):
        lint(tmp_path, encoding="klingon")
