"""A file of one's own as a source: its layout found or named, its rows by language, every row accounted for."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from sources.command.errors import MissingColumnError, UsageError
from sources.fetch.data_files import find_data
from sources.files.rows import Limits
from sources.layouts.own_data import Described, OwnData, adapt, look_into, no_files, own_data
from sources.pairs.languages import Lang
from sources.pairs.source import WHOLE_ROW, NoOptions

ZH = {"prompt": "夸夸这只猫。", "chosen": "它的尾巴真漂亮。", "rejected": "猫。"}
EN = {"prompt": "Praise this cat.", "chosen": "What a splendid tail.", "rejected": "Cat."}
MIXED = {"prompt": "用英语写一句话夸猫。", "chosen": "What a tail!", "rejected": "Cat."}


def described(path: Path, *rows: Any, layout: str = "") -> Described:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return Described(files=tuple(find_data(path, "--add")), name="mine", licence="MIT", layout=layout)


def take(path: Path, *rows: Any, lang: Lang = "zh", layout: str = "") -> OwnData:
    data = described(path, *rows, layout=layout)
    return own_data(data, look_into(data, Limits(), "--add").taken, lang)


def adapted(layout: str, lang: Lang, *rows: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Pairs and skipped rows."""
    texts = pa.array([json.dumps(row).encode() for row in rows], pa.binary())
    table = pa.table({WHOLE_ROW.names[0]: texts, "row": pa.array(range(10, 10 + len(rows)), pa.int64())})
    result = adapt(layout, True, lang, table, NoOptions())
    return result.pairs.to_pylist(), result.skipped.to_pylist()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_source_is_what_its_owner_says(lang: Lang, tmp_path: Path) -> None:
    own = take(tmp_path / "cats.jsonl", ZH, EN, lang=lang)
    source = own.source
    assert (source.name, source.lang, source.license, source.signal) == (f"mine_{lang}", lang, "MIT", "unknown")
    assert not source.commercial_use, "nobody but its owner can know"
    assert source.files(NoOptions()) == no_files(NoOptions()) == ()
    assert own.taken.name == "trl-standard"
    assert own.taken.why.startswith("2 of the first 2 rows look like")


def test_a_layout_that_is_named_is_taken_without_a_look(tmp_path: Path) -> None:
    own = take(tmp_path / "cats.jsonl", {"q": "一", "a": "好", "b": "坏"}, layout="keys(prompt=q,chosen=a,rejected=b)")
    assert own.taken.name == "keys(prompt=q,chosen=a,rejected=b)"
    assert own.taken.why == "--add says so"


def test_a_layout_that_nobody_knows_and_one_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(MissingColumnError, match="first row has question "):
        take(tmp_path / "cats.jsonl", {"question": "一", "good": "好"})
    with pytest.raises(UsageError, match=r"Did you mean sharegpt\?"):
        take(tmp_path / "cats.jsonl", ZH, layout="shargpt")


def test_each_row_goes_to_its_language_and_none_to_both() -> None:
    rows = [ZH, EN, MIXED]
    zh, not_zh = adapted("trl-standard", "zh", *rows)
    en, not_en = adapted("trl-standard", "en", *rows)
    assert sorted(pair["row"] for pair in (*zh, *en)) == [10, 11, 12]
    assert {row["reason"] for row in (*not_zh, *not_en)} == {"other_language_file"}
    assert len(zh) + len(not_zh) == len(en) + len(not_en) == len(rows)


def test_a_pair_is_the_text_of_the_row() -> None:
    (pair,), _ = adapted("trl-standard", "zh", ZH)
    assert [turn["content"] for side in ("prompt", "chosen", "rejected") for turn in pair[side]] == list(ZH.values())
    assert [turn["role"] for side in ("prompt", "chosen", "rejected") for turn in pair[side]] == [
        "user",
        "assistant",
        "assistant",
    ]


@pytest.mark.parametrize(
    ("layout", "row", "reason"),
    [
        ("trl-standard", {"prompt": 7, "chosen": "好", "rejected": "坏"}, "wrong_type"),
        ("trl-implicit", {"chosen": [{"role": "assistant", "content": "好"}]}, "wrong_type"),
        ("llamafactory-old", {"instruction": "一"}, "wrong_type"),
        ("ms-swift", {}, "wrong_type"),
        ("sharegpt", {"chosen": "好"}, "wrong_type"),
        ("hh", {"chosen": "你好", "rejected": "好"}, "broken_turns"),
    ],
)
def test_a_row_of_another_kind_is_skipped_with_its_reason(layout: str, row: dict[str, Any], reason: str) -> None:
    pairs, skipped = adapted(layout, "zh", row)
    assert pairs == []
    assert [(each["row"], each["reason"]) for each in skipped] == [(10, reason)]
    assert skipped[0]["evidence"]


def test_no_rows_are_no_pairs() -> None:
    assert adapted("trl", "zh") == ([], [])


@pytest.mark.shared
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_real_rows_are_all_in_one_language(lang: Lang, shared: Path) -> None:
    other: Lang = "en" if lang == "zh" else "zh"
    rows = json.loads((shared / f"upstream/demos/dpo_{lang}_demo.json").read_text(encoding="utf-8"))
    pairs, _ = adapted("sharegpt", lang, *rows)
    strange, _ = adapted("sharegpt", other, *rows)
    assert len(pairs) + len(strange) == len(rows)
    assert len(strange) <= len(rows) * 0.05
