"""Files in every layout are found; all that are missing are said at once."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sources.command.errors import BadRowsError, BrokenFileError, MissingFileError, PrefsError
from train.evaluation.benchmarks import BENCHMARKS, BY_NAME
from train.evaluation.find_data import (
    ROOTS_OF_SAMPLE,
    ZIP_OF_CMMLU,
    Folder,
    Part,
    find_parts,
    parts_without_files,
    subtasks,
)
from train.evaluation.task_files import Workplace, write_tasks

Write = Callable[[str, Any], Path]
ROW = {"premise": "It rained.", "choice1": "A b.", "choice2": "C d.", "question": "cause", "label": 1}


def find(mirror: Path, *names: str, num_fewshot: int = 0) -> dict[str, list[Part]]:
    benchmarks = [BY_NAME[name] for name in names]
    scratch = mirror.parent / "scratch"
    return find_parts(benchmarks, Folder([mirror], "--mirror"), num_fewshot, partial=False, scratch=scratch)


def lines(parts: list[Part], name: str, folder: Path) -> list[dict[str, Any]]:
    write_tasks(Workplace(folder), BY_NAME[name], parts, 0)
    split = BY_NAME[name].questions.name
    text = (folder / "questions" / parts[0].task / f"{split}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_all_benchmarks_are_found(mirror: Path) -> None:
    found = find(mirror, *BY_NAME)
    assert {name: len(parts) for name, parts in found.items()} == {
        name: 67 if name == "cmmlu" else 1 for name in BY_NAME
    }
    (file,) = found["copa"][0].files["validation"]
    assert file.name == "copa/val.jsonl"
    assert len(file.sha256) == 64
    assert found["cmmlu"][0].task == "cmmlu_agronomy"


def test_everything_missing_is_said_at_once_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError) as raised:
        find(tmp_path, *BY_NAME)
    said = str(raised.value)
    for benchmark in BENCHMARKS:
        assert f"{benchmark.name} needs " in said
        assert f" from {benchmark.upstream}" in said
    assert "cmmlu/test/agronomy.csv, cmmlu/test/anatomy.csv, cmmlu/test/ancient_chinese.csv and 64 more files" in said


def test_one_missing_subject_is_missing(mirror: Path) -> None:
    (mirror / "haonan-li/CMMLU/data/test/virology.csv").unlink()
    with pytest.raises(MissingFileError, match=r"cmmlu needs cmmlu/test/virology.csv from github"):
        find(mirror, "cmmlu")


def test_examples_are_needed_only_where_they_are_asked_for(mirror: Path) -> None:
    with pytest.raises(MissingFileError, match=r"copa needs copa/train\*"):
        find(mirror, "copa", num_fewshot=2)
    assert set(find(mirror, "cmmlu", num_fewshot=2)["cmmlu"][0].files) == {"test", "dev"}
    assert set(find(mirror, "cvalues", num_fewshot=2)["cvalues"][0].files) == {"test"}


@pytest.mark.parametrize("name", ["aps/super_glue/copa/validation-00000-of-00001.parquet", "copa/validation.parquet"])
def test_parquet_files_of_the_hub_are_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / "mirror" / name
    path.parent.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist([ROW]), path)
    parts = find(tmp_path / "mirror", "copa")["copa"]
    assert lines(parts, "copa", tmp_path / "work") == [ROW]


def test_shards_are_read_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "mirror/mandarjoshi/trivia_qa/rc.nocontext"
    folder.mkdir(parents=True)
    for shard in (1, 0):
        row = {"question": f"Question {shard}", "answer": {"aliases": [str(shard)], "value": ""}}
        pq.write_table(pa.Table.from_pylist([row]), folder / f"validation-0000{shard}-of-00002.parquet")
    found = lines(find(tmp_path / "mirror", "triviaqa")["triviaqa"], "triviaqa", tmp_path / "work")
    assert [row["question"] for row in found] == ["Question 0", "Question 1"]


def test_the_archive_of_cmmlu_is_unpacked(tmp_path: Path) -> None:
    (tmp_path / "mirror/haonan-li/cmmlu").mkdir(parents=True)
    with zipfile.ZipFile(tmp_path / "mirror/haonan-li/cmmlu/cmmlu_v1_0_1.zip", "w") as packed:
        for _, subject in subtasks(BY_NAME["cmmlu"]):
            packed.writestr(f"test/{subject}.csv", ",Question,A,B,C,D,Answer\n0,问,甲,乙,丙,丁,B\n")
        packed.writestr("test/../../../outside.csv", "x")
    parts = find(tmp_path / "mirror", "cmmlu")["cmmlu"]
    assert len(parts) == 67
    assert lines(parts, "cmmlu", tmp_path / "work")[0]["Answer"] == "B"
    assert not list(tmp_path.glob("outside*"))
    assert not list(tmp_path.parent.glob("outside*"))


def test_a_broken_archive_is_said(write: Write) -> None:
    path = write("cmmlu_v1_0_1.zip", "no zip")
    with pytest.raises(BrokenFileError, match="cannot be unpacked"):
        find(path.parent, "cmmlu")


def test_two_copies_are_an_error(mirror: Path, write: Write) -> None:
    write("old/copa/val.jsonl", [ROW])
    with pytest.raises(PrefsError, match=r"copa/val.jsonl and old/copa/val.jsonl; expected one copy"):
        find(mirror, "copa")


def test_the_folder_must_exist(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="no such folder"):
        Folder([tmp_path / "none"], "--mirror none")


def test_the_sample_has_every_benchmark(tmp_path: Path) -> None:
    folder = Folder(ROOTS_OF_SAMPLE, "--sample")
    found = find_parts(BENCHMARKS, folder, 0, partial=True, scratch=tmp_path / "scratch")
    for benchmark in BENCHMARKS:
        assert lines(found[benchmark.name], benchmark.name, tmp_path / benchmark.name)


def test_without_files_the_packaged_tasks_get_their_own() -> None:
    for benchmark in BENCHMARKS:
        for part in parts_without_files(benchmark):
            assert part.task_file.is_file()
            assert not part.files


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"premise": "x"\n', "row 0: bad_json"),
        ([{**ROW, "label": 7}], r"copa/val.jsonl: row 0: label is 7"),
        ([ROW, {**ROW, "question": "how"}], r"copa/val.jsonl: row 1: question is 'how'"),
        ("[1, 2]", "row 0"),
        ("[]", "holds no row"),
        ('{"premise": "\\ud800"}\n', "row 0"),
    ],
)
def test_a_bad_row_is_named_and_never_left_out(write: Write, tmp_path: Path, content: Any, said: str) -> None:
    path = write("copa/val.jsonl", content)
    parts = find(path.parents[1], "copa")["copa"]
    with pytest.raises((BadRowsError, BrokenFileError), match=said):
        lines(parts, "copa", tmp_path / "work")


def test_an_empty_file_is_broken(write: Write, tmp_path: Path) -> None:
    path = write("cvalues_responsibility_mc.jsonl", "")
    with pytest.raises(BrokenFileError, match="empty"):
        lines(find(path.parent, "cvalues")["cvalues"], "cvalues", tmp_path / "work")


def test_every_path_of_the_documented_layout_is_found(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs/evaluate.md").read_text(encoding="utf-8")
    paths = [line.split()[0].removeprefix("DIR/") for line in page.splitlines() if line.startswith("DIR/")]
    splits = [split for benchmark in BENCHMARKS for split in (benchmark.questions, benchmark.examples) if split]
    patterns = [pattern.format(subject="agronomy") for split in splits for pattern in split.patterns]
    assert len(paths) == 10
    for number, path in enumerate(paths):
        file = tmp_path / str(number) / path
        file.parent.mkdir(parents=True)
        file.touch()
        folder = Folder([tmp_path / str(number)], "--mirror")
        assert folder.find([*patterns, ZIP_OF_CMMLU]), path
