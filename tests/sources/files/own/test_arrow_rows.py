"""Parquet, Arrow and Feather: the same rows whatever the types of their columns, bounded, or one line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

from sources.command.errors import BrokenFileError, FileTooLargeError
from sources.files.read_whole import look_at, whole_rows
from sources.files.rows import Limits
from sources.pairs.whole_row import whole_cells

MESSAGES = [{"role": "user", "content": "问"}, {"role": "assistant", "content": "答"}]
TURN = pa.struct([("role", pa.string()), ("content", pa.string())])
BINARY_TURN = pa.struct([("role", pa.binary()), ("content", pa.large_binary())])

Write = Callable[[pa.Table, Path], Any]


def write_file(table: pa.Table, path: Path) -> None:
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table)


def write_stream(table: pa.Table, path: Path) -> None:
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)


def write_compressed(table: pa.Table, path: Path) -> None:
    with pa.ipc.new_file(path, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)


WRITE: dict[str, Write] = {
    "parquet": pq.write_table,
    "arrow": write_file,
    "stream": write_stream,
    "zstd": write_compressed,
    "feather": lambda table, path: feather.write_feather(table, str(path)),
}
EVERY = pytest.mark.parametrize("how", WRITE)


def read(table: pa.Table, path: Path, how: str) -> list[Any]:
    WRITE[how](table, path)
    return [row for batch in whole_rows(path, path.name, Limits(), None) for row in whole_cells(batch.rows)]


@EVERY
@pytest.mark.parametrize("name", ["a.parquet", "a.arrow", "a", "a.json"])
def test_every_kind_gives_the_same_rows(how: str, name: str, tmp_path: Path) -> None:
    rows = [{"prompt": f"第{number}问", "messages": MESSAGES, "score": 1.5, "none": None} for number in range(5)]
    assert read(pa.Table.from_pylist(rows), tmp_path / name, how) == rows
    assert look_at(tmp_path / name, name, Limits(), 3).rows == rows[:3]


TEXTS = [
    pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(6),
    pa.dictionary(pa.int32(), pa.string()), pa.dictionary(pa.int8(), pa.large_binary()),
]  # fmt: skip


@pytest.mark.parametrize("how", ["parquet", "stream"])
@pytest.mark.parametrize("kind", TEXTS, ids=str)
def test_text_of_every_type_is_text(kind: pa.DataType, how: str, tmp_path: Path) -> None:
    if pa.types.is_dictionary(kind):
        column = pa.array(["问好", "再见", "问好", None], pa.string()).cast(kind.value_type).dictionary_encode()
    else:
        column = pa.array(["问好".encode(), "再见".encode(), "问好".encode(), None], pa.binary())
        column = pa.array(["问好", "再见", "问好", None]).cast(kind) if kind != pa.binary(6) else column.cast(kind)
    texts = [row["prompt"] for row in read(pa.table({"prompt": column}), tmp_path / "a", how)]
    assert texts == ["问好", "再见", "问好", None]


@pytest.mark.parametrize("how", ["parquet", "stream"])
@pytest.mark.parametrize(
    "kind",
    [pa.list_(TURN), pa.large_list(TURN), pa.list_(TURN, 2), pa.list_(BINARY_TURN), pa.large_list(BINARY_TURN)],
    ids=str,
)
def test_messages_of_every_type_are_messages(kind: pa.DataType, how: str, tmp_path: Path) -> None:
    values = [{key: text.encode() for key, text in each.items()} for each in MESSAGES]
    column = pa.array([values if "binary" in str(kind) else MESSAGES] * 2, kind)
    assert read(pa.table({"prompt": column}), tmp_path / "a", how) == [{"prompt": MESSAGES}] * 2


@pytest.mark.parametrize("kind", [pa.list_view(TURN), pa.large_list_view(TURN)], ids=str)
def test_views_of_lists_are_lists(kind: pa.DataType, tmp_path: Path) -> None:
    assert read(pa.table({"prompt": pa.array([MESSAGES], kind)}), tmp_path / "a", "stream") == [{"prompt": MESSAGES}]


@EVERY
def test_messages_that_were_turned_about_are_turned_back(how: str, tmp_path: Path) -> None:
    about = {"role": ["user", "assistant"], "content": ["问", "答"]}
    others = {"role": ["user"], "content": ["a", "b"]}, {"role": None, "content": None}, None
    rows = read(pa.Table.from_pylist([{"prompt": each} for each in (about, *others)]), tmp_path / "a", how)
    assert [row["prompt"] for row in rows] == [MESSAGES, others[0], [], None]


@pytest.mark.parametrize("how", ["parquet", "stream"])
def test_json_maps_and_pictures_become_what_they_say(how: str, tmp_path: Path) -> None:
    table = pa.table(
        {
            "json": pa.array(['{"a": [1]}', "null"], pa.json_()),
            "map": pa.array([[("k", b"v")], []], pa.map_(pa.string(), pa.binary())),
            "image": pa.array([{"bytes": b"\x89PNG", "path": None}] * 2),
            "raw": pa.array([b"\xff\xfe", b"a"]),
        }
    )
    first, second = read(table, tmp_path / "a", how)
    assert first == {
        "json": {"a": [1]},
        "map": {"k": "v"},
        "image": {"bytes": None, "path": None},
        "raw": {"binary": "2 bytes"},
    }
    assert (second["json"], second["map"], second["raw"]) == (None, {}, "a")


@pytest.mark.parametrize("how", ["parquet", "stream"])
def test_text_that_is_not_utf8_costs_its_row(how: str, tmp_path: Path) -> None:
    raw = pa.array([b"a", b"b\xff", b"c"])
    lying = pa.Array.from_buffers(pa.string(), 3, raw.buffers())
    WRITE[how](pa.table({"prompt": lying}), tmp_path / "a")
    batches = list(whole_rows(tmp_path / "a", "a", Limits(), None))
    assert [bad["row"] for batch in batches for bad in batch.bad.to_pylist()] == [1]
    assert [n for batch in batches for n in batch.rows["row"].to_pylist()] == [0, 2]


@EVERY
def test_a_truncated_file_is_one_line(how: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    WRITE[how](pa.table({"prompt": ["问"] * 9999}), path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(BrokenFileError, match="cannot be read") as caught:
        list(whole_rows(path, "a", Limits(), None))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("how", ["parquet", "zstd"])
def test_a_bomb_is_too_large(how: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    WRITE[how](pa.table({"prompt": ["x" * 1000] * 50_000}), path)
    assert path.stat().st_size < 1 << 20
    with pytest.raises(FileTooLargeError, match="unpacks to more than 3,000,000 bytes"):
        list(whole_rows(path, "a", Limits(max_file_bytes=3_000_000), None))


def test_offsets_that_lead_beyond_the_bytes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.arrow"
    write_file(pa.table({"prompt": ["aaaa", "bbbb", "cccc"]}), path)
    content = path.read_bytes()
    offsets = b"".join(n.to_bytes(4, "little") for n in (0, 4, 8, 12))
    assert offsets in content
    path.write_bytes(content.replace(offsets, offsets[:8] + (1 << 30).to_bytes(4, "little") + offsets[12:]))
    with pytest.raises(BrokenFileError, match=r"a\.arrow: cannot be read"):
        list(whole_rows(path, "a.arrow", Limits(), None))


@EVERY
def test_a_column_that_stands_twice_is_told(how: str, tmp_path: Path) -> None:
    table = pa.table([pa.array(["a"]), pa.array(["b"])], names=["chosen", "chosen"])
    WRITE[how](table, tmp_path / "a")
    with pytest.raises(BrokenFileError, match="two columns are called chosen"):
        list(whole_rows(tmp_path / "a", "a", Limits(), None))


def test_a_row_that_is_too_large_is_bad(tmp_path: Path) -> None:
    pq.write_table(pa.table({"prompt": ["a", "x" * 2000]}), tmp_path / "a")
    (batch,) = whole_rows(tmp_path / "a", "a", Limits(max_row_bytes=1000), None)
    assert [(bad["row"], bad["reason"]) for bad in batch.bad.to_pylist()] == [(1, "row_too_large")]
