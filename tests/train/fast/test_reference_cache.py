"""The reference's log-probabilities on disk: kept by weights and tokens, whole or not at all."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sources.command.errors import BrokenFileError, PrefsError
from train.fast.reference_cache import Reference, ReferenceCache, row_keys

ONE, OTHER = Reference("a" * 64, "float32 no True"), Reference("b" * 64, "float32 no True")


def key(number: int) -> bytes:
    return number.to_bytes(16, "big")


def test_what_was_kept_is_known_to_the_next_run(tmp_path: Path) -> None:
    ReferenceCache(tmp_path, ONE).add({key(1): (-1.25, -2.5)})
    cache = ReferenceCache(tmp_path, ONE)
    cache.add({key(2): (-3.0, -4.0)})
    assert ReferenceCache(tmp_path, ONE).known == {key(1): (-1.25, -2.5), key(2): (-3.0, -4.0)}


def test_other_weights_and_another_precision_share_nothing(tmp_path: Path) -> None:
    ReferenceCache(tmp_path, ONE).add({key(1): (-1.0, -2.0)})
    assert ReferenceCache(tmp_path, OTHER).known == {}
    assert ReferenceCache(tmp_path, Reference(ONE.weights, "bfloat16 bf16 True")).known == {}


def test_a_shard_of_another_reference_is_refused(tmp_path: Path) -> None:
    ReferenceCache(tmp_path, ONE).add({key(1): (-1.0, -2.0)})
    ReferenceCache(tmp_path, OTHER)
    shard = next((tmp_path / ONE.folder).glob("part-*"))
    shard.rename(tmp_path / OTHER.folder / shard.name)
    with pytest.raises(PrefsError, match="another reference"):
        ReferenceCache(tmp_path, OTHER)


def test_a_folder_whose_description_was_changed_is_refused(tmp_path: Path) -> None:
    ReferenceCache(tmp_path, ONE)
    about = tmp_path / ONE.folder / "about.json"
    about.write_text(json.dumps({"weights": "c" * 64, "precision": ONE.precision}))
    with pytest.raises(PrefsError, match="another reference"):
        ReferenceCache(tmp_path, ONE)
    about.write_text("{")
    with pytest.raises(BrokenFileError, match="not JSON"):
        ReferenceCache(tmp_path, ONE)


@pytest.mark.parametrize("damage", [b"", b"PAR1 cut short", None])
def test_a_damaged_shard_costs_its_rows_and_nothing_else(tmp_path: Path, damage: bytes | None) -> None:
    cache = ReferenceCache(tmp_path, ONE)
    cache.add({key(1): (-1.0, -2.0)})
    broken = tmp_path / ONE.folder / "part-0.parquet"
    if damage is None:
        pq.write_table(pa.table({"other": [1]}), broken)
    else:
        broken.write_bytes(damage)
    again = ReferenceCache(tmp_path, ONE)
    assert again.known == {key(1): (-1.0, -2.0)}
    assert again.set_aside == [broken]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PrefsError, match="--reference_cache"):
        ReferenceCache(tmp_path / "file", ONE)


def test_a_write_that_fails_leaves_nothing_under_a_shards_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = ReferenceCache(tmp_path, ONE)

    def full(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("train.fast.reference_cache.os.fsync", full)
    with pytest.raises(PrefsError, match="No space left"):
        cache.add({key(1): (-1.0, -2.0)})
    assert [path.name for path in (tmp_path / ONE.folder).iterdir()] == ["about.json"]


def test_a_row_has_another_key_when_a_token_moves_from_one_part_to_the_next() -> None:
    def of(*parts: list[int]) -> bytes:
        return row_keys(*([np.array(part, np.int32).tobytes()] for part in parts))[0]

    keys = {of([1, 2], [3], [4]), of([1], [2, 3], [4]), of([1, 2], [3, 4], []), of([1, 2], [4], [3])}
    assert len(keys) == 4
    assert of([1, 2], [3], [4]) == of([1, 2], [3], [4])
