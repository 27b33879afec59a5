"""Files of prompts: rows that cannot be read, broken and missing files, packed files."""

import gzip
import json
import lzma
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sources.command.errors import (
    BadRowsError,
    BrokenFileError,
    MissingColumnError,
    MissingFileError,
    NoPairsError,
    PrefsError,
    UsageError,
)
from sources.pairs.languages import TESTED, Lang
from sources.pairs.schema import DROPPED
from synth.job.prompts import Prompts, own_prompts
from tests.synth.made import as_lines, own, rows_of, user

Row = dict[str, Any]

GOOD: Row = {"prompt": "你好吗？", "chosen": "我很好。"}


def lost(prompts: Prompts) -> list[tuple[int, str, str]]:
    assert prompts.lost.schema == DROPPED
    return [(int(row["source_row"].rpartition(":")[2]), row["reason"], row["evidence"]) for row in rows(prompts.lost)]


def rows(table: pa.Table) -> list[Row]:
    found: list[Row] = table.to_pylist()
    return found


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{not json", "bad_json"),
        ('{"prompt": "a", "chosen": "b"', "bad_json"),
        ("5", "not_an_object"),
        ('["a", "b"]', "not_an_object"),
        ("{}", "missing_column"),
        ('{"instruction": "a", "chosen": "b"}', "missing_column"),
        ('{"prompt": "half \\ud83d", "chosen": "b"}', "wrong_type"),
        ('{"prompt": "a", "chosen": "half \\udc00"}', "wrong_type"),
        ('{"prompt": [{"role": "user", "content": "\\ud83d"}], "chosen": "b"}', "wrong_type"),
        (f'{{"prompt": "{"x" * (5 << 20)}", "chosen": "b"}}', "row_too_large"),
        ('{"prompt": ' + "[" * 100_000, "bad_json"),
    ],
    ids=lambda given: given[:30],
)
@pytest.mark.parametrize("at", [1, 120])
def test_a_row_that_cannot_be_read_has_its_number_and_reason(line: str, reason: str, at: int, tmp_path: Path) -> None:
    lines = [json.dumps(GOOD)] * 120
    lines.insert(at, line)
    prompts = own(tmp_path, "\n".join(lines))
    ((number, found, _),) = lost(prompts)
    assert (number, found) == (at, reason)
    assert (len(prompts), prompts.rows_read) == (120, 121)
    assert prompts.lost["stage"].to_pylist() == ["read"]


@pytest.mark.parametrize("line", ["{not json", "5", '{"prompt": "half \\ud83d", "chosen": "b"}'])
def test_the_first_row_may_be_the_bad_one(line: str, tmp_path: Path) -> None:
    prompts = own(tmp_path, f"{line}\n{as_lines([GOOD])}")
    assert [number for number, _, _ in lost(prompts)] == [0]
    assert list(prompts) == [user("你好吗？")]


def test_too_many_rows_that_cannot_be_read_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadRowsError) as raised:
        own(tmp_path, as_lines([GOOD] * 97) + "bad\x1b[31m\n5\n{}\n")
    assert str(raised.value) == (
        "prompts.jsonl: 3 of 100 rows cannot be read: row 97: bad_json (unexpected character, expected a JSON value: "
        "line 1 column 1 (char 0)); row 98: not_an_object (int: 5); row 99: missing_column (no column prompt; found ); "
        "expected at most 1.0% bad rows. Correct the file."
    )


