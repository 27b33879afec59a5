"""Texts of any encoding: read where it is certain, else one line that says what it looks like."""

import codecs
import json
from pathlib import Path
from typing import Any

import pytest

from sources.command.errors import BrokenFileError, UsageError
from sources.files.own.encodings import LOOKED_AT_BYTES, find_encoding, named_encoding
from sources.files.read_whole import look_at, whole_rows
from sources.files.rows import Limits

SIMPLIFIED = [
    {
        "prompt": "怎样给多肉植物浇水？",
        "chosen": "等盆土干透以后再浇，一次浇透，避开叶心，冬天减少次数。",
        "rejected": "每天早中晚各浇一次，把叶子也淋湿就好了。",
    },
    {
        "prompt": "为什么月亮会有圆缺变化？",
        "chosen": "因为月亮绕地球转动，被太阳照亮的一面朝向我们的部分每天不同。",
        "rejected": "因为云把月亮挡住了一部分。",
    },
]
TRADITIONAL = [
    {
        "prompt": "怎樣給多肉植物澆水？",
        "chosen": "等盆土乾透以後再澆，一次澆透，避開葉心，冬天減少次數。",
        "rejected": "每天早中晚各澆一次，把葉子也淋濕就好了。",
    },
    {
        "prompt": "為什麼月亮會有圓缺變化？",
        "chosen": "因為月亮繞地球轉動，被太陽照亮的一面朝向我們的部分每天不同。",
        "rejected": "因為雲把月亮擋住了一部分。",
    },
]
JAPANESE = [
    {"prompt": "猫について教えてください。", "chosen": "猫はとてもかわいい動物です。", "rejected": "わかりません。"}
]
KOREAN = [
    {"prompt": "고양이에 대해 알려 주세요.", "chosen": "고양이는 아주 귀여운 동물입니다.", "rejected": "모르겠습니다."}
]
FRENCH = [
    {"prompt": "Où est le café ?", "chosen": "À côté de l’hôtel, près du théâtre.", "rejected": "Là-bas, à gauche."}
]


