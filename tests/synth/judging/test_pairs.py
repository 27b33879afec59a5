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
from sources.pairs.schema import PAIRS, Lang
from synth.judging.pairs import Pairs, _draw, read_pairs
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
    drawn = _draw(seen, sample)
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
