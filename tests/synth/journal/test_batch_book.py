"""The book of batches knows what was submitted with which requests, whatever happens to the run that noted it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sources.command.errors import OutputError
from synth.journal.batch_book import BatchBook, State, is_batch
from synth.journal.journal import NAME, Journal
from tests.synth.made import entry, key, no_file_beyond, said

Opened = Callable[[], Journal]
KEYS = [key(number) for number in range(5)]


@pytest.fixture
def book(opened: Opened) -> BatchBook:
    return opened().batches


def test_a_new_book_has_no_batches(book: BatchBook) -> None:
    assert book.open_batches() == []


def test_a_batch_is_open_from_its_intention_until_it_is_collected(book: BatchBook) -> None:
    batch = book.intend(KEYS)
    assert (batch.keys, batch.state, batch.batch_id) == (KEYS, "intended", None)
    assert book.open_batches() == [batch]
    batch = book.note(batch, "submitted", "batch_1")
    assert (batch.keys, batch.state, batch.batch_id) == (KEYS, "submitted", "batch_1")
    assert book.open_batches() == [batch]
    assert book.note(batch, "collected").batch_id == "batch_1"
    assert book.open_batches() == []


def test_a_batch_that_never_arrived_is_open_no_more(book: BatchBook) -> None:
    book.note(book.intend(KEYS), "lost")
    assert book.open_batches() == []


def test_open_batches_come_in_the_order_of_their_intention(book: BatchBook) -> None:
    first, second, third, fourth = [book.intend([key(number)]) for number in range(4)]
    book.note(third, "submitted", "batch_3")
    book.note(first, "submitted", "batch_1")
    book.note(second, "submitted", "batch_2")
    book.note(second, "collected")
    assert [(batch.keys, batch.state) for batch in book.open_batches()] == [
        ([key(0)], "submitted"),
        ([key(2)], "submitted"),
        ([key(3)], "intended"),
    ]
    assert fourth in book.open_batches()


def test_the_same_requests_in_another_batch_have_another_name(book: BatchBook, opened: Opened) -> None:
    first = book.intend(KEYS)
    second = book.intend(KEYS)
    book.note(second, "lost")
    again = opened().batches
    third = again.intend(KEYS)
    assert len({first.name, second.name, third.name}) == 3
    assert [batch.name for batch in again.open_batches()] == [first.name, third.name]


def test_what_was_noted_is_on_the_disk_when_the_method_returns(book: BatchBook, path: Path) -> None:
    batch = book.intend(KEYS)
    other = Journal(path)
    assert other.batches.open_batches() == [batch]
    noted = book.note(batch, "submitted", "batch_1")
    assert other.batches.open_batches() == [noted]
    other.close()


@pytest.mark.parametrize("count", [1, 255, 10_000])
def test_a_book_opened_again_says_the_same(count: int, opened: Opened) -> None:
    keys = [key(number) for number in range(count)]
    batch = opened().batches.intend(keys)
    assert opened().batches.open_batches() == [batch]
    noted = opened().batches.note(batch, "submitted", "batch_1")
    assert opened().batches.open_batches() == [noted]
    assert noted.keys == keys


def test_batches_and_answers_do_not_disturb_each_other(opened: Opened) -> None:
    journal = opened()
    batch = journal.batches.intend(KEYS)
    journal.append([entry(number) for number in range(3)])
    noted = journal.batches.note(batch, "submitted", "batch_1")
    journal.append([entry(3)])
    assert journal.batches.open_batches() == [noted]
    assert journal.find(KEYS) == {key(number): said(f"第{number}个回答") for number in range(4)}
    assert [use.answers for use in journal.usage()] == [4]


def test_a_damaged_journal_is_repaired_with_its_batches(opened: Opened, path: Path) -> None:
    journal = opened()
    done = journal.batches.note(journal.batches.intend([key(900)]), "submitted", "batch_0")
    journal.batches.note(done, "collected")
    keys = [key(number) for number in range(700)]  # more than a page holds
    waiting = journal.batches.note(journal.batches.intend(keys), "submitted", "batch_1")
    intended = journal.batches.intend([key(800)])
    journal.append([entry(number) for number in range(300)])
    journal.close()
    content = bytearray(path.read_bytes())
    at = content.index("第150个回答".encode())
    page = at - at % 4096
    content[page : page + 8] = b"\xff" * 8
    path.write_bytes(content)
    journal = opened()
    assert "was damaged" in journal.remarks[0]
    assert journal.batches.open_batches() == [waiting, intended]
    assert 0 < len(journal.find(keys)) < 300
    assert journal.batches.intend([key(800)]).name != intended.name


def test_a_full_disk_is_an_error_and_the_book_stays_as_it_was(opened: Opened, path: Path) -> None:
    book = opened().batches
    batch = book.intend(KEYS)

    def fill() -> None:
        for number in range(1000):
            book.intend([key(number)] * 50)

    with no_file_beyond(path.with_name(f"{NAME}-wal").stat().st_size + 4096), pytest.raises(OutputError):
        fill()
    before = book.open_batches()
    assert before[0] == batch
    assert opened().batches.open_batches() == before


@pytest.mark.parametrize("state", ["intended", "submitted", "collected", "lost"])
def test_a_row_of_the_book_is_known_as_one(state: State) -> None:
    assert is_batch(["name", "batch_1", "m by chat", b"k" * 32, state])
    assert is_batch(["name", None, "", b"", state])


@pytest.mark.parametrize(
    "row",
    [
        [],
        ["name", None, "", b""],
        ["name", None, "", b"", "begun"],
        ["name", None, "", b"k" * 15, "lost"],
        ["name", 7, "", b"", "lost"],
        ["name", None, "", "text", "lost"],
        [b"name", None, "", b"", "lost"],
        ["name", None, "", b"", "lost", 1],
    ],
)
def test_any_other_row_is_none(row: list[object]) -> None:
    assert not is_batch(row)


def test_only_the_batches_about_the_same_model_and_interface_are_asked_for(book: BatchBook) -> None:
    ours, others = book.intend([key(1)], "strong by chat"), book.intend([key(2)], "stronger by chat")
    assert book.open_batches("strong by chat") == [ours]
    assert book.open_batches() == [ours, others]


def test_forgotten_batches_are_open_no_more(book: BatchBook) -> None:
    book.note(book.intend([key(1)]), "submitted", "batch_1")
    book.intend([key(2)])
    assert book.forget() == 2
    assert book.open_batches() == []
