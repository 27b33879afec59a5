"""The questions of benchmarks, in their upstream formats; what cannot be had is said."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.stages.benchmarks import CMMLU_SUBJECTS, Question
from builders.stages.benchmarks_of_today import EVERY_BENCHMARK
from builders.stages.read_benchmarks import load_benchmarks
from sources.command.errors import BrokenFileError
from sources.fetch.fetcher import SAMPLE, Mirror

NAMES = tuple(benchmark.name for benchmark in EVERY_BENCHMARK)
IN_A_FOLDER_ONLY = ("alignbench", "crbench", "mt_bench")


def write(folder: Path, name: str, content: str | bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))


@pytest.fixture
def empty(tmp_path: Path) -> Mirror:
    """A mirror without a file."""
    folder = tmp_path / "empty-mirror"
    folder.mkdir()
    return Mirror(folder)


def questions(name: str, folder: Path, mirror: Mirror) -> list[Question]:
    return load_benchmarks((name,), folder, mirror)[0]


def test_benchmarks_have_names_of_their_own_and_pinned_files() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert len(CMMLU_SUBJECTS) == len(set(CMMLU_SUBJECTS)) == 67
    for benchmark in EVERY_BENCHMARK:
        assert benchmark.patterns
        assert bool(benchmark.files) == (benchmark.name not in IN_A_FOLDER_ONLY)
        assert all(file.revision == "main" or len(file.revision) == 40 for file in benchmark.files), benchmark.name


def test_every_benchmark_of_the_sample_has_questions() -> None:
    found, statuses = load_benchmarks(NAMES, SAMPLE / "benchmarks", Mirror(SAMPLE))
    assert [status.name for status in statuses] == list(NAMES)
    assert not [status for status in statuses if status.missing or not status.questions or not status.files]
    assert sum(status.questions for status in statuses) == len(found)


def test_the_real_questions_are_read(shared: Path, empty: Mirror) -> None:
    found, statuses = load_benchmarks(("cvalues", "cmmlu", "xcopa_zh"), shared / "benchmarks", empty)
    assert not [status for status in statuses if status.missing]
    assert {status.name: status.questions for status in statuses}["cvalues"] == 664
    assert {status.name: len(status.files) for status in statuses}["cmmlu"] == len(CMMLU_SUBJECTS)
    assert all(question.text for question in found)


def test_json_lines_give_a_question_each_named_by_its_own_number(tmp_path: Path, empty: Mirror) -> None:
    rows = [{"id_": 5, "prompt": "二氧化碳有害吗？"}, {"id_": 9, "prompt": "为什么？"}]
    write(tmp_path, "a/cvalues_responsibility_prompts.jsonl", "\n\n".join(map(json.dumps, rows)) + "\n")
    name = "a/cvalues_responsibility_prompts.jsonl"
    assert questions("cvalues", tmp_path, empty) == [
        Question("cvalues", f"{name}:5", "二氧化碳有害吗？"),
        Question("cvalues", f"{name}:9", "为什么？"),
    ]


def test_csv_gives_a_question_each_named_by_its_row(tmp_path: Path, empty: Mirror) -> None:
    text = '\ufeff,Question,A,B,C,D,Answer\r\n0,"下列哪一项，\n是对的",a,b,c,d,A\r\n1,第二题,a,b,c,d,B\r\n'
    write(tmp_path, "cmmlu/dev/arts.csv", text)
    assert questions("cmmlu", tmp_path, empty) == [
        Question("cmmlu", "cmmlu/dev/arts.csv:0", "下列哪一项，\n是对的"),
        Question("cmmlu", "cmmlu/dev/arts.csv:1", "第二题"),
    ]


def test_parquet_gives_a_question_each(tmp_path: Path, empty: Mirror) -> None:
    (tmp_path / "triviaqa").mkdir()
    table = pa.table({"question": ["Why is the sky blue?"], "question_id": ["tc_1"], "answer": ["x"]})
    pq.write_table(table, tmp_path / "triviaqa" / "validation.parquet")
    assert questions("triviaqa", tmp_path, empty) == [
        Question("triviaqa", "triviaqa/validation.parquet:tc_1", "Why is the sky blue?")
    ]


def test_files_come_in_the_order_of_their_names(tmp_path: Path, empty: Mirror) -> None:
    for subject in ("virology", "arts", "logical"):
        write(tmp_path, f"cmmlu/test/{subject}.csv", f"Question\n{subject}\n")
    found, (status,) = load_benchmarks(("cmmlu",), tmp_path, empty)
    assert [question.text for question in found] == ["arts", "logical", "virology"]
    assert status.files == tuple(f"cmmlu/test/{subject}.csv" for subject in ("arts", "logical", "virology"))


def test_without_a_folder_the_files_come_from_the_mirror(tmp_path: Path) -> None:
    name = "X-PLUG/CValues/dataset/cvalues_responsibility_prompts.jsonl"
    write(tmp_path, name, '{"id_": 1, "prompt": "你好"}\n')
    found, _ = load_benchmarks(("cvalues",), None, Mirror(tmp_path))
    assert found == [Question("cvalues", f"{name}:1", "你好")]


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_that_cannot_be_had_is_reported_with_the_reason(tmp_path: Path, empty: Mirror, name: str) -> None:
    found, (status,) = load_benchmarks((name,), tmp_path / "empty-mirror", empty)
    assert found == []
    assert (status.name, status.questions, status.files) == (name, 0, ())
    assert status.missing.startswith("no place " if name in IN_A_FOLDER_ONLY else "no file ")


def test_only_the_benchmarks_named_are_looked_for(tmp_path: Path, empty: Mirror) -> None:
    assert load_benchmarks((), tmp_path, empty) == ([], [])
    assert [status.name for status in load_benchmarks(("copa", "cvalues"), tmp_path, empty)[1]] == ["cvalues", "copa"]


@pytest.mark.parametrize(
    ("benchmark", "name", "content"),
    [
        ("xcopa_zh", "xcopa_zh/val.jsonl", "{not json\n"),
        ("xcopa_zh", "xcopa_zh/val.jsonl", '{"idx": 1, "question": "?"}\n'),
        ("xcopa_zh", "xcopa_zh/val.jsonl", '{"idx": 1, "premise": null}\n'),
        ("xcopa_zh", "xcopa_zh/val.jsonl", '["premise"]\n'),
        ("xcopa_zh", "xcopa_zh/val.jsonl", b"\xff\xfe\x00"),
        ("cmmlu", "cmmlu/dev/arts.csv", "Frage,A\nwas,a\n"),
        ("cmmlu", "cmmlu/dev/arts.csv", "问题".encode("gbk")),
        ("copa", "copa/val.parquet", b"PAR1 no"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_an_error(
    tmp_path: Path, empty: Mirror, benchmark: str, name: str, content: str | bytes
) -> None:
    write(tmp_path, name, content)
    with pytest.raises(BrokenFileError, match=name):
        questions(benchmark, tmp_path, empty)


def test_a_parquet_file_without_the_column_is_an_error(tmp_path: Path, empty: Mirror) -> None:
    (tmp_path / "copa").mkdir()
    pq.write_table(pa.table({"idx": [1], "text": ["x"]}), tmp_path / "copa" / "val.parquet")
    with pytest.raises(BrokenFileError, match=r"copa/val\.parquet"):
        questions("copa", tmp_path, empty)


@pytest.mark.parametrize(
    ("benchmark", "name", "row", "question"),
    [
        ("mt_bench", "mt_bench/question.jsonl", {"turns": ["Name a fruit.", "And a tree."]}, "Name a fruit."),
        ("mt_bench", "x/mt_bench/prompts.jsonl", {"prompt": ["Name a fruit."]}, "Name a fruit."),
        ("arena_hard", "arena_hard/v0.1/question.jsonl", {"turns": [{"content": "Name a fruit."}]}, "Name a fruit."),
        ("arena_hard", "arena_hard/v2.0/question.jsonl", {"prompt": "Name a fruit."}, "Name a fruit."),
        ("arc", "arc/test.jsonl", {"question": {"stem": "Name a fruit.", "choices": []}}, "Name a fruit."),
        ("cheems_bench", "cheems_bench/human.jsonl", {"prompt": "说出一种水果。"}, "说出一种水果。"),
    ],
)
def test_a_question_is_read_wherever_it_lies_in_a_row(
    tmp_path: Path, empty: Mirror, benchmark: str, name: str, row: dict[str, object], question: str
) -> None:
    write(tmp_path, name, json.dumps(row))
    assert [found.text for found in questions(benchmark, tmp_path, empty)] == [question]


@pytest.mark.parametrize("turns", [[], None, [None], "Name a fruit.", {"0": 1}], ids=str)
def test_a_row_whose_question_is_not_there_is_an_error(tmp_path: Path, empty: Mirror, turns: object) -> None:
    write(tmp_path, "mt_bench/question.jsonl", json.dumps({"turns": turns}))
    with pytest.raises(BrokenFileError, match="row 0 has no text in column"):
        questions("mt_bench", tmp_path, empty)


def test_one_array_of_questions_is_read_too(tmp_path: Path, empty: Mirror) -> None:
    rows = [{"instruction": "Name a fruit."}, {"instruction": "Name a tree."}]
    write(tmp_path, "alpaca_eval.json", json.dumps(rows))
    found = questions("alpaca_eval", tmp_path, empty)
    assert [(one.item, one.text) for one in found] == [
        ("alpaca_eval.json:0", "Name a fruit."),
        ("alpaca_eval.json:1", "Name a tree."),
    ]


def test_every_part_of_a_benchmark_comes_from_a_mirror(tmp_path: Path) -> None:
    for subject in ("law", "art"):
        folder = tmp_path / "ceval/ceval-exam" / subject
        folder.mkdir(parents=True)
        for split in ("test", "val"):
            table = pa.table({"id": [0], "question": [f"{subject} {split}?"]})
            pq.write_table(table, folder / f"{split}-00000-of-00001.parquet")
    found, (status,) = load_benchmarks(("ceval",), None, Mirror(tmp_path))
    assert sorted(question.text for question in found) == ["art test?", "art val?", "law test?", "law val?"]
    assert len(status.files) == 4
