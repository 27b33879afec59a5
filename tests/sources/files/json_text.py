"""JSON text as its reader gives it back, cut into blocks anywhere."""

import io
from typing import Any

import pytest

from sources.command.errors import BrokenFileError
from sources.files import read_json
from sources.files.read_json import json_blocks

MAX_ROW = 1 << 20


def read(
    content: bytes, block_bytes: int = 1 << 20, max_row_bytes: int = MAX_ROW, max_span: int = 1 << 24
) -> list[Any]:
    """All rows of all blocks, of a file that is read `block_bytes` at a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(read_json, "BLOCK_BYTES", block_bytes)
        patch.setattr(read_json, "MAX_SPAN_BYTES", max_span)
        return [row for block in json_blocks(io.BytesIO(content), "a.json", max_row_bytes) for row in block]


def broken(content: bytes, block_bytes: int = 1 << 20) -> str:
    with pytest.raises(BrokenFileError) as caught:
        read(content, block_bytes)
    return str(caught.value)
