"""The requests of a run that the journal has no answer to, in their order, each once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice

from synth.asking.work import Way
from synth.job.completion import CompletionRequest
from synth.journal.journal import Journal

AT_ONCE = 256


def pending(
    requests: Iterable[CompletionRequest], journal: Journal, known: Callable[[int], None] | None = None
) -> Iterator[CompletionRequest]:
    """The requests still to be sent; `known` is called with how many need not be, because the journal has their answer
    or an equal request came before."""
    seen: set[bytes] = set()
    every = iter(requests)
    while part := list(islice(every, AT_ONCE)):
        found = journal.find(request.key for request in part)
        skipped = 0
        for request in part:
            if request.key in found or request.key in seen:
                skipped += 1
            else:
                seen.add(request.key)
                yield request
        if known is not None:
            known(skipped)


def is_over(way: Way, journal: Journal) -> bool:
    """Whether the journal has an outcome of every request, also of those that others call for."""
    left = chain(pending(way.requests(), journal), pending(way.again(journal.find), journal))
    return next(left, None) is None


def way_of_journal(ways: Sequence[Way], journal: Journal) -> Way | None:
    """The way in which the journal's answers to these requests came; None if it has none."""
    for way in ways:
        every = way.requests()
        while part := list(islice(every, AT_ONCE)):
            if journal.find(request.key for request in part):
                return way
    return None
