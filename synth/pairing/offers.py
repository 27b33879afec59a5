"""Answers of several models to the same prompts, written as candidates: no pair is made, a judge chooses later."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sources.files.write_parquet import OutputFile, Sink, look_back
from sources.pairs.assemble import lost_rows
from sources.pairs.ledger import Account
from sources.pairs.schema import DROPPED
from sources.pairs.source import skipped
from synth.job.completion import Writer
from synth.job.prompts import Prompts
from synth.pairing.candidates import CANDIDATES, Candidate, candidate_table
from synth.pairing.write import ROWS, tokens_of

SCHEMAS: Final = {"candidates.parquet": CANDIDATES, "dropped.parquet": DROPPED}
TAKEN = "candidate"


@dataclass(slots=True)
class Offer:
    """One model's answers: tokens, and by reason those that are no candidates."""

    writer: Writer
    tokens: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)


def write_offers(
    groups: Iterator[list[list[Candidate]]], prompts: Prompts, writers: Sequence[Writer], folder: Path
) -> tuple[Account, list[OutputFile], list[Offer]]:
    """Write both files into `folder`, and account for every prompt: one without any candidate is in dropped.parquet.

    Raises:
        AccountingError: something is unaccounted for.
    """
    account = Account(prompts.source.name, prompts.source.lang, prompts.source.license, prompts.rows_read)
    account.skipped.update(zip(prompts.lost["stage"].to_pylist(), prompts.lost["reason"].to_pylist(), strict=True))
    offers = {writer.model: Offer(writer) for writer in writers}
    with ExitStack() as stack:
        sinks = {name: stack.enter_context(Sink(folder / name, schema, ROWS)) for name, schema in SCHEMAS.items()}
        sinks["dropped.parquet"].write(prompts.lost)
        for group in groups:
            every = [each for one in group for each in one]
            for each in every:
                _look_at(each, offers[each.model])
            lost = [(one[0].row, one[0].became, one[0].evidence) for one in group if not any(map(_is_taken, one))]
            account.rows_used += len(group) - len(lost)
            account.skipped.update(("ask", reason) for _, reason, _ in lost)
            sinks["dropped.parquet"].write(lost_rows(skipped(lost), prompts.source, prompts.name, "ask"))
            sinks["candidates.parquet"].write(candidate_table(every, prompts))
    files = [look_back(folder, name) for name in SCHEMAS]
    account.check()
    account.expect("rows dropped", account.skipped.total(), files[1].rows)
    return account, files, list(offers.values())


def _is_taken(each: Candidate) -> bool:
    return each.became == TAKEN


def _look_at(each: Candidate, offer: Offer) -> None:
    """Set what became of an answer, and count it."""
    offer.tokens.update(tokens_of(each))
    each.became, each.evidence = _fate(each, offer.writer)
    if not _is_taken(each):
        offer.lost[each.became] += 1


def _fate(each: Candidate, writer: Writer) -> tuple[str, str]:
    if each.text is None:
        return each.missing
    if not each.text.strip():
        return "empty_side", f"{each.side}: nothing but white space"
    mark = next((mark for mark in (writer.template.marks if writer.template else ()) if mark in each.text), None)
    return (TAKEN, "") if mark is None else ("repeats_template", f"{each.side} holds {mark}")
