"""The pairs that fit a length, every other one left out with a reason, every cut counted."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

TooLong = Literal["drop", "cut"]
Reason = Literal[
    "empty_completion", "too_long", "prompt_too_long", "equal_after_template", "equal_completions", "equal_after_cut"
]

REASONS: Final[tuple[Reason, ...]] = (
    "empty_completion",  # chosen or rejected has no token
    "too_long",  # prompt and longer completion together, with `drop`
    "prompt_too_long",  # no token of a completion would be left, with `cut`
    "equal_after_template",  # the chat template makes the same of two different answers
    "equal_completions",  # chosen and rejected are the same tokens
    "equal_after_cut",  # they differ only in what is cut off
)
LEFT_OUT: Final = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("source", pa.string()),
        pa.field("source_row", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("tokens", pa.int32()),
    ]
)
"""`tokens` counts those of the prompt and the longer completion, uncut."""

BATCH_PAIRS: Final = 16_384

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(slots=True)
class Account:
    """What became of the pairs of one source: pairs = kept + the sum of left_out.

    `answers_lost` says of how many the chat template leaves out text of an answer. Of the kept ones: how many
    completions were cut, how many prompts end otherwise with a completion than alone (prompt_cut of tokenize_pairs),
    the longest sequence, and `tokens` of all sequences (prompt and chosen, prompt and rejected).
    """

    source: str
    pairs: int = 0
    kept: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    answers_lost: int = 0
    cut_chosen: int = 0
    cut_rejected: int = 0
    prompts_cut: int = 0
    tokens: int = 0
    longest: int = 0

    def add(self, other: "Account") -> None:
        """Count the pairs of the other in this one."""
        for name in ("pairs", "kept", "answers_lost", "cut_chosen", "cut_rejected", "prompts_cut", "tokens"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.left_out += other.left_out
        self.longest = max(self.longest, other.longest)


@dataclass(frozen=True, slots=True)
class Fitted:
    """`kept` in the order and layout of what was given, completions cut where that was asked for; `left_out` with the
    columns of LEFT_OUT; one account a source in order of their names."""

    kept: pa.Table
    left_out: pa.Table
    accounts: list[Account]

    @property
    def total(self) -> Account:
        """All sources in one account."""
        total = Account("total")
        for account in self.accounts:
            total.add(account)
        return total


def fit(tokens: pa.Table, max_length: int | None, too_long: TooLong) -> Fitted:
    """The pairs that can be trained on with sequences of at most `max_length` tokens (None: of any length).

    `drop` leaves out a pair of which prompt and longer completion are longer; `cut` cuts the ends of completions off,
    as TRL's collator does (keep_start), and leaves out prompts that alone have max_length tokens or more.
    """
    kept, left_out, accounts = [], [], dict[str, Account]()
    for start in range(0, tokens.num_rows, BATCH_PAIRS):
        batch = tokens.slice(start, BATCH_PAIRS).combine_chunks()
        fitted = _Batch(batch, max_length if too_long == "cut" else None)
        reasons = _reasons(fitted, max_length, too_long)
        stays = pa.array(reasons == -1)
        kept.append(_replace(batch, fitted).filter(stays))
        left_out.append(_left_out(batch, fitted, reasons))
        _count(accounts, batch, fitted, reasons)
    whole = pa.concat_tables(kept) if kept else tokens
    out = pa.concat_tables(left_out) if left_out else LEFT_OUT.empty_table()
    return Fitted(whole, out, [accounts[source] for source in sorted(accounts)])


class _Batch:
    """The lengths of each pair, and its completions cut to `limit` together with the prompt (None: uncut)."""

    def __init__(self, batch: pa.Table, limit: int | None) -> None:
        self.prompt = _lengths(batch["prompt_ids"].combine_chunks())
        self.differ = batch["answers_differ"].to_numpy().astype(bool)
        self.full = {side: batch[f"{side}_ids"].combine_chunks() for side in ("chosen", "rejected")}
        room = None if limit is None else np.maximum(limit - self.prompt, 0)
        self.kept = {side: _cut(ids, room) for side, ids in self.full.items()}
        self.longer = self.prompt + np.maximum(*(_lengths(ids) for ids in self.full.values()))
        self.used = 2 * self.prompt + sum(_lengths(ids) for ids in self.kept.values())
        self.longest = self.prompt + np.maximum(*(_lengths(ids) for ids in self.kept.values()))

    def was_cut(self, side: str) -> Flags:
        """The pairs of which that completion lost its end."""
        return _lengths(self.kept[side]) < _lengths(self.full[side])


def _reasons(batch: _Batch, max_length: int | None, too_long: TooLong) -> Numbers:
    """For each pair the place in REASONS of why it is left out, the first that holds; -1 for one that stays."""
    limit = max_length if max_length is not None else np.iinfo(np.int64).max
    holds = {
        "empty_completion": (_lengths(batch.full["chosen"]) == 0) | (_lengths(batch.full["rejected"]) == 0),
        "too_long": (batch.longer > limit) & (too_long == "drop"),
        "prompt_too_long": (batch.prompt >= limit) & (too_long == "cut"),
        "equal_after_template": _equal(**batch.full) & batch.differ,
        "equal_completions": _equal(**batch.full),
        "equal_after_cut": _equal(**batch.kept),
    }
    return np.select([holds[reason] for reason in REASONS], range(len(REASONS)), -1)


def _lengths(ids: pa.ListArray) -> Numbers:
    lengths: Numbers = ids.value_lengths().to_numpy(zero_copy_only=False).astype(np.int64)
    return lengths


def _cut(ids: pa.ListArray, room: Numbers | None) -> pa.ListArray:
    """The first `room` ids of each row."""
    lengths = _lengths(ids)
    if room is None or (lengths <= room).all():
        return ids
    starts = np.cumsum(lengths) - lengths
    place = np.arange(lengths.sum()) - np.repeat(starts, lengths)
    values = ids.flatten().to_numpy(zero_copy_only=False)[place < np.repeat(room, lengths)]
    offsets = np.concatenate([[0], np.cumsum(np.minimum(lengths, room))])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(values))


def _equal(chosen: pa.ListArray, rejected: pa.ListArray) -> Flags:
    """The rows with the same ids on both sides."""
    lengths = _lengths(chosen)
    equal: Flags = lengths == _lengths(rejected)
    rows = pa.array(equal & (lengths > 0))
    if not pc.any(rows).as_py():
        return equal
    one, other = (ids.filter(rows).flatten().to_numpy(zero_copy_only=False) for ids in (chosen, rejected))
    sizes = lengths[equal & (lengths > 0)]
    differ = np.add.reduceat((one != other).astype(np.int64), np.cumsum(sizes) - sizes)
    equal[equal & (lengths > 0)] = differ == 0
    return equal


def _replace(table: pa.Table, batch: _Batch) -> pa.Table:
    """The table with its completions cut."""
    for side, ids in batch.kept.items():
        table = table.set_column(table.column_names.index(f"{side}_ids"), f"{side}_ids", ids)
    return table


def _left_out(table: pa.Table, batch: _Batch, reasons: Numbers) -> pa.Table:
    out = pa.array(reasons >= 0)
    names = pa.array([REASONS[reason] for reason in reasons[reasons >= 0]], pa.string())
    columns = [table[name].filter(out) for name in ("id", "source", "source_row")]
    tokens = pa.array(batch.longer[reasons >= 0], pa.int32())
    return pa.table([*columns, names, tokens], schema=LEFT_OUT)


def _count(accounts: dict[str, Account], table: pa.Table, batch: _Batch, reasons: Numbers) -> None:
    """Enter the pairs of a batch in the accounts of their sources."""
    coded = table["source"].combine_chunks().dictionary_encode()
    codes = coded.indices.to_numpy(zero_copy_only=False)
    prompts_cut, lost = table["prompt_cut"].to_numpy() > 0, table["answer_lost"].to_numpy().astype(bool)
    for code, source in enumerate(coded.dictionary.to_pylist()):
        here, kept = codes == code, (codes == code) & (reasons == -1)
        found = Account(
            source,
            pairs=int(here.sum()),
            kept=int(kept.sum()),
            left_out=Counter(REASONS[reason] for reason in reasons[here & (reasons >= 0)]),
            answers_lost=int(lost[here].sum()),
            cut_chosen=int(batch.was_cut("chosen")[kept].sum()),
            cut_rejected=int(batch.was_cut("rejected")[kept].sum()),
            prompts_cut=int(prompts_cut[kept].sum()),
            tokens=int(batch.used[kept].sum()),
            longest=int(batch.longest[kept].max(initial=0)),
        )
        accounts.setdefault(source, Account(source)).add(found)
