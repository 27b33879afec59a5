"""The datasets of today in their true layouts: every planted fault is found under its reason, and nothing else is."""

from dataclasses import dataclass
from pathlib import Path

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
    """A build of all of them: accounts, and (source_row, reason) of what is not in the dataset."""

    accounts: dict[tuple[str, str], Account]
    dropped: dict[tuple[str, str], set[tuple[str, str]]]


@dataclass(frozen=True)
class Upstream:
    """All of them in a mirror, and what was planted."""

    mirror: Path
    planted: list[Truth]

    def of(self, source: Source) -> set[tuple[str, str]]:
        """(source_row, reason) of each fault in the files of a source."""
        files = {place(file) for file in source.files(source.options())}
        return {(f"{one.file}:{one.row}", one.reason_for(source.lang)) for one in self.planted if one.file in files}


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Upstream:
    mirror = tmp_path_factory.mktemp("mirror")
    return Upstream(mirror, [one for name in LAYOUTS for one in write_upstream(mirror, name, COUNT)])


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Done:
    mirror, out = upstream.mirror, tmp_path_factory.mktemp("out")
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
    return Done(accounts, dropped)


def test_every_source_of_today_has_a_layout_and_takes_part(done: Done) -> None:
    assert set(LAYOUTS) == {source.name for source in TODAY}
    assert set(done.accounts) == {(source.name, source.lang) for source in TODAY}


@pytest.mark.parametrize("source", TODAY, ids=lambda source: f"{source.name}-{source.lang}")
def test_what_is_lost_is_what_was_planted(done: Done, upstream: Upstream, source: Source) -> None:
    planted = upstream.of(source)
    lost = done.dropped[source.name, source.lang]
    others = {each for each in lost if each[1] == OTHERS}
    assert lost - others == {each for each in planted if each[1] != OTHERS}
    assert planted <= lost
    account = done.accounts[source.name, source.lang]
    assert (account.rows_read, account.written) == (COUNT, COUNT - len(lost))


@pytest.mark.parametrize("name", ["zh-2026", "en-2026", "zh-2026-commercial", "en-2026-commercial"])
def test_the_recipes_of_today_find_what_was_planted(name: str, upstream: Upstream, tmp_path: Path) -> None:
    recipe, lang = load_recipe(name), name[:2]
    wanted = [source for source in TODAY if source.lang == lang and source.name in recipe.sources]
    only = tuple(source.name for source in wanted)
    request = Request(
        langs=(lang,), recipe=recipe, fetcher=Mirror(upstream.mirror), out=tmp_path, only=only, report=False
    )
    _, (built,) = build(request, Silent())
    columns = ["source", "source_row", "reason"]
    rows = pq.read_table(built.folder / "dropped.parquet", columns=columns).to_pylist()
    lost = {(row["source"], row["source_row"], row["reason"]) for row in rows}
    planted = {(source.name, *fault) for source in wanted for fault in upstream.of(source)}
    assert len(wanted) > 1
    assert sorted(planted - lost) == []


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
