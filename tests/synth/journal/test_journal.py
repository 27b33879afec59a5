"""The journal keeps every answer that it was given, and never gives one that it was not given."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.command.errors import OutputError
from synth.job.completion import Beside, Completion, Outcome, Refusal
from synth.journal.journal import KEYS_AT_ONCE, NAME, Entry, Journal, Usage
from tests.synth.made import entry, key, no_file_beyond, said

Opened = Callable[[], Journal]


def change(path: Path, *statements: str) -> None:
    """What another program does to the journal."""
    with closing(sqlite3.connect(path)) as other, other:
        for statement in statements:
            other.execute(statement)


def test_what_was_appended_is_found_and_nothing_else(opened: Opened) -> None:
    journal = opened()
    journal.append([entry(1), entry(2)])
    assert journal.find([key(2), key(3)]) == {key(2): said("第2个回答")}
    assert opened().find([key(1), key(2)]) == {key(n): said(f"第{n}个回答") for n in (1, 2)}


def test_what_was_appended_is_on_the_disk_when_append_returns(opened: Opened, path: Path) -> None:
    opened().append([entry(1)])
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT count(*) FROM answers").fetchone() == (1,)
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_any_number_of_keys_can_be_looked_for_in_any_order(opened: Opened) -> None:
    journal = opened()
    count = 2 * KEYS_AT_ONCE + 7
    journal.append([entry(number) for number in range(count)])
    journal.append([])
    found = journal.find(key(number) for number in reversed(range(count + 50)))
    assert len(found) == count
    assert journal.find([]) == {}
    assert journal.find([key(5)] * 3) == {key(5): said("第5个回答")}


def test_of_several_records_with_one_key_the_first_counts(opened: Opened) -> None:
    journal = opened()
    journal.append([entry(1, said("first")), entry(1, said("second"))])
    journal.append([entry(1, Refusal(400, "third"))])
    assert journal.find([key(1)]) == {key(1): said("first")}


@pytest.mark.parametrize(
    "outcome",
    [
        said(""),
        said(" \r\n\t\u2028"),
        said("\0"),
        said("before\0after"),
        said("😀👩‍👩‍👧‍👦\U0010ffff\ufffd\ufeff"),
        said("'; DROP TABLE answers; --"),
        said("字" * 400_000),
        said("x" * 1_000_000),
        said(finish_reason=None, prompt_tokens=None, completion_tokens=None),
        said(finish_reason="", prompt_tokens=0, completion_tokens=2**40),
        said("", beside=Beside("先想\0想", "I can't.", ("search", "add"), ("image_url",))),
        said(beside=Beside(parts=("audio",))),
        Refusal(400, ""),
        Refusal(413, "too\0long 太长😀"),
    ],
    ids=lambda outcome: ascii(outcome)[:40],
)
def test_every_outcome_comes_back_as_it_was(outcome: Outcome, opened: Opened) -> None:
    opened().append([entry(1, outcome)])
    assert opened().find([key(1)]) == {key(1): outcome}


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
COUNTS = st.none() | st.integers(0, 2**32)
OUTCOMES = st.builds(Completion, TEXTS, st.none() | TEXTS, COUNTS, COUNTS) | st.builds(
    Refusal, st.integers(0, 599), TEXTS
)


@given(st.lists(OUTCOMES, max_size=12), TEXTS)
def test_whatever_is_appended_comes_back(outcomes: list[Outcome], model: str) -> None:
    with TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / NAME)
        journal.append([Entry(key(n), "chosen", model, outcome) for n, outcome in enumerate(outcomes)])
        found = journal.find(key(n) for n in range(len(outcomes)))
        journal.close()
    assert list(found.values()) == outcomes
    assert journal.remarks == []


@pytest.mark.parametrize("text", ["\ud83d", "half \udc00 of one"])
def test_half_a_character_is_kept_as_a_refusal_that_says_so(text: str, opened: Opened) -> None:
    journal = opened()
    journal.append([entry(1), entry(2, said(text)), entry(3)])
    found = journal.find(map(key, (1, 2, 3)))
    assert found[key(2)] == Refusal(0, "the answer is no text: it holds half a character (a lone surrogate)")
    assert [found[key(n)] for n in (1, 3)] == [said("第1个回答"), said("第3个回答")]


def test_entries_are_written_all_or_not_at_all(opened: Opened) -> None:
    journal = opened()
    with pytest.raises(TypeError):
        journal.append([entry(1), entry(2, said(prompt_tokens=2**70)), entry(3)])
    assert journal.find(map(key, (1, 2, 3))) == {}
    journal.append([entry(4)])
    assert list(opened().find(map(key, (1, 2, 3, 4)))) == [key(4)]


def test_usage_counts_what_each_model_was_asked_on_each_side(opened: Opened) -> None:
    journal = opened()
    assert journal.usage() == []
    journal.append([entry(1), entry(2, said(prompt_tokens=None)), entry(3, Refusal(400, "no"))])
    journal.append([entry(4, side="chosen", model="强"), entry(5, side="chosen")])
    assert journal.usage() == [
        Usage("chosen", "weak", 1, 3, 5),
        Usage("chosen", "强", 1, 3, 5),
        Usage("rejected", "weak", 2, 3, 10),
    ]


def test_refusals_can_be_forgotten_and_are_asked_again(opened: Opened) -> None:
    journal = opened()
    journal.append([entry(1), entry(2, Refusal(400, "too long")), entry(3, Refusal(422, "odd"))])
    assert journal.forget_refusals() == 2
    assert journal.find(map(key, (1, 2, 3))) == {key(1): said("第1个回答")}
    journal.append([entry(2, said("now"))])
    assert journal.forget_refusals() == 0
    assert opened().find(map(key, (1, 2, 3))) == {key(1): said("第1个回答"), key(2): said("now")}


@pytest.mark.parametrize(
    "changed",
    [
        "text = text || '。'",
        "text = replace(text, '答', '达')",
        "text = CAST(text AS BLOB)",
        "text = NULL",
        "text = CAST(x'e4bd41ff' AS TEXT)",
        "finish_reason = 'length'",
        "finish_reason = NULL",
        "prompt_tokens = prompt_tokens + 1",
        "completion_tokens = CAST(completion_tokens AS REAL)",
        "completion_tokens = NULL",
        "status = 400",
        "message = 'x'",
        "side = 'chosen'",
        "model = 'other'",
        "model = x'ff'",
        "digest = zeroblob(16)",
        "digest = x''",
    ],
)
def test_a_changed_record_is_named_set_aside_and_asked_again(changed: str, opened: Opened, path: Path) -> None:
    opened().append([entry(n) for n in (1, 2, 3)])
    change(path, f"UPDATE answers SET {changed} WHERE number = 2")
    journal = opened()
    keys = [key(n) for n in (1, 2, 3)]
    for _ in range(2):
        assert journal.find(keys) == {key(n): said(f"第{n}个回答") for n in (1, 3)}
    assert journal.remarks == [
        "journal.sqlite: record 2 set aside (its hash does not fit its content); its answer is asked for again"
    ]
    assert sum(use.answers for use in journal.usage()) in (2, 3)
    journal.append([entry(2, said("anew"))])
    again = opened()
    assert again.find(keys)[key(2)] == said("anew")
    assert again.remarks == []


def test_an_answer_under_the_key_of_another_is_not_given(opened: Opened, path: Path) -> None:
    opened().append([entry(1), entry(2)])
    change(path, f"UPDATE answers SET key = x'{key(3).hex()}' WHERE number = 1")
    journal = opened()
    assert journal.find(map(key, (1, 2, 3))) == {key(2): said("第2个回答")}
    assert len(journal.remarks) == 1


def test_of_several_records_with_one_key_the_first_whole_one_counts(opened: Opened, path: Path) -> None:
    opened().append([entry(1, said(text)) for text in ("first", "second", "third")])
    change(path, "UPDATE answers SET text = 'worst' WHERE number = 1")
    journal = opened()
    assert journal.find([key(1)]) == {key(1): said("second")}
    assert len(journal.remarks) == 1


def test_batches_are_known_until_they_are_collected(opened: Opened) -> None:
    journal = opened()
    keys = [key(n) for n in range(5)]
    one, two, three = (journal.batches.intend(part) for part in (keys[:2], keys[2:4], keys[2:4]))
    assert len({batch.name for batch in (one, two, three)}) == 3
    journal.batches.note(one, "submitted", "batch_1")
    journal.batches.note(two, "collected")
    left = opened().batches.open_batches()
    assert [(batch.name, batch.batch_id, batch.keys, batch.state) for batch in left] == [
        (one.name, "batch_1", keys[:2], "submitted"),
        (three.name, None, keys[2:4], "intended"),
    ]


def fill(journal: Journal) -> tuple[int, OutputError]:
    """Append until the disk is full: how many entries were taken, and what was said then."""
    for number in range(10_000):
        try:
            journal.append([entry(number, said(f"{number}" * 500))])
        except OutputError as error:
            return number, error
    raise AssertionError("the disk was never full")


@pytest.mark.parametrize("size", [60_000, 100_000, 1_000_000])
def test_a_full_disk_is_said_and_all_that_was_taken_is_kept(size: int, opened: Opened, path: Path) -> None:
    journal = opened()
    with no_file_beyond(size):
        taken, error = fill(journal)
    assert taken > 0
    assert str(error).startswith(f"{path}: the journal cannot be read or written (")
    assert "What was answered is in it: free some space" in str(error)
    everything = [key(number) for number in range(taken + 1)]
    assert list(journal.find(everything)) == everything[:taken]
    journal.append([entry(taken)])
    again = opened()
    assert list(again.find(everything)) == everything
    assert again.remarks == []


def test_a_full_disk_when_a_journal_is_made_is_said(path: Path) -> None:
    with no_file_beyond(0), pytest.raises(OutputError, match="the journal cannot be read or written"):
        Journal(path)
    Journal(path).close()
