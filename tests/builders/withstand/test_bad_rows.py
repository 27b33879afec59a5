"""One bad row costs that row and says why."""

import json
from collections.abc import Callable
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.builders.withstand.changes import change_rows, gz_line, insert_line, replace, without
from tests.builders.withstand.conftest import Unspoilt
from tests.builders.withstand.place import (
    BEAVER,
    COMPARISON,
    COMPARISON_EN,
    ESCAPES,
    HARMLESS,
    HELPFUL,
    HUOZI,
    OAAST,
    ZHIHU,
    Change,
    Place,
)

ROWS: list[Any] = [
    pytest.param(COMPARISON, change_rows({5: [[1, 2]]}), 5, "not_an_object", id="a list"),
    pytest.param(COMPARISON, change_rows({5: [None]}), 5, "not_an_object", id="null"),
    pytest.param(COMPARISON, without("rejected", row=5), 5, "missing_column", id="a column missing"),
    pytest.param(COMPARISON, change_rows({5: {"chosen": ["a"]}}), 5, "wrong_type", id="another type"),
    pytest.param(COMPARISON, change_rows({5: {"chosen": None}}), 5, "null_value", id="a null"),
    pytest.param(COMPARISON, change_rows({5: {"chosen": "a\ud800"}}), 5, "invalid_utf8", id="half a surrogate"),
    pytest.param(COMPARISON, change_rows({5: {"chosen": "a\0b"}}), 5, "control_characters", id="NUL in JSON"),
    pytest.param(COMPARISON, change_rows({5: {"input": ESCAPES}}), 5, "control_characters", id="terminal escapes"),
    pytest.param(HARMLESS, replace("撕".encode(), b"\xff\xfe"), 0, "invalid_utf8", id="no UTF-8 in an array"),
    pytest.param(HARMLESS, replace("撕".encode(), b"\x01"), 0, "control_characters", id="raw control character"),
    pytest.param(HELPFUL, replace("孩子".encode(), b"\xff\xfe"), 0, "invalid_utf8", id="no UTF-8 in a line"),
    pytest.param(HELPFUL, lambda d: d.replace(b"{", b"{{", 1), 0, "bad_json", id="a broken line"),
    pytest.param(HUOZI, lambda d: insert_line(d, 1, b'a "b,"c" d,e'), 0, "bad_csv", id="stray quote"),
    pytest.param(HUOZI, lambda d: insert_line(d, 1, b"a,b"), 0, "wrong_field_count", id="too few fields"),
    pytest.param(HUOZI, lambda d: insert_line(d, 1, b"a,\xff\xfe,c"), 0, "invalid_utf8", id="no UTF-8 in csv"),
    pytest.param(HUOZI, lambda d: insert_line(d, 1, b"a,b\0b,c"), 0, "control_characters", id="NUL in csv"),
    pytest.param(ZHIHU, lambda d: insert_line(d, 1, b"a\tb\tc\tmany\td\t1"), 0, "wrong_type", id="votes are a word"),
    pytest.param(ZHIHU, lambda d: insert_line(d, 1, b"a\tb\tc\tnan\td\t1"), 0, "no_votes", id="votes are no number"),
    pytest.param(OAAST, change_rows({5: {"history": [["a"]]}}), 5, "broken_history", id="half an exchange"),
    pytest.param(OAAST, change_rows({5: {"output": ["a"]}}), 5, "fewer_than_two_answers", id="one answer"),
    pytest.param(OAAST, change_rows({5: {"output": ["a", None]}}), 5, None, id="null answer"),
    pytest.param(OAAST, change_rows({5: {"history": [["a", None]]}}), 5, None, id="null turn"),
    pytest.param(COMPARISON_EN, change_rows({5: {"output": ["a", None]}}), 5, None, id="null side"),
    pytest.param(
        BEAVER,
        gz_line('{"prompt": %s, "response": "b", "is_safe": true, "category": null}' % ("[" * 1000 + "]" * 1000)),
        3,
        "wrong_type",
        id="a deep value",
    ),
    pytest.param(BEAVER, gz_line("[" * 1000 + "]" * 1000), 3, "not_an_object", id="a deep row"),
    pytest.param(BEAVER, gz_line("[" * 90000), 3, "bad_json", id="a bottomless row"),
]

