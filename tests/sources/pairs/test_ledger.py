"""Accounts add up or the build fails."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.command.errors import AccountingError
from sources.pairs.ledger import Account, total

COUNTS = st.dictionaries(
    st.tuples(st.sampled_from(["read", "check", "caps"]), st.sampled_from(["bad_json", "mojibake", "over_cap"])),
    st.integers(0, 50),
).map(Counter)


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    """An account that adds up."""
    skipped, dropped = draw(COUNTS), draw(COUNTS)
    used, train, test = (draw(st.integers(0, 100)) for _ in range(3))
    return Account(
        source=draw(st.sampled_from(["huozi", "zhihu_rlhf_3k"])),
        lang="zh",
        license="MIT",
        rows_read=used + skipped.total(),
        rows_used=used,
        skipped=skipped,
        pairs_made=train + test + dropped.total(),
        dropped=dropped,
        train=train,
        test=test,
        repairs=Counter(trimmed=draw(st.integers(0, 9))),
        tags=Counter(refusal_chosen=draw(st.integers(0, 9))),
    )


@given(accounts())
def test_an_account_that_adds_up_passes(account: Account) -> None:
    account.check()
    assert account.written == account.train + account.test


@given(accounts(), st.sampled_from(["rows_read", "rows_used", "pairs_made", "train", "test"]), st.sampled_from([1, -1]))
def test_an_account_that_is_off_by_one_is_an_error(account: Account, name: str, error: int) -> None:
    setattr(account, name, getattr(account, name) + error)
    with pytest.raises(AccountingError, match=account.source):
        account.check()


@given(accounts(), st.sampled_from(["skipped", "dropped"]))
def test_a_row_that_is_lost_twice_is_an_error(account: Account, name: str) -> None:
    getattr(account, name)["stage", "reason"] += 1
    with pytest.raises(AccountingError, match="Please report this"):
        account.check()


@given(st.lists(accounts(), max_size=4))
def test_the_total_of_accounts_that_add_up_adds_up(parts: list[Account]) -> None:
    whole = total(parts, "zh")
    whole.check()
    assert whole.rows_read == sum(part.rows_read for part in parts)
    assert whole.written == sum(part.written for part in parts)
    assert whole.dropped.total() == sum(part.dropped.total() for part in parts)
    assert whole.tags.total() == sum(part.tags.total() for part in parts)


def test_the_total_leaves_its_parts_as_they_are() -> None:
    part = Account("huozi", "zh", "MIT", rows_read=1, skipped=Counter({("read", "bad_json"): 1}))
    total([part, part], "zh")
    assert part.skipped == {("read", "bad_json"): 1}


def test_an_account_says_its_numbers_by_stage_and_reason() -> None:
    account = Account(
        "huozi",
        "zh",
        "MIT",
        rows_read=5,
        rows_used=4,
        skipped=Counter({("read", "bad_json"): 1, ("adapt", "no_answer"): 0}),
        pairs_made=4,
        dropped=Counter({("check", "mojibake"): 1, ("check", "empty_side"): 1, ("caps", "over_cap"): 1}),
        train=1,
    )
    account.check()
    numbers = account.as_dict()
    assert numbers["rows_skipped"] == {"read": {"bad_json": 1}}
    assert numbers["pairs_dropped"] == {"caps": {"over_cap": 1}, "check": {"empty_side": 1, "mojibake": 1}}
    assert (numbers["rows_read"], numbers["pairs_made"], numbers["train"], numbers["test"]) == (5, 4, 1, 0)


def test_numbers_that_are_not_equal_are_both_named() -> None:
    with pytest.raises(AccountingError, match="huozi: 1,000 rows read, but 999 found"):
        Account("huozi", "zh", "MIT").expect("rows read", 1000, 999)


def test_columns_that_were_not_used_are_named_also_one_without_a_name() -> None:
    account = Account("my", "zh", "MIT", rows_read=1000, unused=Counter({"": 1000, "id": 1000, "meta": 32, "rare": 1}))
    assert account.remarks() == [("not used", "my: (empty), id, meta (3.2% of rows), rare (0.1% of rows)")]
