"""Pairs from built folders, Parquet files and the Hub; what is no such thing is said plainly."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sources.command.errors import (
    BrokenFileError,
    DownloadError,
    HashMismatchError,
    MissingColumnError,
    MissingFileError,
    NoPairsError,
    UsageError,
)
from sources.fetch.hub_data import HubId
from sources.pairs.schema import PAIRS, content_ids
from train.data import pair_files
from train.data.load_pairs import load_pairs
from train.data.pair_columns import COLUMNS

Pairs = Callable[..., pa.Table]
ROWS = [("夸夸这只猫。", "它的尾巴真漂亮。", "猫就是猫。"), ("Why?", "Because.", "No.")]
OTHER = [("另一个问题", "好答案", "坏答案")]


@pytest.fixture
def built(build_sample: Callable[..., Any], tmp_path: Path) -> Path:
    """Both languages of the sample, built."""
    build_sample(tmp_path / "prefs", langs=("zh", "en"))
    return tmp_path / "prefs"


def write(path: Path, table: pa.Table) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
    return path


def rows_of(folder: Path, split: str) -> int:
    return sum(pq.read_metadata(path).num_rows for path in folder.glob(f"data/{split}-*.parquet"))


def test_a_built_folder_gives_its_splits(built: Path) -> None:
    data = load_pairs([str(built / "zh")])
    assert data.train.schema == COLUMNS
    assert data.train.num_rows == rows_of(built / "zh", "train")
    assert data.test is not None
    assert data.test.num_rows == rows_of(built / "zh", "test")
    (origin,) = data.origins
    assert (origin.kind, origin.train, origin.test) == ("built", data.train.num_rows, data.test.num_rows)
    assert len(origin.fingerprint) == 64


def test_both_languages_below_a_folder_are_mixed(built: Path) -> None:
    data = load_pairs([str(built)])
    assert [origin.given for origin in data.origins] == [f"{built}/zh", f"{built}/en"]
    assert set(data.train["lang"].to_pylist()) == {"zh", "en"}
    assert data.train.num_rows == sum(origin.train for origin in data.origins)


def test_what_is_given_twice_is_kept_once_and_counted(built: Path) -> None:
    once, twice = load_pairs([str(built / "zh")]), load_pairs([str(built / "zh")] * 2)
    assert twice.train == once.train
    assert twice.repeated == once.train.num_rows + once.origins[0].test
    assert once.repeated == 0


def test_a_pair_of_the_test_split_of_another_origin_is_not_trained_on(make_pairs: Pairs, tmp_path: Path) -> None:
    train = write(tmp_path / "a" / "train.parquet", make_pairs(ROWS))
    folder = write(tmp_path / "b" / "train.parquet", make_pairs(OTHER)).parent
    write(folder / "test.parquet", make_pairs(ROWS[:1]))
    data = load_pairs([str(train), str(folder)])
    assert data.in_both_splits == 1
    assert data.train["id"].to_pylist() == make_pairs([ROWS[1], *OTHER])["id"].to_pylist()
    with pytest.raises(NoPairsError, match="in a test split too"):
        load_pairs([str(write(tmp_path / "c.parquet", make_pairs(ROWS[:1]))), str(write_test_only(folder, make_pairs))])


def write_test_only(folder: Path, make_pairs: Pairs) -> Path:
    """A folder whose one train pair is its test pair."""
    write(folder / "train.parquet", make_pairs(ROWS[:1]))
    return folder


def test_the_order_is_the_one_given(make_pairs: Pairs, tmp_path: Path) -> None:
    one, other = write(tmp_path / "one.parquet", make_pairs(ROWS)), write(tmp_path / "two.parquet", make_pairs(OTHER))
    assert load_pairs([str(other), str(one)]).train["id"].to_pylist() == make_pairs([*OTHER, *ROWS])["id"].to_pylist()


def test_only_the_columns_of_a_pair_are_read(make_pairs: Pairs, tmp_path: Path) -> None:
    table = make_pairs(ROWS)
    for name in ("tools", "images", "chat_template_kwargs"):
        table = table.append_column(name, pa.array(["{}"] * table.num_rows))
    assert load_pairs([str(write(tmp_path / "t.parquet", table))]).train.schema == COLUMNS


def test_data_of_others_gets_ids_by_content_and_its_file_as_source(make_pairs: Pairs, tmp_path: Path) -> None:
    pairs = make_pairs(ROWS).select(["prompt", "chosen", "rejected"])
    table = pairs.append_column("id", pa.array(["same", "same"]))
    data = load_pairs([str(write(tmp_path / "mine.parquet", table))])
    assert data.train["id"].to_pylist() == make_pairs(ROWS)["id"].to_pylist()
    assert data.train["source"].to_pylist() == ["mine", "mine"]
    assert data.train["source_row"].to_pylist() == ["mine.parquet:0", "mine.parquet:1"]
    assert data.train["lang"].to_pylist() == ["", ""]
    assert data.origins[0].kind == "parquet"


def test_layouts_of_arrow_that_mean_the_same_are_taken(make_pairs: Pairs, tmp_path: Path) -> None:
    message = pa.struct(
        [pa.field("content", pa.large_string()), pa.field("role", pa.string()), pa.field("name", pa.null())]
    )
    plain = make_pairs(ROWS)
    columns = [pa.array(plain[side].to_pylist(), pa.large_list(message)) for side in ("prompt", "chosen", "rejected")]
    table = pa.table(columns, ["prompt", "chosen", "rejected"])
    data = load_pairs([str(write(tmp_path / "large.parquet", table))])
    assert data.train.select(["id", "prompt", "chosen"]) == plain.select(["id", "prompt", "chosen"])


def test_the_words_of_a_name_tell_the_split(make_pairs: Pairs, tmp_path: Path) -> None:
    write(tmp_path / "data" / "train-00000-of-00001.parquet", make_pairs(ROWS))
    write(tmp_path / "data" / "validation-00000-of-00001.parquet", make_pairs(OTHER))
    data = load_pairs([str(tmp_path)])
    assert (data.train.num_rows, data.test.num_rows if data.test else 0) == (2, 1)
    write(tmp_path / "data" / "train_sft-00000-of-00001.parquet", make_pairs(OTHER))
    with pytest.raises(UsageError, match="train, train_sft, validation"):
        load_pairs([str(tmp_path)])


def test_a_changed_file_of_a_build_is_refused(built: Path) -> None:
    (path,) = (built / "zh" / "data").glob("train-*.parquet")
    whole = path.read_bytes()
    path.write_bytes(whole[:-8] + bytes(8))
    with pytest.raises(HashMismatchError, match="SHA-256"):
        load_pairs([str(built)])
    path.write_bytes(whole + b"x")
    with pytest.raises(HashMismatchError, match="bytes"):
        load_pairs([str(built)])
    path.unlink()
    with pytest.raises(MissingFileError, match="not there"):
        load_pairs([str(built)])


@pytest.mark.parametrize(
    "manifest", ["", "[]", "{}", '{"outputs": [1], "lang": "zh"}', '{"outputs": [], "lang": "xx"}']
)
def test_a_broken_manifest_is_said_to_be_one(manifest: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(BrokenFileError, match="no manifest of a build"):
        load_pairs([str(tmp_path)])


def test_a_manifest_names_no_file_outside(make_pairs: Pairs, tmp_path: Path) -> None:
    output = {"path": "../data/train-00000-of-00001.parquet", "rows": 1, "bytes": 1, "sha256": ""}
    (tmp_path / "manifest.json").write_text(json.dumps({"outputs": [output], "lang": "zh"}))
    with pytest.raises(BrokenFileError, match=r"names \.\./data/train-"):
        load_pairs([str(tmp_path)])


def test_nothing_there_is_said(tmp_path: Path) -> None:
    for given in ("./missing", "/no/such/folder", "a/b/c"):
        with pytest.raises(MissingFileError, match="no such file or folder"):
            load_pairs([given])
    with pytest.raises(MissingFileError, match="no Parquet file"):
        load_pairs([str(tmp_path)])
    with pytest.raises(UsageError, match="nothing to train on"):
        load_pairs([])


def test_an_empty_train_split_is_an_error(make_pairs: Pairs, tmp_path: Path) -> None:
    with pytest.raises(NoPairsError, match="no pair in its train split"):
        load_pairs([str(write(tmp_path / "e.parquet", make_pairs(ROWS).slice(0, 0)))])
    with pytest.raises(NoPairsError, match="no pair in its train split"):
        load_pairs([str(write(tmp_path / "only" / "test.parquet", make_pairs(ROWS)).parent)])


def test_a_missing_column_is_named_with_what_to_do(make_pairs: Pairs, tmp_path: Path) -> None:
    path = write(tmp_path / "t.parquet", make_pairs(ROWS).drop_columns(["prompt"]))
    with pytest.raises(MissingColumnError, match=r"no column prompt.*its columns are id, chosen.*build-prefs --add"):
        load_pairs([str(path)])


@pytest.mark.parametrize("kind", [pa.string(), pa.list_(pa.string()), pa.int64()])
def test_another_layout_is_refused_with_what_to_do(kind: pa.DataType, make_pairs: Pairs, tmp_path: Path) -> None:
    table = make_pairs(ROWS).drop_columns(["prompt"]).append_column("prompt", pa.nulls(2, kind))
    with pytest.raises(MissingColumnError, match=r"the column prompt is .*conversational.*build-prefs --add"):
        load_pairs([str(write(tmp_path / "t.parquet", table))])


def test_messages_with_more_than_words_are_refused(make_pairs: Pairs, tmp_path: Path) -> None:
    calls = [[{"role": "assistant", "content": "x", "tool_calls": "y"}]] * 2
    table = make_pairs(ROWS).drop_columns(["chosen"]).append_column("chosen", pa.array(calls))
    with pytest.raises(MissingColumnError, match="tool_calls"):
        load_pairs([str(write(tmp_path / "t.parquet", table))])


@pytest.mark.parametrize(
    ("chosen", "found"),
    [(None, "no message"), ([], "no message"), ([{"role": None, "content": "a"}], "no role"), ([None], "no role")],
)
def test_a_row_without_a_message_is_named(chosen: Any, found: str, make_pairs: Pairs, tmp_path: Path) -> None:
    column = pa.array([[{"role": "assistant", "content": "x"}], chosen], PAIRS.field("chosen").type)
    table = make_pairs(ROWS).drop_columns(["chosen"]).append_column("chosen", column)
    with pytest.raises(BrokenFileError, match=f"row 1.*{found}"):
        load_pairs([str(write(tmp_path / "t.parquet", table))])


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(BrokenFileError, match="a Parquet file"):
        load_pairs([str(tmp_path / "t.parquet")])


COMMIT = "c" * 40


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder that the Hub is said to give for any dataset."""
    folder = tmp_path / "hub"
    folder.mkdir()
    monkeypatch.setattr(pair_files, "fetch_hub_data", lambda *_: (folder, COMMIT))
    return folder


