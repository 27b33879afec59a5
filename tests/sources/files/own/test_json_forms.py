"""JSON in every form that rows are written in; what is broken is told by line and byte."""

import json
from pathlib import Path
from typing import Any

import pytest

from sources.command.errors import BadRowsError, BrokenFileError
from sources.files.read_whole import look_at, whole_rows
from sources.files.rows import Limits
from sources.pairs.whole_row import whole_cells

ROWS = [{"prompt": f'第{number}问：{{["', "chosen": "好,\n}", "rejected": "]"} for number in range(7)]
COLUMNS = {name: [row[name] for row in ROWS] for name in ROWS[0]}
MESSAGES = {"role": "user", "content": "问"}, {"role": "assistant", "content": "答"}
TURNS = {"prompt": [MESSAGES[0]], "chosen": [MESSAGES[1]], "rejected": [MESSAGES[1]]}


def text(value: object, **how: Any) -> str:
    return json.dumps(value, ensure_ascii=False, **how)


def read(path: Path, content: str | bytes, **limits: Any) -> list[object]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    rows = [row for batch in whole_rows(path, path.name, Limits(**limits), None) for row in whole_cells(batch.rows)]
    assert look_at(path, path.name, Limits(**limits), 9999).rows == rows
    return rows


FORMS = {
    "lines": "\n".join(map(text, ROWS)),
    "lines with blank ones": "\n\n".join(["", *map(text, ROWS), ""]),
    "lines with carriage returns": "\r\n".join(map(text, ROWS)),
    "an array": text(ROWS),
    "an indented array": text(ROWS, indent=4),
    "an array with a comma at its end": text(ROWS, indent=1)[:-2] + ",\n]\n",
    "a short array with a comma at its end": text(ROWS)[:-1] + " , ] ",
    "objects one after the other": "".join(map(text, ROWS)),
    "indented objects": "\n".join(text(row, indent=2) for row in ROWS),
    "indented objects with commas": ",\n".join(text(row, indent=2) for row in ROWS) + ",\n",
    "lines with commas": ",\n".join(map(text, ROWS)),
    "objects with the bracket on the next line": "\n".join(text(row)[:-1] + "\n}" for row in ROWS),
    "rows below data": text({"data": ROWS}),
    "rows below any key alone": text({"my_pairs": ROWS}, indent=1),
    "rows below data beside others": text({"version": "1.0", "data": ROWS, "about": {"by": "me"}}, indent=1),
    "the viewer of the Hub": text({"features": [{"name": "prompt"}], "rows": [{"row_idx": 0, "row": r} for r in ROWS]}),
    "splits": text({"train": ROWS[:4], "test": ROWS[4:]}),
    "columns": text(COLUMNS),
    "indented columns": text(COLUMNS, indent=1),
    "numbered columns": text({name: {str(n): each for n, each in enumerate(c)} for name, c in COLUMNS.items()}),
    "numbered rows": text({str(number): row for number, row in enumerate(ROWS)}),
    "lists below columns": text({"columns": list(COLUMNS), "index": [0], "data": [list(r.values()) for r in ROWS]}),
}  # fmt: skip


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["", "marked"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_rows(form: str, mark: str, tmp_path: Path) -> None:
    for name in ("a.json", "a.jsonl", "a.txt", "a.csv"):
        assert read(tmp_path / name, mark + FORMS[form]) == ROWS


@pytest.mark.parametrize("form", ["objects one after the other", "indented objects", "indented objects with commas"])
def test_objects_that_straddle_blocks_stay_whole(form: str, tmp_path: Path) -> None:
    for size in (1, 7, 64, 1000):
        assert read(tmp_path / "a.json", FORMS[form], block_bytes=size) == ROWS


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("lines", ""),
        ("an array", ""),
        ("indented objects", "objects one after the other"),
        ("rows below any key alone", "the rows are the list my_pairs"),
        ("rows below data beside others", "the rows are the list data; not used: version, about"),
        ("splits", "the rows are the lists train, test"),
        ("columns", "the columns are lists"),
    ],
)
def test_an_unusual_form_is_said(form: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(FORMS[form], encoding="utf-8")
    assert look_at(tmp_path / "a.json", "a.json", Limits()).how == said


@pytest.mark.parametrize(
    "row",
    [
        TURNS,
        {"messages": list(MESSAGES), "rejected_response": "x"},
        {"messages": list(MESSAGES)},
        {"conversations": [{"from": "human", "value": "x"}], "chosen": {"from": "gpt", "value": "y"}},
        {"instruction": "x", "completions": [{"response": "a", "score": 1}, {"response": "b", "score": 2}]},
        {"prompt": "x", "samples": [{"text": "a"}]},
        {"prompt": "x", "chosen": ["a", "b"], "rejected": ["c", "d"]},
        {},
    ],
)
def test_the_only_row_of_a_file_stays_a_row(row: dict[str, Any], tmp_path: Path) -> None:
    assert read(tmp_path / "a.json", text(row)) == [row]
    assert read(tmp_path / "a.json", text(row, indent=2)) == [row]


def test_a_split_beside_others_holds_the_rows(tmp_path: Path) -> None:
    assert read(tmp_path / "a.json", text({"train": ROWS, "info": {"version": 1}})) == ROWS
    assert look_at(tmp_path / "a.json", "a", Limits()).how == "the rows are the list train; not used: info"


def test_one_row_of_columns_is_one_row(tmp_path: Path) -> None:
    assert read(tmp_path / "a.json", text({"prompt": ["x"], "chosen": ["y"]})) == [{"prompt": "x", "chosen": "y"}]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ('[\n{"a": "问"},\n{"a": 1,}\n]', r"not JSON \(.*found }\\n\]\), at byte 24 \(line 3\)"),
        ('[{"a": 1}\n{"a": 2}]', r"not JSON \(Expecting ',' delimiter, found {\"a\": 2}\]\), at byte 10 \(line 2\)"),
        ('[{"a": 1}, {"a": 2}', r"ends in the middle of a row, at byte 19 \(line 1\)"),
        ("[{a: 1}]", r"not JSON \(.*found a: 1}\]\), at byte 2 \(line 1\)"),
        ("[{'a': 1}]", "holds objects as Python writes them"),
        ("{'prompt': 'x', 'chosen': 'y'}\n", "holds objects as Python writes them"),
        ('[{"a": 1}] trailing', r"not JSON \(Extra data, found trailing\), at byte 11 \(line 1\)"),
        ('{\n "a": 1\n}\n{\n "a": 1,\n}\n', r"not JSON \(.*found }\\n\), at byte 23 \(line 6\)"),
        ('{\n "a": 1\n}\n{\n "a": ', r"ends in the middle of an object, at byte 20 \(line 5\)"),
        ('{\n "a": 1\n}\n// so\n', r"not JSON \(Expecting value, found // so.*\), at byte 12 \(line 4\)"),
        ('{"data": [\n{"a": 1},\n{"a": nope}\n]}', r"not JSON \(Expecting value, found nope}.*line 3\)"),
        ("{\n" + '"a":{' * 99_999, "nested too deep|ends in the middle"),
        ('{\n"a": ' + "9" * 5000 + "}", "not readable"),
        ("[" * 99_999, "nested too deep|ends in the middle"),
    ],
)
def test_what_is_broken_is_told_by_line_and_byte(content: str, found: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BrokenFileError, match=found) as caught:
        look_at(path, "a.json", Limits(), 99)
    assert "\n" not in str(caught.value)


