"""What was tokenised once is not tokenised again, and nothing stale or damaged is used."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from sources.command.errors import OutputError
from train.data import tokenize_pairs as module
from train.data.token_cache import tokenizer_key
from train.data.tokenize_pairs import tokenize_pairs

Pairs = Callable[..., pa.Table]
ROWS = [("夸夸这只猫。", "它的尾巴真漂亮。", "猫就是猫。"), ("Why?", "Because.", "")]


@pytest.fixture
def batches_made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of pairs of each batch that was tokenised."""
    made: list[int] = []
    tokenize = module._tokenize
    monkeypatch.setattr(module, "_tokenize", lambda pairs, *rest: made.append(pairs.num_rows) or tokenize(pairs, *rest))
    return made


def test_a_second_run_reads_the_tokens(chatml: Any, make_pairs: Pairs, tmp_path: Path, batches_made: list[int]) -> None:
    first = tokenize_pairs(make_pairs(ROWS), chatml, cache=tmp_path)
    assert tokenize_pairs(make_pairs(ROWS), chatml, cache=tmp_path) == first
    assert first == tokenize_pairs(make_pairs(ROWS), chatml, cache=None)
    assert batches_made == [2, 2]
    assert [path.suffix for path in tmp_path.iterdir()] == [".parquet"]


def test_other_pairs_or_another_order_are_other_tokens(
    chatml: Any, make_pairs: Pairs, tmp_path: Path, batches_made: list[int]
) -> None:
    for rows in (ROWS, ROWS[::-1], [("Why?", "Because.", " "), ROWS[0]]):
        tokens = tokenize_pairs(make_pairs(rows), chatml, cache=tmp_path)
        assert tokens == tokenize_pairs(make_pairs(rows), chatml, cache=None)
    assert len(batches_made) == 6


def flip(old: bytes) -> bytes:
    """One bit of the first page's values changed."""
    return old[:60] + bytes([old[60] ^ 1]) + old[61:]


@pytest.mark.parametrize("damage", [lambda old: old[:-20], lambda old: b"", flip])
def test_a_damaged_file_is_made_anew(
    damage: Callable[[bytes], bytes], chatml: Any, make_pairs: Pairs, tmp_path: Path, batches_made: list[int]
) -> None:
    pairs = make_pairs(ROWS * 50)
    first = tokenize_pairs(pairs, chatml, cache=tmp_path)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert tokenize_pairs(pairs, chatml, cache=tmp_path) == first
    assert len(batches_made) == 2
    assert path.read_bytes() == whole


def test_the_key_changes_with_all_that_changes_ids(make_kind: Callable[[str], Any]) -> None:
    def changed(change: Callable[[Any], object]) -> bytes:
        tokenizer = make_kind("byte level, ChatML")
        change(tokenizer)
        return tokenizer_key(tokenizer)

    changes: list[Callable[[Any], object]] = [
        lambda tokenizer: None,
        lambda tokenizer: setattr(tokenizer, "chat_template", "{{ messages[0]['content'] }}"),
        lambda tokenizer: setattr(tokenizer, "eos_token", "<|endoftext|>"),
        lambda tokenizer: tokenizer.add_tokens(["猫"]),
        lambda tokenizer: setattr(tokenizer, "split_special_tokens", True),
    ]
    keys = [changed(change) for change in changes]
    assert len(set(keys)) == len(keys)
    assert changed(changes[0]) == keys[0]


def test_the_key_does_not_depend_on_what_was_encoded_before(make_kind: Callable[[str], Any]) -> None:
    tokenizer = make_kind("byte level, ChatML")
    before = tokenizer_key(tokenizer)
    tokenizer(["a", "b c d"], padding=True, truncation=True, max_length=3)
    assert tokenizer_key(tokenizer) == before


def test_a_tokenizer_in_python_has_a_key_too(
    make_kind: Callable[[str], Any], make_pairs: Pairs, tmp_path: Path
) -> None:
    first = tokenize_pairs(make_pairs(ROWS), make_kind("in Python"), cache=tmp_path)
    assert tokenize_pairs(make_pairs(ROWS), make_kind("in Python"), cache=tmp_path) == first
    assert len(list(tmp_path.iterdir())) == 1


def test_a_template_that_reads_the_clock_is_not_kept(chatml: Any, make_pairs: Pairs, tmp_path: Path) -> None:
    chatml.chat_template = "{{ strftime_now('%Y') }}" + chatml.chat_template
    tokenize_pairs(make_pairs(ROWS), chatml, cache=tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_an_error_and_leaves_no_part(
    chatml: Any, make_pairs: Pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pyarrow.parquet.ParquetWriter.write_batch", full)
    with pytest.raises(OutputError, match="No space left"):
        tokenize_pairs(make_pairs(ROWS), chatml, cache=tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_cache_that_is_a_file_is_an_error(chatml: Any, make_pairs: Pairs, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    with pytest.raises(OutputError, match="cannot be made"):
        tokenize_pairs(make_pairs(ROWS), chatml, cache=tmp_path / "cache")