def test_a_build_on_the_hub_is_read_like_a_folder(hub: Path, built: Path) -> None:
    (built / "zh").rename(hub / "zh")
    (built / "en").rename(hub / "en")
    both, english = load_pairs(["me/prefs@main"]), load_pairs(["me/prefs:en"])
    assert [(origin.given, origin.kind, origin.fingerprint) for origin in both.origins] == [
        ("me/prefs@main:zh", "hub", COMMIT),
        ("me/prefs@main:en", "hub", COMMIT),
    ]
    assert set(english.train["lang"].to_pylist()) == {"en"}
    with pytest.raises(UsageError, match="no configuration fr"):
        load_pairs(["me/prefs:fr"])


def test_the_head_of_the_card_says_which_files_a_configuration_has(hub: Path, make_pairs: Pairs) -> None:
    write(hub / "one" / "train-00000-of-00001.parquet", make_pairs(ROWS))
    write(hub / "two" / "train-00000-of-00001.parquet", make_pairs(OTHER))
    files = [{"split": "train", "path": "one/train-*"}]
    head = {"configs": [{"config_name": "a", "data_files": files}, {"config_name": "b", "data_files": "two/*.parquet"}]}
    (hub / "README.md").write_text(f"---\n{json.dumps(head)}\n---\n# Card\n")
    assert load_pairs(["me/prefs:a"]).train.num_rows == 2
    assert load_pairs(["me/prefs:b"]).train["source"].to_pylist() == ["test"]
    with pytest.raises(UsageError, match="several configurations; expected one of: a, b"):
        load_pairs(["me/prefs"])


def test_a_dataset_without_a_card_is_all_its_files(hub: Path, make_pairs: Pairs) -> None:
    write(hub / "data" / "train-00000-of-00001.parquet", make_pairs(ROWS).drop_columns(["source"]))
    assert load_pairs(["me/my-prefs"]).train["source"].to_pylist() == ["my-prefs"] * 2
    (hub / "data" / "train-00000-of-00001.parquet").unlink()
    with pytest.raises(MissingFileError, match="no Parquet file"):
        load_pairs(["me/my-prefs"])


def test_what_the_hub_refuses_may_have_been_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(wanted: HubId, *_: Any) -> None:
        raise DownloadError(f"--data {wanted}", "no such dataset", hint="Check the name.")

    monkeypatch.setattr(pair_files, "fetch_hub_data", refuse)
    with pytest.raises(DownloadError, match="If a folder of this machine is meant"):
        load_pairs(["prefs/zh-misspelt"])


def test_ids_of_a_build_are_those_of_its_content(built: Path) -> None:
    train = load_pairs([str(built / "zh")]).train.combine_chunks()
    ids = content_ids(*(train[side].combine_chunks() for side in ("prompt", "chosen", "rejected")))
    assert train["id"].to_pylist() == ids.to_pylist()