def test_lines_that_are_all_broken_are_no_unknown_layout(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("{prompt: 'x'}\n" * 5, encoding="utf-8")
    with pytest.raises(BrokenFileError, match=r"none of 5 rows can be read; row 0: bad_json \(.*line 1 column 2"):
        look_at(path, "a.jsonl", Limits(), 99)
    with pytest.raises(BadRowsError, match="row 0: bad_json"):
        list(whole_rows(path, "a.jsonl", Limits(), None))


def test_a_first_line_that_is_broken_costs_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"prompt": "x"\n' + FORMS["lines"], encoding="utf-8")
    assert look_at(path, "a.jsonl", Limits(), 99).rows == ROWS


@pytest.mark.parametrize("content", ["[]", "[ ]\n", '{"data": []}'])
def test_a_file_without_rows_is_told(content: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(content, encoding="utf-8")
    if content.startswith("["):
        with pytest.raises(BrokenFileError, match="holds no row"):
            look_at(path, "a.json", Limits(), 9)
    else:
        assert look_at(path, "a.json", Limits(), 9).rows == [{"data": []}]


def test_a_row_that_is_too_large_is_bad_and_a_document_may_be_larger(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    rows = [{"prompt": "x" * 900}] * 5 + [{"prompt": "x" * 1100}]
    for content in (text({"data": rows}), text({"data": rows}, indent=1), "\n".join(text(r, indent=1) for r in rows)):
        path.write_text(content, encoding="utf-8")
        batches = list(whole_rows(path, "a", Limits(max_row_bytes=1000), None))
        assert sum(len(batch.rows) for batch in batches) == 5
        assert [bad["reason"] for batch in batches for bad in batch.bad.to_pylist()] == ["row_too_large"]
