"""A broken input file is one clear line, and the earlier output stays as it was."""

import gzip
import json
import lzma
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.builders.withstand.changes import change_rows, replace, without
from tests.builders.withstand.place import (
    BEAVER,
    BEAVER_XZ,
    COMPARISON,
    HARMLESS,
    HELPFUL,
    HUOZI,
    XZ_RECIPE,
    ZHIHU,
    Change,
    Place,
    one_line,
)

BROKEN: list[Any] = [
    pytest.param(BEAVER, "en", lambda d: d[:-300], ["broken after", "unpacked bytes", "truncated"], id="gz cut off"),
    pytest.param(BEAVER, "en", lambda d: d[:900] + b"\0" * 40 + d[940:], ["broken after"], id="gz with other bytes"),
    pytest.param(BEAVER, "en", lambda d: b"{" + d, ["broken after"], id="gz that is none"),
    pytest.param(BEAVER, "en", lambda d: b"", ["empty"], id="gz without a byte"),
    pytest.param(BEAVER, "en", lambda d: gzip.compress(b""), ["empty"], id="gz of nothing"),
    pytest.param(HARMLESS, "zh", lambda d: b"", ["empty", "a JSON array"], id="empty JSON"),
    pytest.param(HARMLESS, "zh", lambda d: b"\xef\xbb\xbf \n", ["empty"], id="JSON of white space"),
    pytest.param(HUOZI, "zh", lambda d: b"", ["empty", "a header line"], id="empty csv"),
    pytest.param(ZHIHU, "zh", lambda d: b"", ["empty", "a header line"], id="empty tsv"),
    pytest.param(
        HARMLESS, "zh", lambda d: d[: len(d) // 2], ["ends in the middle of a row, at byte", "line"], id="JSON cut off"
    ),
    pytest.param(
        HARMLESS,
        "zh",
        lambda d: d[:4000] + d[4000:].replace(b'": "', b'" "', 1),
        ["not JSON", "at byte 4,", "line"],
        id="JSON broken in the middle",
    ),
    pytest.param(
        COMPARISON, "zh", without("chosen"), ["row 0: no column chosen; found instruction, input"], id="column missing"
    ),
    pytest.param(HUOZI, "zh", replace(b"reject", b"r\x1b[1m"), ["no column reject", "r\\x1b[1m"], id="header changed"),
    pytest.param(
        COMPARISON,
        "zh",
        change_rows({3: [[1, 2]], 4: {"chosen": 7}, 5: {"rejected": None}, 6: ["\x1b[31m"]}),
        [
            "4 of 40 rows cannot be read",
            "row 3: not_an_object (list",
            "row 4: wrong_type (chosen is 7, expected string)",
            "row 5: null_value (rejected is null)",
            "row 6: not_an_object (str: \\x1b[31m)",
            "at most 1.0% bad rows",
        ],
        id="more bad rows than borne",
    ),
    pytest.param(
        HELPFUL,
        "zh",
        lambda d: b"\n".join(b"{" + line for line in d.splitlines()),
        ["rows cannot be read: row 0: bad_json", " more; expected"],
        id="every line broken",
    ),
]


@pytest.mark.parametrize(("name", "lang", "change", "words"), BROKEN)
def test_a_broken_input_file_is_named_in_one_line(
    name: str, lang: str, change: Change, words: list[str], place: Place, refused: Callable[..., str]
) -> None:
    place.spoil(name, change)
    said = refused("--lang", lang)
    assert [word for word in [name, *words] if word not in said] == []


def test_a_broken_file_is_the_same_line_from_a_worker_process(
    place: Place, refused: Callable[..., str], command: Callable[..., tuple[int, str, str]]
) -> None:
    place.spoil(HARMLESS, lambda data: data[: len(data) // 2])
    alone = refused()
    status, out, said = command("--workers", 2)
    assert (status, out) == (1, "")
    assert one_line(said) == alone
    place.assert_untouched()


@pytest.mark.parametrize("change", [lambda d: d[:-100], lambda d: d[:500] + b"\0" * 9 + d[509:], lambda d: d[:3]])
def test_a_broken_xz_is_named_in_one_line(change: Change, place: Place, refused: Callable[..., str]) -> None:
    place.recipe(XZ_RECIPE)
    place.spoil(BEAVER_XZ, change)
    said = refused("--lang", "en")
    assert BEAVER_XZ in said
    assert "broken after" in said


@pytest.mark.parametrize(("name", "pack"), [(BEAVER, gzip.compress), (BEAVER_XZ, lzma.compress)])
def test_an_archive_bomb_is_stopped_at_the_limit(
    name: str, pack: Change, place: Place, refused: Callable[..., str]
) -> None:
    file = "330k" if name == BEAVER_XZ else "30k"
    place.recipe(
        f"name: small\nsources: {{beavertails: {{file: {file}}}}}\nstages: [split]\n"
        "limits: {max_file_bytes: 1000000}\n"
    )
    place.spoil(name, lambda _: pack(b"\n" * (64 << 20)))
    said = refused("--lang", "en")
    assert f"{name}: unpacks to more than 1,000,000 bytes" in said
    assert "limits.max_file_bytes" in said


def test_other_bytes_than_the_pinned_ones_are_refused_when_asked(place: Place, refused: Callable[..., str]) -> None:
    said = refused("--verify-hashes")
    assert COMPARISON in said
    assert "SHA-256 is " in said
    assert "expected a3aad6fc445822b3ffd6144032c3447c6c56322c8a160af0e8b25b2e111c8255" in said


def test_no_pair_left_says_why_there_is_none(place: Place, refused: Callable[..., str]) -> None:
    def same(data: bytes) -> bytes:
        return json.dumps([{**row, "pos_resp": row["neg_resp"]} for row in json.loads(data)]).encode()

    place.spoil(HARMLESS, same)
    place.spoil(HELPFUL, lambda data: b"[]")
    said = refused("--only", "cvalues_rlhf")
    assert re.search("none of [0-9]+ pairs is left to train on", said)


def test_no_row_at_all_is_one_line(place: Place, refused: Callable[..., str]) -> None:
    place.spoil(HUOZI, lambda data: data.splitlines(keepends=True)[0])
    assert "no upstream row gave a pair" in refused("--only", "huozi")