def jsonl(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def as_csv(rows: list[dict[str, str]]) -> str:
    return "\r\n".join(
        ",".join(f'"{cell}"' for cell in record) for record in [list(rows[0]), *(r.values() for r in rows)]
    )


def read(path: Path, content: bytes, encoding: str = "") -> list[object]:
    path.write_bytes(content)
    return look_at(path, path.name, Limits(), 9999, encoding=encoding).rows


MARKED = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv"])
@pytest.mark.parametrize("encoding", MARKED)
def test_a_mark_is_believed(encoding: str, name: str, tmp_path: Path) -> None:
    text = {"a.jsonl": jsonl(SIMPLIFIED), "a.json": json.dumps(SIMPLIFIED, indent=1), "a.csv": as_csv(SIMPLIFIED)}[name]
    assert read(tmp_path / name, MARKED[encoding] + text.encode(encoding)) == SIMPLIFIED


@pytest.mark.parametrize(
    "rows", [SIMPLIFIED, TRADITIONAL, JAPANESE, FRENCH], ids=["simplified", "traditional", "ja", "fr"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_unicode_needs_no_mark(encoding: str, rows: list[dict[str, Any]], tmp_path: Path) -> None:
    assert read(tmp_path / "a.jsonl", jsonl(rows).encode(encoding)) == rows
    assert read(tmp_path / "a.csv", as_csv(rows).encode(encoding)) == rows


@pytest.mark.parametrize(
    ("rows", "encoding", "told"),
    [
        (SIMPLIFIED, "gb18030", "GB18030"),
        (SIMPLIFIED, "gbk", "GB18030"),
        (SIMPLIFIED, "gb2312", "GB18030"),
        (TRADITIONAL, "big5", "BIG5"),
        (TRADITIONAL, "cp950", "BIG5"),
        ([*SIMPLIFIED, {**SIMPLIFIED[0], "chosen": "很好😀，谢谢"}], "gb18030", "GB18030"),
        ([*SIMPLIFIED, *[{"prompt": "def f(x)", "chosen": "It is code.", "rejected": ""}] * 50], "gbk", "GB18030"),
        ([*TRADITIONAL, {**TRADITIONAL[0], "chosen": "佢哋喺度食嘢，真係好"}], "big5hkscs", "BIG5"),
    ],
)  # fmt: skip
def test_chinese_of_old_is_read_and_said(rows: list[dict[str, str]], encoding: str, told: str, tmp_path: Path) -> None:
    for name, text in (("a.jsonl", jsonl(rows)), ("a.csv", as_csv(rows))):
        assert read(tmp_path / name, text.encode(encoding)) == rows
        assert look_at(tmp_path / name, name, Limits()).how == told


@pytest.mark.parametrize(
    ("text", "encoding", "looks_like"),
    [
        ('{"prompt": "多肉", "chosen": "好", "rejected": "坏"}', "gb18030", "it looks like GB18030"),
        (jsonl(JAPANESE), "shift_jis", "it looks like SHIFT_JIS.* Give --encoding shift_jis"),
        (jsonl(JAPANESE), "euc_jp", "it looks like EUC_JP.* Give --encoding euc_jp"),
        (jsonl(KOREAN), "cp949", "it looks like EUC_KR.* Give --encoding euc_kr"),
        (jsonl(FRENCH), "cp1252", "it looks like WINDOWS-1252.* Give --encoding windows-1252"),
        ("".join(map(chr, range(0x3400, 0x3500))), "gb18030", "the encoding cannot be detected"),
    ],
)
def test_what_is_not_certain_is_not_guessed(text: str, encoding: str, looks_like: str, tmp_path: Path) -> None:
    with pytest.raises(BrokenFileError, match=f"a.jsonl: not UTF-8.*{looks_like}") as caught:
        read(tmp_path / "a.jsonl", text.encode(encoding))
    assert "\n" not in str(caught.value)


def test_a_rare_text_that_decodes_only_as_chinese_is_named(tmp_path: Path) -> None:
    rare = "".join(chr(code) for code in range(0x4E00, 0x5200) if 0xB0 <= chr(code).encode("gb18030")[0] <= 0xD7)
    with pytest.raises(BrokenFileError, match=r"not UTF-8; it looks like GB18030.*Give --encoding gb18030"):
        read(tmp_path / "a.jsonl", rare.encode("gb18030"))


@pytest.mark.parametrize(
    ("rows", "encoding"), [(JAPANESE, "shift_jis"), (KOREAN, "euc_kr"), (FRENCH, "cp1252"), (SIMPLIFIED, "GBK")]
)
def test_a_named_encoding_is_taken(rows: list[dict[str, str]], encoding: str, tmp_path: Path) -> None:
    named = named_encoding(encoding, "--encoding")
    assert read(tmp_path / "a.jsonl", jsonl(rows).encode(encoding), named) == rows
    assert look_at(tmp_path / "a.jsonl", "a", Limits(), encoding=named).how == ""


@pytest.mark.parametrize("name", ["klingon", "hex", "rot13", ""])
def test_an_encoding_that_is_none_is_wrong_usage(name: str) -> None:
    with pytest.raises(UsageError, match="--encoding: no encoding is called"):
        named_encoding(name, "--encoding")


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_broken_character_costs_its_row(encoding: str, tmp_path: Path) -> None:
    lines = jsonl(SIMPLIFIED * 20).encode(encoding).splitlines(keepends=True)
    lines[7] = lines[7].replace(b'"chosen": "', b'"chosen": "\xff')
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join(lines))
    (batch,) = whole_rows(path, "a", Limits(max_bad_share=0.1), None, encoding=encoding)
    assert [(row["row"], row["reason"]) for row in batch.bad.to_pylist()] == [(7, "invalid_utf8")]
    assert len(batch.rows) == 39


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030", "utf-16-be"])
def test_characters_that_straddle_blocks_stay_whole(encoding: str, tmp_path: Path) -> None:
    rows = [{"prompt": "问" * 1001, "chosen": "答" * (number % 7), "rejected": "x"} for number in range(1500)]
    content = jsonl(rows).encode(encoding)
    assert len(content) > 2 * LOOKED_AT_BYTES
    assert read(tmp_path / "a.jsonl", content, "" if encoding.startswith("utf") else encoding) == rows


def test_utf16_that_ends_in_a_character_is_broken(tmp_path: Path) -> None:
    with pytest.raises(BrokenFileError, match="ends in the middle of a character"):
        read(tmp_path / "a.jsonl", jsonl(SIMPLIFIED).encode("utf-16")[:-1])


def test_all_of_gb18030_is_never_taken_for_utf8() -> None:
    assert find_encoding(jsonl(SIMPLIFIED).encode("gb18030"), "a", is_all=True).is_guess
    assert not find_encoding(jsonl(SIMPLIFIED).encode(), "a", is_all=True).is_guess
