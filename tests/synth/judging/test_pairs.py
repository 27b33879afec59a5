"""Which pairs are judged: those of a build or a file, each once; a sample is fair to every source."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.building.pipeline import Built
from sources.command.errors import PrefsError
from sources.pairs.extras import EXTRAS, widen, write_extras
from sources.pairs.languages import Lang
from sources.pairs.schema import PAIRS
from synth.judging.pairs import Pairs, draw, read_pairs
from tests.conftest import pair_table
from tests.synth.judging.court import Court

ONE = [("问", "好", "差")]


def read(path: Path, folder: Path, lang: Lang | None = None, sample: int | None = None) -> Pairs:
    return read_pairs(path, folder / "spool.arrow", lang=lang, sample=sample)


def rows_of(pairs: Pairs) -> list[dict[str, Any]]:
    return [row for part in pairs.parts() for row in part]


def test_every_pair_of_a_build_is_there_in_order_with_its_texts(
    build_sample: Callable[..., list[Built]], tmp_path: Path
) -> None:
    build_sample(tmp_path / "prefs")
    files = sorted((tmp_path / "prefs" / "zh" / "data").glob("*.parquet"), key=lambda path: path.name)
    wanted = pa.concat_tables([pq.read_table(path) for path in files])
    for path in (tmp_path / "prefs", tmp_path / "prefs" / "zh"):
        pairs = read(path, tmp_path)
        assert pairs.lang == "zh"
        assert len(pairs) == len(wanted)
        assert Counter(row["id"] for row in rows_of(pairs)) == Counter(wanted["id"].to_pylist())
        assert {row["id"]: row["chosen"] for row in rows_of(pairs)} == {
            row["id"]: row["chosen"][0]["content"] for row in wanted.to_pylist()
        }


def test_a_sample_is_the_same_each_time_and_has_every_source_by_its_size(tmp_path: Path) -> None:
    court = Court(tmp_path).write(large=60, small=20, tiny=1)
    first = rows_of(read(court.pairs, tmp_path, sample=20))
    assert rows_of(read(court.pairs, tmp_path, sample=20)) == first
    assert Counter(row["source"] for row in first) == {"large": 14, "small": 5, "tiny": 1}
    more = {row["id"] for row in rows_of(read(court.pairs, tmp_path, sample=40))}
    assert {row["id"] for row in first} < more
    assert len(rows_of(read(court.pairs, tmp_path, sample=500))) == 81


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 30), min_size=1), st.integers(1, 200))
def test_a_sample_has_the_size_that_was_asked_for_unless_there_are_more_sources(
    sizes: dict[str, int], sample: int
) -> None:
    seen = {source: [f"{source}{number}" for number in range(size)] for source, size in sizes.items()}
    drawn = draw(seen, sample)
    total = sum(sizes.values())
    assert max(min(sample, total), len(sizes)) == len(drawn)
    for source, size in sizes.items():
        share = sum(pair.startswith(source) for pair in drawn)
        assert 1 <= share <= size
        if sample >= total:
            assert share == size


def test_a_pair_that_stands_twice_is_judged_once_and_counted(tmp_path: Path) -> None:
    table = pair_table([*ONE, *ONE, ("另一问", "好", "差")], "zh", None, "one")
    pairs = read(Court(tmp_path).write_table(table).pairs, tmp_path)
    assert len(pairs) == 2
    assert pairs.left_out == {("one", "repeated"): 1}


@pytest.mark.parametrize(
    ("langs", "lang", "said"),
    [
        (["zh", "en"], None, "has pairs in zh and en"),
        (["zh", "en"], "zh", "also has pairs in en"),
        (["zh", "zh"], "en", "also has pairs in zh"),
    ],
)
def test_pairs_in_another_language_are_an_error(langs: list[str], lang: Lang | None, said: str, tmp_path: Path) -> None:
    table = pair_table([*ONE, ("another", "good", "bad")], langs, None, "one")
    with pytest.raises(PrefsError, match=said):
        read(Court(tmp_path).write_table(table).pairs, tmp_path, lang=lang)


def test_what_is_no_file_of_pairs_is_one_line(tmp_path: Path) -> None:
    said = {
        "missing.parquet": "is not there",
        "text.parquet": "expected a Parquet file of pairs",
        "other.parquet": "has no column id, source",
        "empty.parquet": "has pairs in no language",
    }
    (tmp_path / "text.parquet").write_text("no Parquet")
    pq.write_table(pa.table({"prompt": ["x"]}), tmp_path / "other.parquet")
    pq.write_table(PAIRS.empty_table(), tmp_path / "empty.parquet")
    for name, found in said.items():
        with pytest.raises(PrefsError) as error:
            read(tmp_path / name, tmp_path)
        assert found in str(error.value)
        assert str(tmp_path / name) in str(error.value)


def test_a_file_that_another_program_wrote_anew_gives_the_same_pairs(tmp_path: Path) -> None:
    """`datasets` and pandas write keys of messages in another order, long strings, and scores without any as nulls."""
    court = Court(tmp_path).write(4)
    wanted = rows_of(read(court.pairs, tmp_path))
    table = pq.read_table(court.pairs)
    turned = pa.list_(pa.struct([("content", pa.large_string()), ("role", pa.string())]))
    for side in ("prompt", "chosen", "rejected"):
        table = table.set_column(table.schema.get_field_index(side), side, pa.array(table[side].to_pylist(), turned))
    table = table.set_column(0, "id", table["id"].cast(pa.large_string()))
    table = table.set_column(table.schema.get_field_index("score_chosen"), "score_chosen", pa.nulls(len(table)))
    pq.write_table(table, court.pairs)
    assert rows_of(read(court.pairs, tmp_path)) == wanted


def test_what_cannot_be_judged_is_left_out_with_its_reason(tmp_path: Path) -> None:
    table = pair_table([(f"问{number}", "好", "差") for number in range(6)], "zh", None, "one").to_pylist()
    table[1]["chosen"] = []
    table[2]["rejected"] = None
    table[3]["prompt"][0]["content"] = None
    table[4]["prompt"].insert(0, {"role": "tool", "content": "42"})
    table[5]["prompt"].insert(0, {"role": "narrator", "content": "从前"})
    pairs = read(Court(tmp_path).write_table(pa.Table.from_pylist(table, schema=PAIRS)).pairs, tmp_path)
    assert [row["source_row"] for row in rows_of(pairs)] == ["file:0"]
    assert pairs.left_out == {("one", "no_text"): 3, ("one", "has_tools"): 1, ("one", "unknown_role"): 1}


def test_of_pairs_with_tools_and_reasoning_those_with_tools_are_left_out(tmp_path: Path) -> None:
    table = pair_table([("问", "好", "差"), ("算", "五", "六"), ("想", "是", "否")], "zh", None, "one").select(
        PAIRS.names
    )
    said = [{"role": "assistant", "content": "是", "reasoning_content": "想一想"}]
    user = [{"role": "user", "content": "想"}]
    extras = [
        None,
        write_extras([{"name": "add"}], [[{"role": "user", "content": "算"}], said, said]),
        write_extras(None, [user, said, [{"role": "assistant", "content": "否"}]]),
    ]
    path = tmp_path / "wide.parquet"
    pq.write_table(widen(table.append_column(EXTRAS, pa.array(extras, pa.string()))), path)
    pairs = read(path, tmp_path)
    assert [row["chosen"] for row in rows_of(pairs)] == ["好", "想一想\n是"]
    assert pairs.left_out == {("one", "has_tools"): 1}


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("id", pa.array([1, 2, 3, 4]), "column id holds int64; expected strings"),
        ("chosen", pa.array(["a"] * 4), "column chosen holds string; expected a list of messages"),
        ("score_chosen", pa.array(["a"] * 4), "column score_chosen holds string; expected numbers"),
        ("source", pa.array(["a", None, "b", None]), "column source has 2 empty cells"),
    ],
)
def test_a_column_of_another_kind_is_one_line(column: str, values: pa.Array, said: str, tmp_path: Path) -> None:
    court = Court(tmp_path).write(4)
    table = pq.read_table(court.pairs)
    pq.write_table(table.set_column(table.schema.get_field_index(column), column, values), court.pairs)
    with pytest.raises(PrefsError) as error:
        read(court.pairs, tmp_path)
    assert said in str(error.value)


def test_pairs_that_a_build_dropped_are_judged_only_where_the_file_is_named(
    build_sample: Callable[..., list[Built]], tmp_path: Path
) -> None:
    build_sample(tmp_path / "prefs")
    dropped = pq.read_table(tmp_path / "prefs" / "zh" / "dropped.parquet")
    whole = dropped.filter(dropped["id"].is_valid())
    pq.write_table(whole, tmp_path / "dropped.parquet")
    named = {row["id"] for row in rows_of(read(tmp_path / "dropped.parquet", tmp_path))}
    of_build = {row["id"] for row in rows_of(read(tmp_path / "prefs", tmp_path))}
    assert named <= set(whole["id"].to_pylist())
    assert named - of_build  # a dropped duplicate has the id of the pair that stayed
