"""What gives the preferences of each source away, from the keys of its pairs and the text of some of them."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from threadpoolctl import threadpool_limits

from builders.engines.spill import Spill
from builders.engines.this_machine import map_in_threads
from builders.measures.classifier import Answers, tell_apart
from builders.measures.giveaways import MIN_GROUPS, Giveaways, features, rate, rule_rates
from builders.measures.statistics import told_rightly
from builders.stages.keys import Keys
from sources.pairs.languages import LANGS, Lang
from sources.pairs.ledger import Account

SAMPLED = 10_000
"""The classifier sees at most so many pairs of a source, those with the lowest ids: the same fair draw in any order."""


def find_giveaways(
    sources: Mapping[str, np.ndarray], keys: Keys, groups: np.ndarray, spill: Spill, workers: int
) -> list[Giveaways]:
    """One for each source that has pairs of MIN_GROUPS prompt groups; `sources` are the rows of each by name."""
    one = partial(_of_source, keys=keys, groups=groups, spill=spill)
    with threadpool_limits(1, "blas"):  # more threads inside each of ours would wait for one another, and burn time
        return [found for found in map_in_threads(one, list(sources.items()), workers) if found]


def rows_by_source(lang: Lang, accounts: Sequence[Account], keys: Keys, kept: np.ndarray) -> dict[str, np.ndarray]:
    """The pairs that are kept in one language, by source; `accounts` are those of all sources in their order."""
    ours = kept & (keys.lang == LANGS.index(lang))
    return {
        account.source: np.flatnonzero(ours & (keys.source == place))
        for place, account in enumerate(accounts)
        if account.lang == lang
    }


def _of_source(source: tuple[str, np.ndarray], keys: Keys, groups: np.ndarray, spill: Spill) -> Giveaways | None:
    name, rows = source
    different, numbers = np.unique(groups[rows], return_inverse=True)
    if len(different) < MIN_GROUPS:
        return None
    lowest = np.sort(np.lexsort(keys.ids[rows].T[::-1])[:SAMPLED])
    sampled = rows[lowest]
    lang = LANGS[int(np.bincount(keys.lang[sampled]).argmax())]
    answers = Answers(*spill.answers(sampled), lang, groups[sampled])
    scores = tell_apart(answers, features(keys.surface(sampled)))
    return Giveaways(
        source=name,
        pairs=len(rows),
        sampled=len(sampled),
        rules=rule_rates(keys.surface(rows), numbers),
        classifier=rate(told_rightly(scores), numbers[lowest]),
    )
