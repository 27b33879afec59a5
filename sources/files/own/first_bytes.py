"""What a file is by its first bytes, whatever its name says."""

from typing import Literal

Kind = Literal["text", "gz", "xz", "bz2", "zst", "zip", "parquet", "arrow", "arrow stream"]
"""What can be read. A zip may be a workbook of Excel."""

HEAD_BYTES = 512

KINDS: tuple[tuple[bytes, Kind], ...] = (
    (b"\x1f\x8b", "gz"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"BZh", "bz2"),
    (b"\x28\xb5\x2f\xfd", "zst"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PAR1", "parquet"),
    (b"ARROW1\x00\x00", "arrow"),
    (b"\xff\xff\xff\xff", "arrow stream"),
)

OTHERS = (
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "Unpack it first."),
    (b"Rar!", "a rar archive", "Unpack it first."),
    (b"\x04\x22\x4d\x18", "packed with lz4", "Unpack it first."),
    (b"\x5d\x00\x00", "packed with lzma", "Unpack it first."),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file", "Save the sheet as .xlsx or .csv."),
    (b"FEA1", "a Feather file of the first version", "Write it again with a newer pyarrow."),
    (b"Obj\x01", "an Avro file", "Write its rows as JSON lines or Parquet."),
    (b"SQLite format 3", "an SQLite database", "Write its rows as JSON lines or CSV."),
    (b"\x89HDF", "an HDF5 file", "Write its rows as JSON lines or Parquet."),
    (b"\x93NUMPY", "a NumPy file", "Write its rows as JSON lines or Parquet."),
    (b"\x80\x02", "a pickle", "Write its rows as JSON lines or Parquet."),
    (b"\x80\x03", "a pickle", "Write its rows as JSON lines or Parquet."),
    (b"\x80\x04", "a pickle", "Write its rows as JSON lines or Parquet."),
    (b"\x80\x05", "a pickle", "Write its rows as JSON lines or Parquet."),
    (b"%PDF", "a PDF", "Write its rows as JSON lines or CSV."),
    (b"version https://git-lfs", "a pointer of Git LFS, not the file", "Get the file with: git lfs pull"),
    (b"<!DOCTYPE html", "a web page", "Get the file again; a server may have answered with an error."),
    (b"<html", "a web page", "Get the file again; a server may have answered with an error."),
)
"""What cannot be read: how it begins, what it is and what to do."""

TAR = (257, b"ustar")


def kind_of(head: bytes) -> Kind:
    """The kind of a file that begins so; text is what is nothing else."""
    return next((kind for magic, kind in KINDS if head.startswith(magic)), "text")


def refusal(head: bytes) -> tuple[str, str] | None:
    """What a file is that cannot be read, and what to do; None where it may be read."""
    if head[TAR[0] :].startswith(TAR[1]):
        return "a tar archive", "Unpack it first."
    return next(((what, advice) for magic, what, advice in OTHERS if head.startswith(magic)), None)
