"""Everything that can be known before a model is loaded: the pairs as tokens, and that they, the tokenizer and the
model go together."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from sources.command.errors import NoPairsError, PrefsError
from sources.fetch.download import cache_folder
from train.data.chat_template import choose_chat_template
from train.data.check_tokenizer import check_tokenizer
from train.data.fit import Fitted, fit
from train.data.load_pairs import Data, load_pairs
from train.data.lost_answers import tell_lost_answers
from train.data.tokenize_pairs import tokenize_pairs
from train.run.reference import reference_is_unclear
from train.training.arguments import Arguments
from train.training.load_model import count_parameters, load_config, load_tokenizer

WHAT_TO_DO = {
    "empty_completion": "Look at the answers, and at what the chat template makes of them.",
    "too_long": "Raise --max_length, or give --too_long cut.",
    "prompt_too_long": "Raise --max_length.",
    "equal_after_template": "The chat template leaves out what tells the answers apart: give another --chat_template.",
    "equal_completions": "Look at the data with lint-prefs: chosen and rejected are the same.",
    "equal_after_cut": "Raise --max_length: the answers differ only in what is cut off.",
}
"""By the reason for which most pairs are left out."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """`train` and `test` are tokenised and fit the length; `parameters` those of the whole model."""

    config: Any
    tokenizer: Any
    parameters: int
    data: Data
    train: Fitted
    test: Fitted | None
    remarks: list[str]


def prepare(asked: Arguments) -> Prepared:
    """What a run would train on.

    Raises:
        PrefsError: a part is missing or broken, or the parts do not go together.
    """
    run, revision = asked.run, asked.model.model_revision
    _check_reference(run.model, run.ref_model)
    config = load_config(run.model, revision)
    tokenizer = load_tokenizer(run.model, revision)
    remarks = choose_chat_template(tokenizer, run.chat_template or None)
    check_tokenizer(tokenizer, config)
    data = load_pairs(run.data)
    cache = cache_of(run.token_cache, "tokens")
    with asked.dpo.main_process_first(desc="tokenising"), _progress(asked, data) as progress:
        tables = [
            tokenize_pairs(table.slice(0, run.limit or None), tokenizer, cache=cache, progress=progress)
            for table in _tables(data)
        ]
    fitted = [fit(table, asked.dpo.max_length, run.too_long) for table in tables]
    remarks += tell_lost_answers(data.train, tables[0], tokenizer)
    if not fitted[0].kept.num_rows:
        raise _nothing_left(fitted[0], ", ".join(run.data))
    test = fitted[1] if len(fitted) > 1 and fitted[1].kept.num_rows else None
    return Prepared(config, tokenizer, count_parameters(config), data, fitted[0], test, remarks)


def _nothing_left(fitted: Fitted, data: str) -> NoPairsError:
    """The error for data of which no pair can be trained on, with what to do about its commonest reason."""
    reasons = fitted.total.left_out.most_common()
    counted = ", ".join(f"{reason} {count:,}" for reason, count in reasons)
    found = f"none of {fitted.total.pairs:,} pairs is left to train on ({counted or 'there are none'})"
    return NoPairsError(data, found, hint=WHAT_TO_DO[reasons[0][0]] if reasons else "")


def cache_of(given: str, name: str) -> Path | None:
    """The folder of a cache: the one given, none, or one in the user's cache, which all runs share."""
    return None if given == "none" else Path(given or cache_folder() / "train" / name)


def _check_reference(model: str, ref_model: str) -> None:
    reason = None if ref_model else reference_is_unclear(model)
    if reason:
        raise PrefsError(
            f"--model {model}",
            reason,
            hint="Give --ref_model, the SFT model it started from or this same folder; --resume goes on with a run.",
        )


@contextmanager
def _progress(asked: Arguments, data: Data) -> Iterator[Callable[[int], object]]:
    """A bar for tokenising, on the first process."""
    from tqdm import tqdm

    pairs = sum(min(table.num_rows, asked.run.limit or table.num_rows) for table in _tables(data))
    with tqdm(total=pairs, desc="tokenising", unit=" pairs", disable=asked.dpo.process_index != 0, leave=False) as bar:
        yield bar.update


def _tables(data: Data) -> list[pa.Table]:
    return [table for table in (data.train, data.test) if table is not None]
