"""Opens and checks the engine of one side, and finds the writer that fits it."""

from dataclasses import dataclass

from sources.command.errors import UsageError
from synth.asking.context import RunContext
from synth.asking.pending import api_of_journal, requests
from synth.engines.engine import Engine
from synth.engines.first_contact import FirstContact
from synth.engines.preflight import Server, check_options, find_api, look_at
from synth.engines.server import ServerEngine
from synth.job.completion import Api, CompletionRequest, Writer
from synth.job.job import Job, Model
from synth.job.price import FREE
from synth.job.prompts import Prompts
from synth.journal.journal import Entry, Journal


@dataclass(frozen=True, slots=True)
class OpenedEngine:
    """An engine with its writer; `remarks` says how the model is asked."""

    engine: Engine
    writer: Writer
    remarks: list[str]


def known_writer(job: Job, model: Model, prompts: Prompts, journal: Journal) -> Writer | None:
    """The writer of a side, if its interface is known from the recipe or from the answers in the journal; else None."""
    said = job.writing(model.side).api
    if said != "auto":
        return job.writer(model, said)
    both: dict[Api, Writer] = {api: job.writer(model, api) for api in ("chat", "completions")}  # a wrong template shows
    if not journal.knows(model.side, model.name):
        return None
    found = api_of_journal(prompts, both, journal)
    return None if found is None else both[found]


async def open_engine(
    job: Job, model: Model, writer: Writer | None, prompts: Prompts, context: RunContext
) -> OpenedEngine:
    """The engine of one side, checked, with the writer that fits it; `writer` is what `known_writer` returned.

    Where the interface is not known, the first request may be sent, and paid for, to find it out.

    Raises:
        PrefsError: it cannot be used, does not serve the model, or would ignore an option.
    """
    if model.endpoint is None:
        from synth.engines.in_process import start

        local, writer = start(job, model, writer)
        local.check_options(next(requests(prompts, writer)))
        return OpenedEngine(local, writer, [_remark(model, writer)])
    engine = ServerEngine(model.endpoint, timeout_s=job.timeout_s, connections=job.pace.concurrency)
    contact = FirstContact(engine, model.endpoint, model.side, job.pace.patience_s, context.display.note)
    try:
        server = await look_at(contact, model.name)
        _check_length(job, model, server)
        if writer is None:
            first = next(requests(prompts, job.writer(model, "chat")))
            if server.fields is None:  # so that what is true of both interfaces is known before one request is paid
                check_options(server, model.endpoint, model.side, first)
            writer = await _find_writer(job, model, contact, first, context)
        check_options(server, model.endpoint, model.side, next(requests(prompts, writer)))
    except BaseException:
        await engine.close()
        raise
    return OpenedEngine(engine, writer, [_remark(model, writer)])


async def _find_writer(
    job: Job, model: Model, contact: FirstContact, first: CompletionRequest, context: RunContext
) -> Writer:
    """The writer that fits the server. If the first request had to be sent, its answer is recorded and paid."""
    price = model.price or FREE
    most = paid = price.most(first)
    if not await context.budget.reserve(most):
        raise UsageError("--max-spend", f"{job.max_spend:.2f} may be exceeded by the first request", hint="Raise it.")
    try:
        api, answer = await find_api(contact, first)
        paid = price.paid(first, answer) if answer else 0.0
    finally:
        await context.budget.settle(most, paid)
    if answer is not None:
        await context.writer.append(Entry(first.key, model.side, model.name, answer))
    return job.writer(model, api)


def _remark(model: Model, writer: Writer) -> str:
    how = "chat" if writer.api == "chat" else "completions, with the instruction template"
    return f"{model.side} by {model.name} at {model.where}: {how}"


def _check_length(job: Job, model: Model, server: Server) -> None:
    """Check that an answer of `max_tokens` fits into the model's context.

    Raises:
        UsageError: it does not, and the server would cut answers without an error.
    """
    most = job.writing(model.side).max_tokens
    if server.context_tokens is not None and most >= server.context_tokens:
        raise UsageError(
            f"recipe: {model.side}.sampling.max_tokens",
            f"{most:,} tokens do not fit {model.name}, whose context holds {server.context_tokens:,} with the prompt",
            hint="Lower it; the server would cut answers in silence.",
        )
