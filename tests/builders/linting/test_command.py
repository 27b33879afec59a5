"""The command around the rules: formats, layouts, exit statuses, what it prints, what it leaves."""

import csv
import gzip
import json
import lzma
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.building import gather
from builders.lint_prefs import main
from builders.linting.rules import RULES
from builders.stages.benchmarks import BENCHMARKS
from sources.fetch.fetcher import SAMPLE

RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
ESCAPES = "\x1b[31mred\x9b2J\u202eevil\x07"
LIMIT_S = 300


# What it says


def test_the_json_has_this_shape(lint: Any, write: Callable[..., Path], pair: Any, clean_rows: Any) -> None:
    said = lint(write([*clean_rows, pair(rejected="")])).said
    assert list(said) == [
        "files",
        "remarks",
        "rows",
        "pairs",
        "pairs_by_split",
        "pairs_by_language",
        "columns_not_used",
        "layouts",
        "length_auc",
        "giveaways",
        "findings",
        "not_checked",
        "seconds",
    ]
    looks_like = '{"prompt": "...", "chosen": "...", "rejected": "..."}, or lists of answers'
    why = f"13 of the first 13 rows look like {looks_like}"
    assert said["files"] == [{"file": "data.jsonl", "layout": "trl-standard", "why": why}]
    assert (said["rows"], said["pairs"]) == (13, 13)
    assert (said["pairs_by_split"], said["pairs_by_language"]) == ({"train": 13}, {"zh": 13})
    assert said["findings"] == [
        {
            "rule": "empty_side",
            "severity": "error",
            "what": "prompt, chosen or rejected is empty",
            "count": 1,
            "of": 13,
            "examples": [{"where": "data.jsonl:12 (夸夸这只猫。)", "evidence": "rejected empty"}],
        }
    ]


def test_findings_come_in_the_order_of_the_rules_with_three_examples(
    lint: Any, write: Callable[..., Path], pair: Any
) -> None:
    rows = [pair(f"第{n}个问题？", "", f"第{n}个\ufffd。") for n in range(5)]
    said = lint(write([*rows, pair("1？", "我无法回答这个问题。", "一。")])).said
    codes = [rule.code for rule in RULES]
    found = [each["rule"] for each in said["findings"]]
    assert found == sorted(found, key=codes.index) == ["empty_side", "mojibake_rejected", "refusal_chosen"]
    assert [len(each["examples"]) for each in said["findings"]] == [3, 3, 1]


def test_the_table_names_the_layout_the_rules_and_an_example(
    write: Callable[..., Path], pair: Any, clean_rows: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(write([*clean_rows, pair(chosen="", rejected="不。")]))]) == 1
    printed = capsys.readouterr()
    assert printed.err == ""
    assert "data.jsonl is trl-standard: 13 of the first 13 rows look like" in printed.out
    assert "13 rows, 13 pairs (train 13; zh 13); the longer answer is chosen" in printed.out
    assert re.search(r"^empty_side +1 +7\.7%  prompt, chosen or rejected is empty", printed.out, re.MULTILINE)
    assert "data.jsonl:12 (夸夸这只猫。): chosen empty" in printed.out
    assert "1 error; lint-prefs --explain CODE says more of a rule." in printed.out
    assert main([str(write(clean_rows))]) == 0
    assert "Nothing was found." in capsys.readouterr().out


