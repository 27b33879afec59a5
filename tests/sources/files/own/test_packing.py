"""Packed files, known by their first bytes: unpacked whatever they are called, bounded, or refused in one line."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from sources.command.errors import BrokenFileError, FileTooLargeError
from sources.files.own.first_bytes import kind_of
from sources.files.read_whole import look_at, whole_rows
from sources.files.rows import Limits

ROWS = [{"prompt": f"第{number}问", "chosen": "好", "rejected": "坏"} for number in range(50)]
TEXT = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()


def zst(content: bytes) -> bytes:
    packed = pa.BufferOutputStream()
    with pa.CompressedOutputStream(packed, "zstd") as stream:
        stream.write(content)
    return bytes(packed.getvalue())


def zipped(*members: tuple[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", how) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return packed.getvalue()


def zip_of_one(content: bytes) -> bytes:
    return zipped(("data.jsonl", content))


PACK: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "xz": lzma.compress,
    "bz2": bz2.compress,
    "zst": zst,
    "zip": zip_of_one,
}
EVERY = pytest.mark.parametrize("pack", PACK)


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@EVERY
@pytest.mark.parametrize("name", ["a.jsonl", "a.txt", "a", "a.jsonl.gz", "a.zst", "a.csv"])
def test_a_packed_file_is_read_whatever_it_is_called(pack: str, name: str, tmp_path: Path) -> None:
    path = write(tmp_path / name, PACK[pack](TEXT))
    assert kind_of(path.read_bytes()) == pack
    assert look_at(path, name, Limits(), 99).rows == ROWS


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.xz", "a.zip", "a.parquet"])
def test_a_plain_file_that_is_called_packed_is_read(name: str, tmp_path: Path) -> None:
    assert look_at(write(tmp_path / name, TEXT), name, Limits(), 99).rows == ROWS


def test_a_packing_that_the_name_does_not_say_is_said(tmp_path: Path) -> None:
    assert look_at(write(tmp_path / "a.jsonl", bz2.compress(TEXT)), "a.jsonl", Limits()).how == "bz2"
    assert look_at(write(tmp_path / "a.jsonl.bz2", bz2.compress(TEXT)), "a.jsonl.bz2", Limits()).how == ""
    assert look_at(write(tmp_path / "a.zip", zip_of_one(TEXT)), "a.zip", Limits()).how == "zip, its file data.jsonl"


@EVERY
def test_a_truncated_file_is_one_line(pack: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a", PACK[pack](TEXT * 30)[:-30])
    with pytest.raises(BrokenFileError) as caught:
        look_at(path, "a", Limits(), 9999)
    assert "\n" not in str(caught.value)


@EVERY
def test_a_bomb_is_let_go_long_before_it_is_unpacked(pack: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a", PACK[pack](b'{"prompt": "' + b"x" * (30 << 20) + b'"}\n'))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(FileTooLargeError, match="unpacks to more than 3,000,000 bytes"):
        list(whole_rows(path, "a", Limits(max_file_bytes=3_000_000), None))


@EVERY
def test_what_is_packed_twice_is_refused(pack: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a", PACK[pack](gzip.compress(TEXT)))
    with pytest.raises(BrokenFileError, match=f"a {pack} file that holds a gz file.*Unpack it first"):
        look_at(path, "a", Limits(), 1)


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_of_one_data_file_is_read_beside_what_is_no_data(how: int, tmp_path: Path) -> None:
    others = ("README.md", b"#"), ("__MACOSX/._data.jsonl", b"x"), ("folder/", b"")
    path = write(tmp_path / "a.zip", zipped(("folder/data.jsonl", TEXT), *others, how=how))
    assert look_at(path, "a.zip", Limits(), 99).rows == ROWS


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ([("a.jsonl", TEXT), ("b.jsonl", TEXT)], "a zip archive of 2 files (a.jsonl, b.jsonl)"),
        ([(f"{number}.csv", b"a") for number in range(9)], "of 9 files (0.csv, 1.csv, 2.csv"),
        ([], "a zip archive of 0 files (none)"),
        ([("a.png", b"1"), ("b.png", b"2")], "a zip archive of 2 files"),
        ([("\x1b[31m.csv", b"1"), ("b.csv", b"2")], "\\x1b[31m.csv"),
    ],
)  # fmt: skip
def test_a_zip_of_none_or_several_is_refused_with_advice(
    members: list[tuple[str, bytes]], words: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.zip", zipped(*members))
    with pytest.raises(BrokenFileError) as caught:
        look_at(path, "a.zip", Limits(), 1)
    assert words in str(caught.value)
    assert "Unpack it and give the folder" in str(caught.value)


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    content = bytearray(zip_of_one(TEXT))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(BrokenFileError, match=r"zip archive that cannot be read .*password"):
        look_at(write(tmp_path / "a.zip", bytes(content)), "a.zip", Limits(), 1)


def tar(content: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo("a.jsonl")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (tar(TEXT), "is a tar archive"),
        (gzip.compress(tar(TEXT)), "is a tar archive"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(99), "is a 7z archive"),
        (b"\xd0\xcf\x11\xe0" + bytes(99), "an old Excel or Word file"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"\x80\x04\x95" + bytes(99), "a pickle"),
        (b"SQLite format 3\0" + bytes(99), "an SQLite database"),
        (bytes(range(256)) * 9, "is no text"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_first_bytes(content: bytes, words: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", content)
    with pytest.raises(BrokenFileError) as caught:
        look_at(path, "a.jsonl", Limits(), 1)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
