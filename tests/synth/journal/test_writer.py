"""What was awaited is on the disk, a failure reaches whoever waits, and the thread ends with its block."""

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sources.command.errors import OutputError
from synth.journal.journal import NAME, Entry, Journal
from synth.journal.writer import JournalWriter
from tests.synth.made import entry, key, no_file_beyond, said

Work = Callable[[JournalWriter], Awaitable[Any]]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / NAME)
    yield opened
    opened.close()


def write(journal: Journal, work: Work) -> Any:
    """What comes of work with a writer, which has ended."""

    async def run() -> Any:
        async with JournalWriter(journal) as writer:
            return await work(writer)

    before = threading.active_count()
    answer = asyncio.run(run())
    assert threading.active_count() <= before
    return answer


def on_disk(journal: Journal) -> int:
    with closing(sqlite3.connect(journal.path)) as other:
        count: int = other.execute("SELECT count(*) FROM answers").fetchone()[0]
    return count


def test_what_was_awaited_is_on_the_disk(journal: Journal) -> None:
    async def work(writer: JournalWriter) -> None:
        for number in range(20):
            await writer.append(entry(number))
            assert on_disk(journal) == number + 1

    write(journal, work)
    assert len(journal.find(map(key, range(20)))) == 20


def test_many_at_once_are_all_on_the_disk_when_each_returns(journal: Journal) -> None:
    async def one(writer: JournalWriter, number: int) -> bool:
        await writer.append(entry(number))
        return key(number) in journal.find([key(number)])

    found = write(journal, lambda writer: asyncio.gather(*(one(writer, number) for number in range(500))))
    assert found == [True] * 500
    assert on_disk(journal) == 500


def test_many_that_wait_share_a_transaction(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    append = Journal.append

    def counted(self: Journal, entries: list[Entry]) -> None:
        sizes.append(len(entries))
        append(self, entries)

    monkeypatch.setattr(Journal, "append", counted)
    write(journal, lambda writer: asyncio.gather(*(writer.append(entry(number)) for number in range(300))))
    assert sum(sizes) == 300
    assert len(sizes) < 100


def test_a_failure_reaches_all_who_wait_and_later_entries_are_written(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, failures = Journal.append, list[int]()

    def fatal(self: Journal, entries: list[Entry]) -> None:
        if any(each.model == "bad" for each in entries):
            failures.append(len(entries))
            raise OutputError(self.path, "the journal cannot be read or written")
        append(self, entries)

    monkeypatch.setattr(Journal, "append", fatal)

    async def work(writer: JournalWriter) -> list[object]:
        bad = [writer.append(entry(number, model="bad")) for number in range(30)]
        outcomes: list[object] = await asyncio.gather(*bad, return_exceptions=True)
        await writer.append(entry(99))
        return outcomes

    outcomes = write(journal, work)
    assert [type(outcome) for outcome in outcomes] == [OutputError] * 30
    assert sum(failures) == 30
    assert journal.find(map(key, range(100))) == {key(99): said("第99个回答")}


def test_a_full_disk_reaches_those_who_wait_and_what_was_awaited_before_is_kept(journal: Journal) -> None:
    async def work(writer: JournalWriter) -> int:
        for number in range(10_000):
            try:
                await writer.append(entry(number, said("long " * 1000)))
            except OutputError:
                return number
        return -1

    with no_file_beyond(200_000):
        taken = write(journal, work)
    assert taken > 0
    assert list(journal.find(map(key, range(taken + 5)))) == [key(number) for number in range(taken)]


def test_one_who_no_longer_waits_disturbs_nobody(journal: Journal) -> None:
    async def work(writer: JournalWriter) -> None:
        tasks = [asyncio.ensure_future(writer.append(entry(number))) for number in range(50)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert [outcome for outcome in outcomes[1::2] if outcome is not None] == []

    write(journal, work)
    assert len(journal.find(map(key, range(50)))) == 50


def test_a_failure_in_the_block_ends_the_thread_and_passes_through(journal: Journal) -> None:
    async def work(writer: JournalWriter) -> None:
        await writer.append(entry(1))
        raise LookupError("in the block")

    before = threading.active_count()
    with pytest.raises(LookupError, match="in the block"):
        write(journal, work)
    assert threading.active_count() == before
    assert on_disk(journal) == 1


def test_the_end_of_the_block_waits_for_what_is_under_way(journal: Journal) -> None:
    async def work(writer: JournalWriter) -> list["asyncio.Future[None]"]:
        tasks = [asyncio.ensure_future(writer.append(entry(number))) for number in range(40)]
        await asyncio.sleep(0)
        return tasks

    tasks = write(journal, work)
    assert all(task.done() for task in tasks)
    assert on_disk(journal) == 40


def test_a_writer_that_is_given_nothing_writes_nothing(journal: Journal) -> None:
    write(journal, lambda writer: asyncio.sleep(0))
    assert on_disk(journal) == 0