def test_upstream_text_is_escaped_wherever_it_is_shown(
    write: Callable[..., Path], pair: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [pair(ESCAPES, f"a{ESCAPES}", ESCAPES), {"prompt": "a", "chosen": [ESCAPES], "rejected": ESCAPES}]
    rows += [pair(ESCAPES, f"a{ESCAPES}", ESCAPES), pair("[red]x[/red]", "[bold]", "")] + [pair()] * 20
    path = write(rows, "e\x1b[31mvil\u202e.jsonl")
    for flags in ([], ["--json"]):
        assert main([str(path), *flags]) == 1
        printed = capsys.readouterr()
        assert not RAW.search(printed.out + printed.err)
        assert "\\x1b[31m" in printed.out
    assert main([str(tmp_path / ESCAPES)]) == 1
    assert not RAW.search(capsys.readouterr().err)


def test_chinese_and_english_pairs_in_one_file_are_both_checked(
    lint: Any, write: Callable[..., Path], pair: Any, clean_rows: Any
) -> None:
    rows = [
        *clean_rows,
        pair("Name a colour.", "Green is one.", "Green  is one. "),
        pair("说一种颜色。", "绿。", "绿。"),
    ]
    linted = lint(write(rows))
    assert linted.counts == {"identical_sides": 2}
    assert linted.said["pairs_by_language"] == {"zh": 13, "en": 1}


def test_the_same_answer_whatever_the_number_of_processes(
    write: Callable[..., Path], pair: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "SMALL_BYTES", 0)
    for name in ("train.jsonl", "test.jsonl"):
        write([pair(f"{name}：第{n}个问题？", "答" * 90, "不" * (n % 7)) for n in range(200)], name)
    folder = write([pair()], "dev.jsonl").parent
    said = []
    for workers in ("1", "2"):
        main([str(folder), "--json", "--workers", workers])
        said.append({**json.loads(capsys.readouterr().out), "seconds": 0})
    assert said[0] == said[1]
    assert said[0]["pairs"] == 401


# What makes it fail


@pytest.mark.parametrize(
    ("fail_on", "status"),
    [
        ("error", 0),
        ("warning", 1),
        ("info", 1),
        ("never", 0),
        ("refusal_chosen", 0),
        ("empty_side,exact_duplicate", 1),
        ("exact_duplicate , empty_side", 1),
        ("mojibake", 0),
    ],
)
def test_fail_on_says_what_makes_it_fail(
    fail_on: str, status: int, lint: Any, write: Callable[..., Path], pair: Any
) -> None:
    assert lint(write([pair(), pair()]), "--fail-on", fail_on).status == status


def test_an_error_makes_it_fail_where_nothing_is_said(lint: Any, write: Callable[..., Path], pair: Any) -> None:
    assert lint(write([pair(chosen="")])).status == 1
    assert lint(write([pair(chosen="")]), "--fail-on", "never").status == 0
    assert lint(write([pair(chosen="我无法回答这个问题。")])).status == 0
    assert lint(write([pair(chosen="我无法回答这个问题。")]), "--fail-on", "info").status == 1


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (
            ["--fail-on", "contradictions"],
            ["--fail-on: no rule is called contradictions", "Did you mean contradiction?"],
        ),
        (["--fail-on", "error,warning"], ["--fail-on: no rule is called error"]),
        (["--fail-on", ""], ["--fail-on: no rule is called"]),
        (["--layout", "trl_standard"], ["--layout: no layout is called trl_standard", "Did you mean trl-standard?"]),
        (["--layout", "keys(prompt=a,chosen=b)"], ["--layout: ", "names prompt, chosen", "each once"]),
        (["--benchmarks", "/none/there"], ["--benchmarks: no folder /none/there"]),
    ],
)
def test_wrong_usage_is_one_line(
    flags: list[str], words: list[str], refused: Any, write: Callable[..., Path], pair: Any
) -> None:
    said = refused(write([pair()]), *flags, status=2)
    assert [word for word in words if word not in said] == []


def test_an_unknown_rule_is_not_explained(refused: Any) -> None:
    assert "Did you mean near_duplicate?" in refused("--explain", "near_duplicates", status=2)


