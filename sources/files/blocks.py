"""A stream of plain bytes as blocks of rows, by what the name of its file says: CSV, TSV, else JSON."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from sources.files.read_csv import csv_blocks
from sources.files.read_json import Block, json_blocks
from sources.files.rows import Limits


def blocks(stream: BinaryIO, path: Path, name: str, limits: Limits) -> Iterator[Block]:
    """The rows of the file at `path`, whose unpacked bytes are `stream`."""
    packed = path.suffix in (".gz", ".xz")
    match (path.with_suffix("") if packed else path).suffix:
        case ".csv":
            return csv_blocks(stream, name, ",", limits.max_row_bytes)
        case ".tsv":
            return csv_blocks(stream, name, "\t", limits.max_row_bytes)
        case _:
            return json_blocks(stream, name, limits.max_row_bytes, limits.block_bytes)
