"""The files of a run: pairs, candidates, dropped rows, written aside and put in place when all are whole."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from sources.files.write_parquet import OutputFile, Sink, look_back
from sources.pairs.ledger import Account
from sources.pairs.schema import DROPPED, PAIRS
from synth.job.completion import Completion, Side
from synth.job.prompts import Prompts
from synth.pairing.candidates import CANDIDATES, Answered, Candidate, candidate_table
from synth.pairing.pair import Paired, Rule, pair

ROWS = 4096
"""Of a row group: few, so that little is in memory."""

SCHEMAS = {"pairs.parquet": PAIRS, "candidates.parquet": CANDIDATES, "dropped.parquet": DROPPED}
Tokens = dict[Side, dict[str, int]]
"""By side: answers, prompt_tokens and completion_tokens, as far as the server counted."""


def write_files(
    groups: Iterator[list[Answered]], prompts: Prompts, rule: Rule, folder: Path
) -> tuple[Account, list[OutputFile], Tokens]:
    """Write the three files into `folder` and account for every row of the prompts.

    Raises:
        AccountingError: something is unaccounted for.
    """
    account = Account(prompts.source.name, prompts.source.lang, prompts.source.license)
    counted: dict[Side, Counter[str]] = {"chosen": Counter(), "rejected": Counter()}
    with ExitStack() as stack:
        sinks = {name: stack.enter_context(Sink(folder / name, schema, ROWS)) for name, schema in SCHEMAS.items()}
        sinks["dropped.parquet"].write(prompts.lost)
        account.skipped.update(zip(prompts.lost["stage"].to_pylist(), prompts.lost["reason"].to_pylist(), strict=True))
        account.rows_read = prompts.rows_read
        for group in groups:
            paired = pair(group, prompts, rule)
            sinks["pairs.parquet"].write(paired.pairs)
            sinks["dropped.parquet"].write(paired.dropped)
            sinks["candidates.parquet"].write(candidate_table(_each(group), prompts))
            _enter(paired, account)
            _count_tokens(group, counted)
    files = [look_back(folder, name) for name in SCHEMAS]
    account.train = files[0].rows
    account.check()
    account.expect("rows dropped", account.skipped.total() + account.dropped.total(), files[2].rows)
    return account, files, {side: dict(sorted(counts.items())) for side, counts in counted.items()}


def _enter(paired: Paired, account: Account) -> None:
    account.rows_used += paired.used
    account.pairs_made += paired.made
    account.skipped.update(paired.skipped)
    account.dropped.update(paired.reasons)
    account.repairs.update(paired.repairs)
    account.tags.update(paired.tags)


def _each(group: list[Answered]) -> list[Candidate]:
    return [each for one in group for each in one.each]


def _count_tokens(group: list[Answered], counted: dict[Side, Counter[str]]) -> None:
    for each in _each(group):
        counted[each.side].update(tokens_of(each))


def tokens_of(each: Candidate) -> dict[str, int]:
    """An answer that was asked for and its tokens, as far as the server counted."""
    if each.request is None or not isinstance(each.outcome, Completion):
        return {}
    return {
        "answers": 1,
        "prompt_tokens": each.outcome.prompt_tokens or 0,
        "completion_tokens": each.outcome.completion_tokens or 0,
    }