@pytest.mark.parametrize("flags", [[], ["--limit", "0"], ["--max-tokens", "x"], ["a", "b"], ["--nothing"]])
def test_wrong_flags_exit_with_2(flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(flags)
    assert caught.value.code == 2
    assert "lint-prefs: error: " in capsys.readouterr().err


# Files


def as_csv(rows: list[dict[str, str]], delimiter: str = ",") -> bytes:
    with tempfile.TemporaryFile("w+", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
        file.seek(0)
        return file.read().encode()


def as_parquet(rows: list[dict[str, str]]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return bytes(sink.getvalue())


def as_lines(rows: list[dict[str, str]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


FORMATS: dict[str, Callable[[list[dict[str, str]]], bytes]] = {
    "data.json": lambda rows: json.dumps(rows).encode(),
    "data.jsonl": as_lines,
    "data.csv": as_csv,
    "data.tsv": lambda rows: as_csv(rows, "\t"),
    "data.parquet": as_parquet,
    "data.json.gz": lambda rows: gzip.compress(json.dumps(rows).encode()),
    "data.jsonl.xz": lambda rows: lzma.compress(as_lines(rows)),
    "data.csv.gz": lambda rows: gzip.compress(as_csv(rows)),
    "data": as_lines,
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_read(name: str, lint: Any, tmp_path: Path, pair: Any, clean_rows: Any) -> None:
    path = tmp_path / name
    path.write_bytes(FORMATS[name]([*clean_rows, pair(rejected="它的尾巴\n真漂亮。")]))
    linted = lint(path)
    assert (linted.said["pairs"], linted.counts) == (13, {"identical_sides": 1})
    if "." in name:
        assert lint(tmp_path).counts == linted.counts


def test_a_parquet_file_of_messages_and_other_columns_is_read(lint: Any, tmp_path: Path) -> None:
    from datetime import UTC, datetime

    row = {
        "prompt": [{"role": "user", "content": "问？"}],
        "chosen": [{"role": "assistant", "content": ""}],
        "rejected": [{"role": "assistant", "content": "答。"}],
        "when": datetime(2024, 1, 1, tzinfo=UTC),
        "bytes": b"\xff",
        "score": float("nan"),
    }
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "a.parquet")
    assert lint(tmp_path).counts == {"empty_side": 1}


BROKEN: dict[str, tuple[bytes, list[str]]] = {
    "empty.jsonl": (b"", ["empty.jsonl: empty"]),
    "blank.json": (b"  \n", ["blank.json: empty"]),
    "empty.csv": (b"", ["empty.csv: empty", "a header line"]),
    "none.json": (b"[]", ["none.json: holds no row"]),
    "header.csv": (b"prompt,chosen,rejected\n", ["header.csv: holds no row"]),
    "half.json": (b'[{"prompt": "a", "chosen": "b", "rejected": "c"}, {"prom', ["half.json: ends in the middle"]),
    "cut.jsonl.gz": (gzip.compress(b"{}" * 999)[:-9], ["cut.jsonl.gz: broken after"]),
    "no.parquet": (b"PAR1 and no more", ["no.parquet: cannot be read", "a Parquet file"]),
    "other.jsonl": (b'{"text": "a"}\n', ["other.jsonl: no known layout; the first row has text", "keys(prompt="]),
    "words.jsonl": (b"one\ntwo\n", ["words.jsonl: none of 2 rows can be read; row 0: bad_json"]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_cannot_be_used_is_one_line(name: str, refused: Any, tmp_path: Path) -> None:
    content, words = BROKEN[name]
    (tmp_path / name).write_bytes(content)
    for place in (tmp_path / name, tmp_path):
        said = refused(place, status=1)
        assert [word for word in words if word not in said] == []


def test_what_is_not_there_is_one_line(refused: Any, tmp_path: Path) -> None:
    assert "no such file or folder" in refused(tmp_path / "none", status=1)
    assert "no such file or folder" in refused("none/data.jsonl", status=1)
    (tmp_path / "README.md").write_text("hello")
    assert "no data file below it; expected .json, .jsonl" in refused(tmp_path, status=1)


def test_a_file_that_may_not_be_read_is_one_line(refused: Any, write: Callable[..., Path], pair: Any) -> None:
    path = write([pair()])
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    assert "Permission denied" in refused(path, status=1)


BAD_ROWS: list[Any] = [
    ("bad_json", b'{"prompt": "a\n'),
    ("not_an_object", b'["a", "b"]\n'),
    ("not_an_object", b"null\n"),
    ("invalid_utf8", b'{"prompt": "\\ud800", "chosen": "b", "rejected": "c"}\n'),
    ("invalid_utf8", b'{"prompt": "\xff\xfe", "chosen": "b", "rejected": "c"}\n'),
    ("row_too_large", b'{"prompt": "' + b"x" * (4 << 20) + b'"}\n'),
]


@pytest.mark.parametrize(("reason", "line"), BAD_ROWS, ids=[f"{r}-{n}" for n, (r, _) in enumerate(BAD_ROWS)])
def test_rows_that_cannot_be_read_are_findings_however_many(
    reason: str, line: bytes, lint: Any, write: Callable[..., Path], clean_rows: Any
) -> None:
    path = write(clean_rows)
    path.write_bytes(path.read_bytes() + 3 * line)
    linted = lint(path)
    assert linted.counts == {"unreadable_row": 3}
    assert linted.examples("unreadable_row")[0][0] == "data.jsonl:12"
    assert linted.examples("unreadable_row")[0][1].startswith(f"{reason}: ")
    assert (linted.said["rows"], linted.said["pairs"], linted.said["findings"][0]["of"]) == (15, 12, 15)


def test_csv_records_with_too_few_fields_are_findings(lint: Any, tmp_path: Path, clean_rows: Any) -> None:
    (tmp_path / "data.csv").write_bytes(as_csv(clean_rows) + b'a,b\r\na "b,"c" d,e\r\n')
    linted = lint(tmp_path)
    assert linted.counts == {"unreadable_row": 2}
    assert [evidence.partition(":")[0] for _, evidence in linted.examples("unreadable_row")] == [
        "wrong_field_count",
        "bad_csv",
    ]


NO_PAIRS: list[Any] = [
    ({"prompt": "a", "chosen": 7, "rejected": "d"}, "wrong_type: chosen is 7, expected text"),
    ({"prompt": "a", "chosen": "b", "rejected": "c", "images": ["x.png"]}, "has_media: images is ['x.png']"),
    ({"prompt": 1, "chosen": "b", "rejected": "d"}, "wrong_type: prompt is 1, expected a string"),
    ({"prompt": "a", "chosen": "b", "rejected": {"a": 1}}, "broken_turns: rejected[0] is {"),
]


@pytest.mark.parametrize(("row", "evidence"), NO_PAIRS)
def test_rows_of_another_shape_give_no_pair_and_are_findings(
    row: dict[str, Any], evidence: str, lint: Any, write: Callable[..., Path], clean_rows: Any
) -> None:
    linted = lint(write([*clean_rows, row]))
    assert linted.counts == {"no_pair": 1}
    ((where, said),) = linted.examples("no_pair")
    assert where == "data.jsonl:12"
    assert said.startswith(evidence)


@pytest.mark.parametrize("row", [{"prompt": "a", "chosen": "b"}, {"prompt": "a", "chosen": None, "rejected": "b"}, {}])
def test_a_side_that_is_not_there_is_an_empty_one(
    row: dict[str, Any], lint: Any, write: Callable[..., Path], clean_rows: Any
) -> None:
    assert lint(write([*clean_rows, row])).counts == {"empty_side": 1}


@pytest.mark.parametrize("row", [{}, {"prompt": None}, {"prompt": []}, {"prompt": [{}], "chosen": 1, "rejected": []}])
def test_rows_without_the_keys_of_their_layout_give_no_pair(
    row: dict[str, Any], lint: Any, write: Callable[..., Path], clean_rows: Any
) -> None:
    rows = [
        {
            "prompt": [{"role": "user", "content": each["prompt"]}],
            "chosen": [{"role": "assistant", "content": each["chosen"]}],
            "rejected": [{"role": "assistant", "content": each["rejected"]}],
        }
        for each in clean_rows
    ]
    assert lint(write([*rows, row])).counts == {"no_pair": 1}


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


# Benchmarks


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


# What it leaves


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


def test_ctrl_c_is_one_line_and_leaves_nothing(write: Callable[..., Path], pair: Any, tmp_path: Path) -> None:
    folder = write([pair(f"第{n}个问题？", "答" * 900, "不。") for n in range(6000)], "a.jsonl").parent
    write([pair(f"第{n}个问题？", "答" * 900, "不。") for n in range(6000, 12000)], "b.jsonl")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    running = subprocess.Popen(
        [sys.executable, "-m", "builders.lint_prefs", str(folder), "--workers", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "TMPDIR": str(temporary)},
        cwd=Path(__file__).parents[3],
    )
    deadline = time.monotonic() + LIMIT_S
    while not scratch(temporary) and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=LIMIT_S)
    assert (running.returncode, out) == (130, "")
    assert err == "lint-prefs: interrupted; nothing was written\n"
    assert scratch(temporary) == []


def test_a_reader_who_leaves_is_no_traceback(write: Callable[..., Path], pair: Any) -> None:
    path = write([pair(chosen="") for _ in range(3)])
    command = f"{sys.executable} -m builders.lint_prefs {path} | true"
    shell = ["/bin/sh", "-c", command]
    done = subprocess.run(
        shell, capture_output=True, text=True, cwd=Path(__file__).parents[3], timeout=LIMIT_S, check=False
    )
    assert "Traceback" not in done.stderr
