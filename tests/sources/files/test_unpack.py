"""Packed files as plain bytes."""

import gzip
import lzma
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from sources.command.errors import BrokenFileError, FetchError, FileTooLargeError
from sources.files.unpack import open_unpacked

PLENTY = 1 << 30
TEXT = random.Random(0).randbytes(100_000)
PACKERS = [(".gz", gzip.compress), (".xz", lzma.compress), (".json", bytes)]
PACKED = pytest.mark.parametrize(("suffix", "pack"), PACKERS[:2], ids=["gz", "xz"])
ANY = pytest.mark.parametrize(("suffix", "pack"), PACKERS, ids=["gz", "xz", "plain"])

Pack = Callable[[bytes], bytes]


def unpack(path: Path, content: bytes, max_bytes: int = PLENTY) -> bytes:
    path.write_bytes(content)
    with open_unpacked(path, "there/a", max_bytes) as stream:
        return stream.read()


@ANY
def test_a_whole_file_gives_its_bytes(tmp_path: Path, suffix: str, pack: Pack) -> None:
    assert unpack(tmp_path / f"a{suffix}", pack(TEXT)) == TEXT


@PACKED
def test_a_file_packed_in_several_parts_gives_all_of_them(tmp_path: Path, suffix: str, pack: Pack) -> None:
    assert unpack(tmp_path / f"a{suffix}", pack(b"one ") + pack(b"two")) == b"one two"


@PACKED
@pytest.mark.parametrize("kept", [5, 1000, -1])
def test_a_truncated_file_is_broken_and_says_so(tmp_path: Path, suffix: str, pack: Pack, kept: int) -> None:
    with pytest.raises(BrokenFileError) as caught:
        unpack(tmp_path / f"a{suffix}", pack(TEXT)[:kept])
    assert str(caught.value).startswith("there/a: broken after ")
    assert "it may be truncated" in str(caught.value)


@PACKED
def test_flipped_bytes_are_found(tmp_path: Path, suffix: str, pack: Pack) -> None:
    content = bytearray(pack(TEXT))
    content[5000] ^= 0xFF
    content[5001] ^= 0xFF
    with pytest.raises(BrokenFileError):
        unpack(tmp_path / f"a{suffix}", bytes(content))


@PACKED
def test_a_file_that_is_not_packed_at_all_is_broken(tmp_path: Path, suffix: str, pack: Pack) -> None:
    with pytest.raises(BrokenFileError, match="there/a: broken after 0 unpacked bytes"):
        unpack(tmp_path / f"a{suffix}", b'{"a": 1}\n' * 100)


@ANY
def test_a_file_of_just_the_limit_is_read(tmp_path: Path, suffix: str, pack: Pack) -> None:
    assert len(unpack(tmp_path / f"a{suffix}", pack(TEXT), len(TEXT))) == len(TEXT)


@ANY
def test_a_file_beyond_the_limit_is_too_large(tmp_path: Path, suffix: str, pack: Pack) -> None:
    with pytest.raises(FileTooLargeError, match="there/a: unpacks to more than 99,999 bytes"):
        unpack(tmp_path / f"a{suffix}", pack(TEXT), len(TEXT) - 1)


@PACKED
def test_a_bomb_is_let_go_long_before_it_is_unpacked(tmp_path: Path, suffix: str, pack: Pack) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(pack(bytes(20 << 20)))
    assert path.stat().st_size < 1 << 20
    with open_unpacked(path, "there/a", 3 << 20) as stream:
        with pytest.raises(FileTooLargeError, match=r"limits\.max_file_bytes"):
            stream.read()
        assert stream.raw.bytes_read <= 5 << 20  # type: ignore[attr-defined]


def test_a_file_that_is_not_there_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="there/a: cannot be opened"), open_unpacked(tmp_path / "a", "there/a", PLENTY):
        pass


def test_a_folder_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="cannot be opened"), open_unpacked(tmp_path, "there/a", PLENTY):
        pass
