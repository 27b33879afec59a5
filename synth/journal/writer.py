"""Writes to the journal in a thread of its own; entries that wait together are written together."""

import asyncio
from queue import SimpleQueue
from threading import Thread

from synth.journal.journal import Entry, Journal

Waiting = tuple[Entry, asyncio.Future[None]]


class JournalWriter:
    """Writes entries from asyncio code. Use it with `async with`; everything is on the disk when that ends."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._queue: SimpleQueue[Waiting | None] = SimpleQueue()
        self._thread = Thread(target=self._write, name="journal", daemon=True)

    async def __aenter__(self) -> "JournalWriter":
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        return self

    async def __aexit__(self, *failure: object) -> None:
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    async def append(self, entry: Entry) -> None:
        """Return when the entry is on the disk.

        Raises:
            OutputError: it cannot be written.
        """
        done: asyncio.Future[None] = self._loop.create_future()
        self._queue.put((entry, done))
        await done

    def _write(self) -> None:
        going = True
        while going:
            taken = [self._queue.get()]
            while not self._queue.empty():
                taken.append(self._queue.get())
            going = None not in taken
            waiting = [each for each in taken if each is not None]
            failure: Exception | None = None
            try:
                self._journal.append([entry for entry, _ in waiting])
            except Exception as error:  # raised where the entry is waited for
                failure = error
            self._loop.call_soon_threadsafe(_settle, [done for _, done in waiting], failure)


def _settle(waiting: list[asyncio.Future[None]], failure: Exception | None) -> None:
    for done in waiting:
        if done.cancelled():
            continue
        if failure is None:
            done.set_result(None)
        else:
            done.set_exception(failure)
