"""The command export-prefs: whole or not at all, the same bytes each time, and only its own output replaced."""

import json
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from builders.export_prefs import EXAMPLES, main, parse
from builders.exporting.formats import FORMATS, load_format
from builders.exporting.write import BATCH_ROWS
from sources.pairs.schema import DROPPED
from tests.builders.made_build import make_build, pair

Run = Callable[..., tuple[int, str, str]]

ROWS = [pair(f"问题{number}", "这是一个好的回答。", "这是一个坏的回答。") for number in range(5)]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process: exit code, stdout, stderr."""

    def call(*flags: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([str(flag) for flag in flags])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


@pytest.fixture
def built(tmp_path: Path) -> Path:
    return make_build(tmp_path / "prefs" / "zh", ROWS, ROWS[:1])


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_every_example_and_format_of_the_help_is_accepted() -> None:
    examples = re.findall(r"^  (export-prefs .+?)(?:  .*)?$", EXAMPLES, re.M)
    assert len(examples) >= 3
    for example in examples:
        parse(shlex.split(example)[1:])


def test_the_help_lists_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    listed = capsys.readouterr().out.split("formats:")[1].split("The result")[0]
    assert re.findall(r"^  ([a-z-]+)  +\S", listed, re.M) == list(FORMATS)
    assert [load_format(name).name for name in FORMATS] == list(FORMATS)


@pytest.mark.parametrize("flags", ["", "prefs", "prefs --format trl", "prefs --to x", "prefs --format csv --to x"])
def test_wrong_usage_exits_2(flags: str) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(flags.split())
    assert exit_.value.code == 2


@pytest.mark.parametrize("name", FORMATS)
def test_a_second_run_gives_the_same_bytes(name: str, built: Path, tmp_path: Path, run: Run) -> None:
    code, _, err = run(built, "--format", name, "--to", tmp_path / "to")
    assert (code, err) == (0, "")
    first = contents(tmp_path / "to" / "zh")
    assert run(built.parent, "--format", name, "--to", tmp_path / "to")[0] == 0
    assert contents(tmp_path / "to" / "zh") == first
    assert sorted(path.name for path in (tmp_path / "to").iterdir()) == [".build-prefs.lock", "zh"]


def test_the_table_and_the_json_add_up(built: Path, tmp_path: Path, run: Run) -> None:
    _, out, _ = run(built, "--format", "kto", "--to", tmp_path / "to")
    assert re.search(r"pairs in the dataset +6\n", out)
    assert re.search(r"pairs written +6\n", out)
    _, out, _ = run(built, "--format", "kto", "--to", tmp_path / "to", "--json")
    told = json.loads(out)
    assert [one["total"] for one in told] == [{"pairs_read": 6, "pairs_written": 6, "left_out": {}}]
    files = json.loads((tmp_path / "to/zh/exported.json").read_text())["files"]
    assert [(file["name"], file["rows"]) for file in files] == [("train.parquet", 10), ("test.parquet", 2)]


def test_nothing_in_the_result_says_where_or_when_it_was_made(built: Path, tmp_path: Path, run: Run) -> None:
    run(built, "--format", "llamafactory", "--to", tmp_path / "to")
    for content in contents(tmp_path / "to" / "zh").values():
        assert str(tmp_path).encode() not in content


@pytest.mark.parametrize(
    "there",
    [
        {"notes.txt": "mine"},
        {"exported.json": "{"},
        {"exported.json": "[]"},
        {"exported.json": json.dumps({"format": "trl"})},
        {"manifest.json": "{}"},
    ],
)
def test_what_is_not_its_own_is_not_replaced(there: dict[str, str], built: Path, tmp_path: Path, run: Run) -> None:
    target = tmp_path / "to" / "zh"
    target.mkdir(parents=True)
    for name, content in there.items():
        (target / name).write_text(content)
    code, out, err = run(built, "--format", "ms-swift", "--to", tmp_path / "to")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "give another --to" in err
    assert contents(target) == {name: content.encode() for name, content in there.items()}


def test_beside_other_files_it_leaves_them_alone(built: Path, tmp_path: Path, run: Run) -> None:
    (tmp_path / "to").mkdir()
    (tmp_path / "to" / "mine.txt").write_text("mine")
    for name in ("train.jsonl", "train.jsonl"):
        assert run(built, "--format", "ms-swift", "--to", tmp_path / "to")[0] == 0
        assert (tmp_path / "to" / "zh" / name).is_file()
    assert (tmp_path / "to" / "mine.txt").read_text() == "mine"


def test_a_build_is_not_overwritten_by_its_own_export(built: Path, run: Run) -> None:
    before = contents(built)
    code, _, err = run(built, "--format", "trl", "--to", built.parent)
    assert code == 1
    assert "no export" in err
    assert contents(built) == before


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (shutil.rmtree, "no such folder"),
        (lambda built: (built / "manifest.json").unlink(), "no manifest.json there"),
        (lambda built: (built / "manifest.json").write_text("{"), "is no manifest of a build"),
        (lambda built: (built / "manifest.json").write_text("[1]"), "is no manifest of a build"),
        (lambda built: (built / "data/test-00000-of-00001.parquet").unlink(), "named in manifest.json, and not there"),
        (lambda built: (built / "data/test-00000-of-00001.parquet").write_bytes(b"PAR1"), "cannot be read"),
        (
            lambda built: shutil.copy(
                built / "data/train-00000-of-00001.parquet", built / "data/test-00000-of-00001.parquet"
            ),
            "5 rows; expected 1, as manifest.json says",
        ),
        (
            lambda built: (built / "manifest.json").write_text(
                (built / "manifest.json").read_text().replace("data/test-00000", "../../../data/test-00000")
            ),
            "names ../../../data/test-00000",
        ),
    ],
)
def test_a_spoilt_build_is_one_line_and_leaves_the_earlier_export(
    spoil: Callable[[Path], object], words: str, built: Path, tmp_path: Path, run: Run
) -> None:
    assert run(built, "--format", "trl", "--to", tmp_path / "to")[0] == 0
    before = contents(tmp_path / "to")
    spoil(built)
    code, out, err = run(built, "--format", "trl", "--to", tmp_path / "to")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert words in err
    assert contents(tmp_path / "to") == before


def test_a_stray_parquet_file_beside_the_data_is_not_read(built: Path, tmp_path: Path, run: Run) -> None:
    shutil.copy(built / "data/train-00000-of-00001.parquet", built / "data/train-00000-of-00009.parquet")
    run(built, "--format", "trl", "--to", tmp_path / "to")
    assert pq.read_metadata(tmp_path / "to/zh/train.parquet").num_rows == 5


def test_a_format_that_holds_no_pair_for_training_says_so(tmp_path: Path, run: Run) -> None:
    dialogue = [("user", "一"), ("assistant", "二"), ("user", "三")]
    built = make_build(tmp_path / "built", [pair(dialogue, "好", "坏")], ROWS[:1])
    code, _, err = run(built, "--format", "trl-standard", "--to", tmp_path / "to")
    assert code == 1
    assert "none of 2 pairs can be written for training as trl-standard" in err
    assert not (tmp_path / "to" / "zh").exists()


def test_both_languages_are_written_or_none(built: Path, tmp_path: Path, run: Run) -> None:
    english = make_build(tmp_path / "prefs" / "en", [pair("Why?", "Because it is so.", "No idea about that.")])
    manifest = english / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"lang": "zh"', '"lang": "en"'))
    assert run(built.parent, "--format", "openrlhf", "--to", tmp_path / "to")[0] == 0
    assert (tmp_path / "to/en/train.jsonl").is_file()
    assert (tmp_path / "to/zh/train.jsonl").is_file()
    (english / "data/train-00000-of-00001.parquet").unlink()
    assert run(built.parent, "--format", "openrlhf", "--to", tmp_path / "other")[0] == 1
    assert not (tmp_path / "other/zh").exists()


def test_batches_of_rows_are_joined_without_loss(tmp_path: Path, run: Run) -> None:
    rows = [pair(f"问题{number}", "这是一个好的回答。", "这是一个坏的回答。") for number in range(BATCH_ROWS + 3)]
    built = make_build(tmp_path / "built", rows)
    run(built, "--format", "ms-swift", "--to", tmp_path / "to")
    lines = (tmp_path / "to/zh/train.jsonl").read_text().splitlines()
    assert [json.loads(line)["messages"][0]["content"] for line in lines] == [f"问题{n}" for n in range(len(rows))]


def test_text_of_a_source_name_reaches_no_terminal_raw(tmp_path: Path, run: Run) -> None:
    built = make_build(tmp_path / "built", [pair("问", "这是一个好的回答。", "坏的回答在这里。", source="\x1b[31mred")])
    _, out, _ = run(built, "--format", "trl", "--to", tmp_path / "to")
    assert "\x1b" not in out
    assert "\\x1b[31mred" in out


def test_dropped_rows_are_no_part_of_an_export(tmp_path: Path, run: Run) -> None:
    assert "stage" in DROPPED.names
    lost = [{**pair("丢", "了", "吧"), "stage": "check", "reason": "empty_side", "evidence": ""}]
    built = make_build(tmp_path / "built", ROWS, [], lost)
    _, out, _ = run(built, "--format", "trl", "--to", tmp_path / "to", "--json")
    assert json.loads(out)[0]["total"]["pairs_read"] == len(ROWS)
