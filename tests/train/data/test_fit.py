"""Every pair is kept or left out with a reason, and what is cut is what TRL's collator cuts."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trl.trainer.dpo_trainer import DataCollatorForPreference

from train.data.fit import LEFT_OUT, REASONS, Account, fit
from train.data.tokenize_pairs import TOKENS

Row = tuple[list[int], list[int], list[int]]
ids = st.lists(st.integers(1, 3), max_size=6)
rows_of_ids = st.lists(st.tuples(ids, ids, ids), max_size=12)


def table(rows: list[Row], sources: list[str] | None = None) -> pa.Table:
    names = ("prompt_ids", "chosen_ids", "rejected_ids")
    lists = {name: pa.array([row[side] for row in rows], TOKENS.field(name).type) for side, name in enumerate(names)}
    text = [str(place) for place in range(len(rows))]
    traced = {"id": text, "source": sources or ["a"] * len(rows), "source_row": text, "lang": ["zh"] * len(rows)}
    columns = {name: pa.array(values, pa.string()) for name, values in traced.items()}
    flags = {"answers_differ": [row[1] != row[2] for row in rows], "answer_lost": [False] * len(rows)}
    return pa.table({**columns, **lists, "prompt_cut": pa.array([0] * len(rows), pa.int32()), **flags})


def reasons(rows: list[Row], max_length: int | None, too_long: Any) -> list[str | None]:
    fitted = fit(table(rows), max_length, too_long)
    found = dict(zip(fitted.left_out["id"].to_pylist(), fitted.left_out["reason"].to_pylist(), strict=True))
    return [found.get(str(place)) for place in range(len(rows))]


def test_drop_leaves_out_what_is_longer_than_the_length() -> None:
    rows: list[Row] = [([1, 1], [2, 2], [3]), ([1, 1], [2, 2, 2], [3]), ([1, 1], [2], [3, 3, 3])]
    assert reasons(rows, 4, "drop") == [None, "too_long", "too_long"]
    assert reasons(rows, None, "drop") == [None] * 3


def test_cut_shortens_completions_and_leaves_out_prompts_that_fill_the_length() -> None:
    fitted = fit(table([([1, 1], [2, 3, 4], [5, 6]), ([1, 1, 1, 1], [2], [3])]), 4, "cut")
    assert fitted.kept["chosen_ids"].to_pylist() == [[2, 3]]
    assert fitted.kept["rejected_ids"].to_pylist() == [[5, 6]]
    assert fitted.left_out.to_pylist() == [
        {"id": "1", "source": "a", "source_row": "1", "reason": "prompt_too_long", "tokens": 5}
    ]
    (account,) = fitted.accounts
    assert (account.cut_chosen, account.cut_rejected, account.tokens, account.longest) == (1, 0, 8, 4)


def test_answers_that_the_template_makes_the_same_are_told_from_equal_ones() -> None:
    rows: list[Row] = [([1], [2, 3], [2, 3]), ([1], [2, 3], [2, 3]), ([1], [2], [3])]
    tokens = table(rows)
    differ = pa.array([True, False, True])
    tokens = tokens.set_column(tokens.column_names.index("answers_differ"), "answers_differ", differ)
    fitted = fit(tokens, None, "drop")
    assert fitted.left_out["reason"].to_pylist() == ["equal_after_template", "equal_completions"]


def test_pairs_that_teach_nothing_are_left_out() -> None:
    rows: list[Row] = [
        ([1], [], [2]),
        ([1], [2], []),
        ([1], [2, 3], [2, 3]),
        ([1], [2, 3, 4], [2, 3, 5]),
        ([1], [2], [3]),
    ]
    empty, equal = "empty_completion", "equal_completions"
    assert reasons(rows, 3, "cut") == [empty, empty, equal, "equal_after_cut", None]
    assert reasons(rows, None, "cut") == [empty, empty, equal, None, None]


def test_no_pairs_fit_too() -> None:
    fitted = fit(table([]), 4, "cut")
    assert (fitted.kept.num_rows, fitted.accounts) == (0, [])
    assert fitted.left_out.schema == LEFT_OUT


@pytest.mark.parametrize("too_long", ["drop", "cut"])
@given(rows=rows_of_ids, max_length=st.one_of(st.none(), st.integers(1, 9)), data=st.data())
def test_accounts_add_up(too_long: Any, rows: list[Row], max_length: int | None, data: Any) -> None:
    sources = [data.draw(st.sampled_from("abc")) for _ in rows]
    given_rows = table(rows, sources)
    fitted = fit(given_rows, max_length, too_long)
    assert sum(account.pairs for account in fitted.accounts) == len(rows)
    for account in fitted.accounts:
        assert account.pairs == account.kept + account.left_out.total() == sources.count(account.source)
        assert set(account.left_out) <= set(REASONS)
    assert fitted.kept.num_rows == fitted.total.kept
    assert (
        sorted(fitted.kept["id"].to_pylist() + fitted.left_out["id"].to_pylist(), key=int)
        == given_rows["id"].to_pylist()
    )
    assert fitted.kept["id"].to_pylist() == sorted(fitted.kept["id"].to_pylist(), key=int)
    lengths = [
        2 * len(row["prompt_ids"]) + len(row["chosen_ids"]) + len(row["rejected_ids"])
        for row in fitted.kept.to_pylist()
    ]
    assert fitted.total.tokens == sum(lengths)


@given(rows=rows_of_ids, max_length=st.integers(1, 9))
def test_a_cut_pair_gives_the_batch_that_trl_makes_of_the_whole_one(rows: list[Row], max_length: int) -> None:
    whole = table(rows)
    kept = fit(whole, max_length, "cut").kept.to_pylist()
    if kept:
        places = [int(row["id"]) for row in kept]
        collate = DataCollatorForPreference(pad_token_id=0, max_length=max_length)
        ours, theirs = collate.torch_call(kept), collate.torch_call(whole.take(places).to_pylist())
        assert all(ours[name].equal(theirs[name]) for name in theirs)
        assert all((theirs["completion_mask"].sum(dim=1) > 0).tolist())


@given(rows=rows_of_ids, max_length=st.integers(1, 9))
def test_what_fits_fits_again(rows: list[Row], max_length: int) -> None:
    once = fit(table(rows), max_length, "cut")
    again = fit(once.kept, max_length, "cut")
    assert again.kept.to_pylist() == once.kept.to_pylist()
    assert not again.left_out.num_rows


def test_a_cut_prompt_is_counted_and_slices_are_read_rightly() -> None:
    rows: list[Row] = [([9], [9, 9], [9]), ([1], [2, 2, 2], [3]), ([1], [4], [5])]
    tokens = table(rows).set_column(7, "prompt_cut", pa.array([1, 2, 0], pa.int32()))
    fitted = fit(pa.concat_tables([tokens.slice(1, 1), tokens.slice(2)]), 3, "cut")
    assert fitted.kept["chosen_ids"].to_pylist() == [[2, 2], [4]]
    assert fitted.accounts == [Account("a", pairs=2, kept=2, cut_chosen=1, prompts_cut=1, tokens=9, longest=3)]
