"""Opens and checks the engine of one model, and finds the way to ask that fits it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sources.command.errors import UsageError
from synth.asking.context import RunContext
from synth.asking.pending import way_of_journal
from synth.asking.work import Way, Work
from synth.engines.engine import Engine
from synth.engines.first_contact import FirstContact
from synth.engines.preflight import Server, check_options, find_api, honours, look_at
from synth.engines.server import ServerEngine
from synth.engines.thinking import check_switch
from synth.job.completion import GIVES_NUMBERS, Api
from synth.job.model import Model
from synth.job.price import FREE
from synth.journal.journal import Entry, Journal


@dataclass(frozen=True, slots=True)
class OpenedEngine:
    """An engine with the way to ask it; `remarks` says how the model is asked."""

    engine: Engine
    way: Way
    remarks: list[str]


def known_way(model: Model, ways: Sequence[Way], journal: Journal) -> Way | None:
    """The way to ask a model, if there is only one or the journal has answers; else None."""
    if len(ways) == 1:
        return ways[0]
    return way_of_journal(ways, journal) if journal.knows(model.side, model.name) else None


async def open_engine(work: Work, model: Model, way: Way | None, context: RunContext) -> OpenedEngine:
    """The engine of one model, checked, with the way that fits it; `way` is what `known_way` returned.

    Where the way is not known, the first request may be sent, and paid for, to find it out.

    Raises:
        PrefsError: it cannot be used, does not serve the model, or would ignore an option.
    """
    ways = work.ways[model]
    if model.endpoint is None:
        from synth.engines.in_process import start

        local = start(model, work.vllm, work.settings.pace.concurrency)
        way = way or _by_api(ways, "chat" if local.has_chat_template else "completions")
        local.check_options(next(way.requests()))
        local.check_switch(next(way.requests()))
        return OpenedEngine(local, way, [_remark(model, way)])
    engine = ServerEngine(model.endpoint, timeout_s=work.settings.timeout_s, connections=work.settings.pace.concurrency)
    contact = FirstContact(engine, model.endpoint, model.side, work.settings.pace.patience_s, context.display.note)
    try:
        server = await look_at(contact, model.name)
        _check_length(model, ways[0], server)
        way = way or await _find_way(work, model, contact, server, context)
        first = next(way.requests())
        check_options(server, model.endpoint, model.side, first)
        await check_switch(contact, first)
    except BaseException:
        await engine.close()
        raise
    return OpenedEngine(engine, way, [_remark(model, way)])


async def _find_way(work: Work, model: Model, contact: FirstContact, server: Server, context: RunContext) -> Way:
    """The way that fits the server: by one interface the first whose options it honours, else by the interface that the
    model has. If the first request had to be sent, its answer is recorded and paid."""
    ways, endpoint = work.ways[model], contact.endpoint
    if len({way.api for way in ways}) == 1 or ways[0].api in GIVES_NUMBERS:
        fit = (way for way in ways if honours(server, endpoint, next(way.requests())))
        return next(fit, ways[-1])
    first = next(_by_api(ways, "chat").requests())
    if server.fields is None:  # so that what is true of both interfaces is known before one request is paid
        check_options(server, endpoint, model.side, first)
    price = model.price or FREE
    most = paid = price.most(first)
    if not await context.budget.reserve(most):
        raise UsageError(
            "--max-spend", f"{work.settings.max_spend:.2f} may be exceeded by the first request", hint="Raise it."
        )
    try:
        api, answer = await find_api(contact, first)
        paid = price.paid(first, answer) if answer else 0.0
    finally:
        await context.budget.settle(most, paid)
    if answer is not None:
        await context.writer.append(Entry(first.key, model.side, model.name, answer))
    return _by_api(ways, api)


def _by_api(ways: Sequence[Way], api: Api) -> Way:
    return next(way for way in ways if way.api == api)


def _remark(model: Model, way: Way) -> str:
    return f"{model.side} by {model.name} at {model.where}: {way.shown}"


def _check_length(model: Model, way: Way, server: Server) -> None:
    """Check that an answer of `max_tokens` fits into the model's context.

    Raises:
        UsageError: it does not, and the server would cut answers without an error.
    """
    most = next(way.requests()).max_tokens
    if server.context_tokens is not None and most >= server.context_tokens:
        raise UsageError(
            f"{model.settings}sampling.max_tokens",
            f"{most:,} tokens do not fit {model.name}, whose context holds {server.context_tokens:,} with the prompt",
            hint="Lower it; the server would cut answers in silence.",
        )