def test_any_number_of_rows_without_sense_is_borne_as_long_as_one_has_it(tmp_path: Path) -> None:
    prompts = own(tmp_path, [{"prompt": 5}] * 50 + [GOOD])
    assert (len(prompts), len(prompts.lost)) == (1, 50)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([{"prompt": "一"}], "prompts.jsonl:0: no_chosen: the row has no chosen answer; --chosen-model writes one"),
        ([{"prompt": ""}, {"prompt": "二"}], "prompts.jsonl:0: empty_prompt"),
        ([{"prompt": "\x1b[31m", "chosen": {}}], "prompts.jsonl:0: broken_turns: chosen is dict"),
        ("[]", "it has no rows"),
    ],
)
def test_a_file_without_one_prompt_says_why_the_first_is_none(content: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(NoPairsError, match="holds no prompt that can be answered") as raised:
        own(tmp_path, content)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("prompts.jsonl", lambda lines: lines),
        ("prompts.jsonl", lambda lines: lines.replace(b"\n", b"\r\n")),
        ("prompts.jsonl", lambda lines: b"\xef\xbb\xbf" + lines),
        ("prompts.jsonl", lambda lines: b"\n\r\n \n" + lines.replace(b"\n", b"\n\n").rstrip()),
        ("prompts.json", lambda lines: b"[" + b", ".join(lines.splitlines()) + b"]\n"),
        ("prompts.json", lambda lines: b"\xef\xbb\xbf\r\n[\n" + b",\r\n".join(lines.splitlines()) + b"\n]"),
        ("prompts.jsonl.gz", gzip.compress),
        ("prompts.jsonl.xz", lzma.compress),
        ("prompts", lambda lines: lines),
    ],
)
def test_a_file_is_json_lines_or_an_array_however_it_is_spelled(name: str, pack: Any, tmp_path: Path) -> None:
    content = [GOOD, {"prompt": "二\r\n", "chosen": "二答\u2028"}, {"prompt": "三", "chosen": "三答"}]
    prompts = own(tmp_path, pack(as_lines(content).encode()), name=name)
    assert [row["prompt"][0]["content"] for row in rows_of(prompts)] == [row["prompt"] for row in content]
    assert [row["chosen"][0]["content"] for row in rows_of(prompts)] == [row["chosen"] for row in content]
    assert (lost(prompts), prompts.name) == ([], name)


@pytest.mark.parametrize(
    ("name", "content", "kind", "message"),
    [
        ("prompts.jsonl", b"", BrokenFileError, "empty"),
        ("prompts.json", b'[{"prompt": "a", "chosen": "b"}', BrokenFileError, "ends in the middle of a row"),
        ("prompts.jsonl.gz", b"no gzip", BrokenFileError, "broken after 0 unpacked bytes"),
        (
            "prompts.jsonl.gz",
            gzip.compress(as_lines([GOOD] * 99).encode(), mtime=0)[:-20],
            BrokenFileError,
            "truncated",
        ),
        ("prompts.jsonl", b'{"question": "a"}', MissingColumnError, "no column messages; found question"),
        ("prompts.jsonl", "你好\n再见\n世界\n".encode("gbk"), BadRowsError, "3 of 3 rows cannot be read"),
    ],
)
def test_a_broken_file_is_named(
    name: str, content: bytes, kind: type[PrefsError], message: str, tmp_path: Path
) -> None:
    with pytest.raises(kind) as raised:
        own(tmp_path, content, name=name)
    assert str(raised.value).startswith(name)
    assert message in str(raised.value)


def test_a_missing_file_or_a_folder_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(MissingFileError, match="no such file; expected JSON lines: prompt or messages, chosen"):
            own_prompts("zh", path, "MIT")


def test_a_parquet_file_is_refused_with_what_is_expected(tmp_path: Path) -> None:
    pq.write_table(pa.table({"prompt": ["一"], "chosen": ["二"]}), tmp_path / "prompts.parquet")
    with pytest.raises(UsageError, match="is Parquet; expected JSON lines or a JSON array"):
        own_prompts("zh", tmp_path / "prompts.parquet", "MIT")


@pytest.mark.parametrize("lang", TESTED)
def test_a_file_of_ones_own_has_the_licence_and_language_that_were_said(lang: Lang, tmp_path: Path) -> None:
    prompts = own(tmp_path, [GOOD, {"prompt": ""}], lang=lang)
    assert (prompts.source.license, prompts.source.lang, prompts.source.name) == ("MIT", lang, "prompts")
    assert prompts.source.chosen_model is None
    assert prompts.lost.select(["license", "lang", "source", "signal"]).to_pylist() == [
        {"license": "MIT", "lang": lang, "source": "prompts", "signal": "synthetic"}
    ]
    assert (prompts.pinned, prompts.warnings) == ("", [])


def test_messages_are_taken_where_a_row_has_both(tmp_path: Path) -> None:
    prompts = own(tmp_path, [{"prompt": "一", "messages": user("二"), "chosen": "答"}])
    assert list(prompts) == [user("二")]


def test_the_turns_of_many_prompts_come_in_order(tmp_path: Path) -> None:
    prompts = own(tmp_path, [{"prompt": f"{number}", "chosen": "答"} for number in range(3000)])
    assert list(prompts) == [user(f"{number}") for number in range(3000)]
