"""A source that holds Chinese and English rows, built for both languages at once."""

from pathlib import Path

from builders.building.pipeline import build
from builders.building.table import remarks
from builders.card.facts import read_facts
from builders.card.render import render_card
from builders.inputs.inputs import Request
from builders.inputs.recipe import add_sources, load_recipe
from sources.command.progress import Silent
from sources.fetch.fetcher import sample
from sources.pairs.languages import Lang


def request(out: Path, *only: str, langs: tuple[Lang, ...] = ("zh", "en"), **changes: bool) -> Request:
    recipe = add_sources(load_recipe("ct-llm"), only, "test")
    return Request(langs=langs, recipe=recipe, fetcher=sample(), out=out, only=only, report=False, **changes)


def test_each_language_has_an_account_of_its_own_under_one_name(tmp_path: Path) -> None:
    _, built = build(request(tmp_path, "helpsteer3"), Silent())
    told = {
        each.lang: (account.source, account.rows_read, account.pairs_made)
        for each in built
        for account in each.accounts
    }
    assert told == {"zh": ("helpsteer3", 20, 10), "en": ("helpsteer3", 20, 7)}


def test_a_remark_says_which_language_it_is_about(tmp_path: Path) -> None:
    inputs, built = build(request(tmp_path, "dolci_dpo"), Silent())
    lines = [line.plain for line in remarks(inputs, built)]
    assert [line[:29] for line in lines[:2]] == ["not used  Chinese, dolci_dpo:", "not used  English, dolci_dpo:"]


def test_a_source_in_one_language_needs_no_such_word(tmp_path: Path) -> None:
    inputs, built = build(request(tmp_path, "dolci_dpo", langs=("en",)), Silent())
    assert remarks(inputs, built)[0].plain.startswith("not used  dolci_dpo: chosen[].country")


def test_the_cards_of_both_languages_name_a_source_that_was_left_out(tmp_path: Path) -> None:
    _, built = build(request(tmp_path, "helpsteer3", "dolci_dpo", commercial_ok=True), Silent())
    for each in built:
        assert "left out: `dolci_dpo` (--commercial-ok: ODC-By-1.0" in render_card([read_facts(each.folder)])
