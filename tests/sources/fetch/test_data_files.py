"""Which files of a folder are data, and what is said of the others."""

import json
import os
from pathlib import Path

import pytest

from sources.command.errors import MissingFileError
from sources.fetch.data_files import Found, Wanted, find_data, look_through, name_data, names_below

ALL = Wanted()


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x", encoding="utf-8")
    return folder


def taken(found: Found) -> list[str]:
    return [file.name for file in found.files]


DATA = [
    "a.csv", "b.json.gz", "c/d.JSONL", "c/e.parquet", "f.arrow", "g.feather", "h.xlsx", "i.ndjson.zst", "j.tsv.bz2",
    "readme_pairs.jsonl",
]  # fmt: skip
OTHERS = {
    ".git/a.json": "hidden",
    ".gitattributes": "hidden",
    "LICENSE": "documentation",
    "NOTICE.txt": "documentation",
    "README.md": "documentation",
    "c/README_zh.md": "documentation",
    "c/dataset_info.json": "auxiliary file of a tool",
    "manifest.json": "auxiliary file of a tool",
    "images.zip": "an archive: give it by itself, or unpack it",
    "x.png": "not the extension of a data file",
    "y.txt": "not the extension of a data file",
}


def test_a_folder_says_what_it_takes_and_what_it_passes_over(tmp_path: Path) -> None:
    found = look_through(fill(tmp_path, *DATA, *OTHERS), "PATH", ALL)
    assert sorted(taken(found)) == sorted(DATA)
    assert dict(found.passed_over) == OTHERS


def test_what_is_passed_over_is_told_by_reason_and_not_endlessly(tmp_path: Path) -> None:
    names = [f"{number}.png" for number in range(8)]
    lines = look_through(fill(tmp_path, "a.csv", "LICENSE", *names), "PATH", ALL).passed_over_lines()
    assert lines == [
        "LICENSE: documentation",
        "0.png, 1.png, 2.png, 3.png, 4.png and 3 more: not the extension of a data file",
    ]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(include=("*.csv",)), ["a.csv"]),
        (Wanted(include=("y.txt", "c/e*", "c/data*")), ["c/dataset_info.json", "c/e.parquet", "y.txt"]),
        (Wanted(include=("*.parquet", "*.JSONL"), exclude=("d.*",)), ["c/e.parquet"]),
        (Wanted(exclude=("c/*", "*.gz", "[f-j]*", "readme*")), ["a.csv"]),
    ],
)  # fmt: skip
def test_files_can_be_named_by_patterns(wanted: Wanted, expected: list[str], tmp_path: Path) -> None:
    found = look_through(fill(tmp_path, *DATA, *OTHERS), "PATH", wanted)
    assert taken(found) == expected
    assert len(found.files) + len(found.passed_over) == len(DATA) + len(OTHERS)


def test_a_file_that_is_given_is_taken_whatever_it_is_called(tmp_path: Path) -> None:
    fill(tmp_path, "manifest.json", "x.png")
    wanted = Wanted(exclude=("*",), encoding="gb18030")
    for name in ("manifest.json", "x.png"):
        (file,) = look_through(tmp_path / name, "PATH", wanted).files
        assert (file.name, file.encoding) == (name, "gb18030")


def test_a_name_that_is_no_utf8_is_spelled_out(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xd6\xd0.jsonl")
    fill(tmp_path, name)
    for place in (tmp_path, tmp_path / name):
        (file,) = look_through(place, "PATH", ALL).files
        assert (file.name, file.path) == (r"\xd6\xd0.jsonl", tmp_path / name)
    assert names_below(tmp_path) == [name]
    assert name_data(tmp_path / name) == r"\xd6\xd0"


def test_a_folder_without_data_says_what_is_in_it(tmp_path: Path) -> None:
    with pytest.raises(
        MissingFileError, match=r"no data file below it.*README\.md: documentation.*--include GLOB takes"
    ):
        find_data(fill(tmp_path, "README.md"), "PATH")


def state(folder: Path, *names: str, split: str | None = None) -> Path:
    listed = [{"filename": name} for name in names]
    fill(folder, *names)
    (folder / "state.json").write_text(json.dumps({"_data_files": listed, "_split": split}), encoding="utf-8")
    return folder


def test_of_a_saved_dataset_only_the_files_that_it_names_are_data(tmp_path: Path) -> None:
    folder = fill(state(tmp_path, "data-00000-of-00001.arrow", split="test"), "cache-12ab.arrow", "dataset_info.json")
    found = look_through(folder, "PATH", ALL)
    assert [(file.name, file.split) for file in found.files] == [("data-00000-of-00001.arrow", "test")]
    assert dict(found.passed_over)["cache-12ab.arrow"] == "not named in state.json"


def test_a_saved_dataset_that_lacks_a_file_is_told(tmp_path: Path) -> None:
    state(tmp_path, "data-00000-of-00002.arrow", "data-00001-of-00002.arrow")
    (tmp_path / "data-00001-of-00002.arrow").unlink()
    with pytest.raises(
        MissingFileError, match=r"state\.json: names data-00001-of-00002\.arrow, which is not beside it"
    ):
        find_data(tmp_path, "PATH")


@pytest.mark.parametrize("content", ["[]", "{}", "no", '{"_data_files": 7}', '{"_data_files": [{"name": 1}]}'])
def test_a_state_of_another_tool_is_passed_over(content: str, tmp_path: Path) -> None:
    fill(tmp_path, "a.arrow")
    (tmp_path / "state.json").write_text(content, encoding="utf-8")
    assert taken(look_through(tmp_path, "PATH", ALL)) == ["a.arrow"]
