"""The parts of a file have its rows, each once, under the numbers that they have in the whole file."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sources.command.errors import MissingColumnError
from sources.files import parts
from sources.files.parts import Part, count_lines, line_cuts, line_parts, row_group_parts
from sources.files.read import read_rows
from sources.files.read_part import read_part, whole_part
from sources.files.read_whole import whole_rows
from sources.files.rows import Limits, RowBatch
from sources.pairs.schema import PAIRS
from sources.pairs.source import OPTIONAL
from sources.pairs.whole_row import whole_cells
from tests.examples import examples

LIMITS = Limits(max_bad_share=1.0, max_row_bytes=200)
PLAIN = pa.schema([("prompt", pa.string()), pa.field("score", pa.float64(), metadata=OPTIONAL)])
OTHER = pa.schema([("question", pa.string())])

LINES = st.one_of(
    st.builds(
        lambda text, score: orjson.dumps({"prompt": text, "score": score}),
        st.text(max_size=60),
        st.none() | st.floats(0, 1),
    ),
    st.sampled_from(
        [
            b"",
            b"   ",
            b"\r",
            b'["no", "object"]',
            b'{"prompt": 1}',
            b"{broken",
            b'{"prompt": "\xff"}',
            b"[",
            b'{"question": "?"}',
        ]
    ),
    st.builds(lambda size: orjson.dumps({"prompt": "x" * size}), st.integers(150, 400)),
)
WHOLE = orjson.dumps({"prompt": "first"})


def cut(path: Path, part_bytes: int) -> list[Part]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "PART_BYTES", part_bytes)
        counted = [count_lines(path, *piece) for piece in line_cuts(path, path.name, "")]
        return line_parts(counted, path.stat().st_size) if counted else row_group_parts(path)


def rows_of(batches: Iterator[RowBatch]) -> tuple[list[object], list[object]]:
    """All rows with their numbers, and all bad rows."""
    rows, bad = list[object](), list[object]()
    for batch in batches:
        is_whole = "whole_row" in batch.rows.column_names
        cells = whole_cells(batch.rows) if is_whole else batch.rows.drop_columns("row").to_pylist()
        rows += zip(batch.rows["row"].to_pylist(), map(repr, cells), strict=True)
        bad += batch.bad.to_pylist()
    return rows, bad


def in_turn(path: Path, cuts: list[Part], layouts: tuple[pa.Schema, ...] | None) -> Iterator[RowBatch]:
    for part in cuts:
        yield from (
            read_part(path, path.name, layouts, LIMITS, part) if layouts else whole_part(path, path.name, LIMITS, part)
        )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(150))
@given(
    lines=st.lists(LINES, min_size=1, max_size=40),
    mark=st.sampled_from([b"", b"\xef\xbb\xbf"]),
    end=st.sampled_from([b"", b"\n", b"\r\n\n"]),
    part_bytes=st.integers(1, 300),
)
def test_parts_of_json_lines_have_the_rows_of_the_file(
    lines: list[bytes], mark: bytes, end: bytes, part_bytes: int, tmp_path: Path
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(mark + b"\n".join([WHOLE, WHOLE, *lines]) + end)
    cuts = cut(path, part_bytes)
    if not cuts:
        return
    layouts = (OTHER, PLAIN)
    assert rows_of(in_turn(path, cuts, layouts)) == rows_of(read_rows(path, path.name, layouts, LIMITS))
    assert rows_of(in_turn(path, cuts, None)) == rows_of(whole_rows(path, path.name, LIMITS, None))


def test_a_file_of_many_lines_is_many_parts(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes((WHOLE + b"\n") * 100)
    assert [part.first for part in cut(path, 400)] == [0, *sorted({part.first for part in cut(path, 400)} - {0})]
    assert len(cut(path, 400)) == 5
    assert cut(path, 1 << 20) == []


@pytest.mark.parametrize(
    "content",
    [
        b'[{"prompt": "an array"},\n{"prompt": "of rows"}]',
        b'{"data": [\n{"prompt": "one object"}\n]}',
        b'{"prompt": "half",\n "score": 1}\n{"prompt": "pretty"}',
        '{"prompt": "中文"}\n{"prompt": "第二行"}\n'.encode("gb18030") * 10,
        b'prompt,chosen\n"a","b"\n',
        b"\x1f\x8b not JSON lines",
    ],
)
def test_what_may_be_no_json_lines_is_read_in_one_go(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_bytes(content)
    assert cut(path, 4) == []


def test_a_file_with_a_line_that_is_too_long_is_read_in_one_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "MAX_LINE_BYTES", 50)
    path = tmp_path / "rows.jsonl"
    path.write_bytes((WHOLE + b"\n") * 20 + orjson.dumps({"prompt": "x" * 60}) + b"\n" + (WHOLE + b"\n") * 20)
    assert cut(path, 100) == []


@pytest.mark.parametrize("group_rows", [1, 7, 100])
def test_parts_of_parquet_have_the_rows_of_the_file(group_rows: int, tmp_path: Path) -> None:
    path = tmp_path / "pairs.parquet"

    def said(number: int, role: str) -> list[dict[str, object]]:
        return [{"role": role, "content": None if number % 10 == 3 else f"text {number}"}]

    rows = [
        {
            "prompt": said(n, "user"),
            "chosen": said(n, "assistant"),
            "rejected": said(n + 1, "assistant"),
            "lang": "zh",
            "tags": [],
        }
        for n in range(50)
    ]
    pq.write_table(pa.Table.from_pylist(rows, PAIRS), path, row_group_size=group_rows)
    cuts = cut(path, 500)
    assert [part.first for part in cuts[:1]] == [0]
    assert rows_of(in_turn(path, cuts, (PAIRS,))) == rows_of(read_rows(path, path.name, (PAIRS,), LIMITS))
    assert rows_of(in_turn(path, cuts, None)) == rows_of(whole_rows(path, path.name, LIMITS, None))


def test_a_part_without_the_columns_is_refused_as_the_file_is(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes((WHOLE + b"\n") * 100)
    for part in cut(path, 400):
        with pytest.raises(MissingColumnError, match="row 0: no column question"):
            list(read_part(path, path.name, (OTHER,), LIMITS, part))
