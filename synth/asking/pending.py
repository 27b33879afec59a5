"""The requests of a run that the journal has no answer to, in the order of the prompts, each once."""

from collections.abc import Callable, Iterator
from itertools import islice

from synth.job.completion import Api, CompletionRequest, Writer
from synth.job.prompts import Prompts
from synth.journal.journal import Journal

AT_ONCE = 256


def requests(prompts: Prompts, writer: Writer) -> Iterator[CompletionRequest]:
    """Every request of a writer; equal prompts give equal requests."""
    for prompt in prompts:
        for answer in range(writer.answers):
            yield writer.request(prompt, answer)


def pending(
    prompts: Prompts, writer: Writer, journal: Journal, known: Callable[[int], None] | None = None
) -> Iterator[CompletionRequest]:
    """The requests still to be sent; `known` is called with how many need not be, because the journal has their answer
    or an equal request came before."""
    seen: set[bytes] = set()
    every = requests(prompts, writer)
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


def api_of_journal(prompts: Prompts, writers: dict[Api, Writer], journal: Journal) -> Api | None:
    """The interface of the journal's answers to these prompts; None if it has none."""
    for api, writer in writers.items():
        every = requests(prompts, writer)
        while part := list(islice(every, AT_ONCE)):
            if journal.find(request.key for request in part):
                return api
    return None