CATEGORIES: list[Any] = [
    "null",
    '"words"',
    '"{[]: 1}"',
    "\"{'a': True, 'b': __import__}\"",
    "[1]",
    "3",
    '{"a": NaN}',
    '{"\\u001b[31m": true}',
    '{"\\ud800": true}',
    '{"a": %s}' % ("[" * 400 + "]" * 400),
    '{"a": 99999999999999999999999, "b": NaN}',
]


@pytest.mark.parametrize(("name", "change", "row", "reason"), ROWS)
def test_one_bad_row_costs_that_row_and_says_why(
    name: str,
    change: Change,
    row: int,
    reason: str | None,
    place: Place,
    built: Callable[..., dict[str, Any]],
    unspoilt: Unspoilt,
) -> None:
    sources = {COMPARISON: "comparison_gpt4_zh", OAAST: "oaast_rm_zh", COMPARISON_EN: "comparison_gpt4_en"}
    source = sources.get(name) or name.split("/")[1].lower()
    lang = "en" if name in (BEAVER, COMPARISON_EN) else "zh"
    before, reasons_before = unspoilt(lang, source)
    place.spoil(name, change)
    after = built("--lang", lang, "--only", source)
    found = {entry["source_row"]: entry["reason"] for entry in place.dropped()}
    assert found.get(f"{name}:{row}") == reason or (reason is None and f"{name}:{row}" in found)
    added = after["rows_read"] - before["rows_read"]
    assert added in (0, 1)
    assert len(found) - len(reasons_before) <= 1 + (added == 0)


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_category_of_any_shape_costs_at_most_its_row(
    category: str, place: Place, built: Callable[..., dict[str, Any]], unspoilt: Unspoilt
) -> None:
    before, _ = unspoilt("en", "beavertails")
    line = f'{{"prompt": "Why is it so?", "response": "It is.", "is_safe": true, "category": {category}}}'
    place.spoil(BEAVER, gz_line(line))
    after = built("--lang", "en", "--only", "beavertails")
    assert after["rows_read"] == before["rows_read"] + 1
    assert after["pairs_made"] == before["pairs_made"]


HUGE = 50_000_000


def with_huge_row(name: str, data: bytes) -> bytes:
    text = "长" * (HUGE // 3)
    if name == HUOZI:
        return insert_line(data, 4, f"一个问题,{text},答".encode())
    row = {"prompt": "问", "pos_resp": text, "neg_resp": "答", "pos_type": "拒绝为主", "neg_type": "风险回复"}
    line = json.dumps(row, ensure_ascii=False).encode()
    if name == HELPFUL:
        return insert_line(data, 3, line)
    return data.rstrip().removesuffix(b"]") + b"," + line + b"]"


@pytest.mark.parametrize(
    ("name", "reason"), [(HARMLESS, "row_too_large"), (HELPFUL, "row_too_large"), (HUOZI, "bad_csv")]
)
def test_a_string_of_50_mb_is_skipped_in_bounded_memory(
    name: str, reason: str, place: Place, command: Callable[..., tuple[int, str, str]]
) -> None:
    source = "huozi" if name == HUOZI else "cvalues_rlhf"
    place.spoil(name, lambda data: with_huge_row(name, data))
    status, out, said = command("--only", source, "--json", "--no-report")
    assert (status, said) == (0, "")
    assert [row["reason"] for row in pq.read_table(place.out / "zh/dropped.parquet").to_pylist()].count(reason) == 1
    assert json.loads(out)["peak_memory_mib"]["main"] < 200 + 8 * (HUGE >> 20)
