"""The datasets of today in their true layouts: every planted fault is found under its reason, and nothing else is."""

from dataclasses import dataclass

import pyarrow.parquet as pq
import pytest

from builders.building.pipeline import build
from builders.inputs.inputs import Request
from builders.inputs.recipe import add_sources, load_recipe
from sources.command.progress import Silent
from sources.fetch.fetcher import Mirror
from sources.pairs.ledger import Account
from sources.pairs.source import Source
from sources.registry import SOURCES
from tests.upstreams.generate import Truth, write_upstream
from tests.upstreams.layouts import LAYOUTS
from tests.upstreams.write import place

COUNT = 300
OTHERS = "other_language_file"
TODAY = [source for source in SOURCES if source.columns]


@dataclass(frozen=True)
class Done:
    """A build of all of them: what was planted, accounts, and (source_row, reason) of what is not in the dataset."""

    planted: list[Truth]
    accounts: dict[tuple[str, str], Account]
    dropped: dict[tuple[str, str], set[tuple[str, str]]]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    mirror, out = tmp_path_factory.mktemp("mirror"), tmp_path_factory.mktemp("out")
    planted = [one for name in LAYOUTS for one in write_upstream(mirror, name, COUNT)]
    recipe = add_sources(load_recipe("ct-llm"), list(LAYOUTS), "test")
    request = Request(
        langs=("zh", "en"), recipe=recipe, fetcher=Mirror(mirror), out=out, only=tuple(LAYOUTS), report=False
    )
    _, built = build(request, Silent())
    accounts = {(account.source, each.lang): account for each in built for account in each.accounts}
    dropped: dict[tuple[str, str], set[tuple[str, str]]] = {key: set() for key in accounts}
    for each in built:
        columns = ["source", "source_row", "reason"]
        for row in pq.read_table(each.folder / "dropped.parquet", columns=columns).to_pylist():
            dropped[row["source"], each.lang].add((row["source_row"], row["reason"]))
    return Done(planted, accounts, dropped)


def test_every_source_of_today_has_a_layout_and_takes_part(done: Done) -> None:
    assert set(LAYOUTS) == {source.name for source in TODAY}
    assert set(done.accounts) == {(source.name, source.lang) for source in TODAY}


@pytest.mark.parametrize("source", TODAY, ids=lambda source: f"{source.name}-{source.lang}")
def test_what_is_lost_is_what_was_planted(done: Done, source: Source) -> None:
    files = {place(file) for file in source.files(source.options())}
    planted = {(f"{one.file}:{one.row}", one.reason_for(source.lang)) for one in done.planted if one.file in files}
    lost = done.dropped[source.name, source.lang]
    others = {each for each in lost if each[1] == OTHERS}
    assert lost - others == {each for each in planted if each[1] != OTHERS}
    assert planted <= lost
    account = done.accounts[source.name, source.lang]
    assert (account.rows_read, account.written) == (COUNT, COUNT - len(lost))


@pytest.mark.parametrize("name", list(LAYOUTS))
def test_each_row_of_a_source_is_in_one_language(done: Done, name: str) -> None:
    """What the build of one language leaves to another is what that one takes, but for rows in a third."""
    languages = [source.lang for source in TODAY if source.name == name]
    own_files = len({source.files(source.options()) for source in TODAY if source.name == name}) == len(languages)
    left = {lang: {row for row, reason in done.dropped[name, lang] if reason == OTHERS} for lang in languages}
    if own_files:
        assert not any(left.values())
    else:
        both = left["zh"] & left["en"]
        assert all(len(rows) > COUNT / 3 for rows in left.values())
        assert len(both) <= COUNT / 50
