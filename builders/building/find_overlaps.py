"""Which sources repeat one another, from the keys of the pairs and what the stages decided."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from builders.building.find_giveaways import rows_by_source
from builders.measures.overlap import Overlap, count_overlaps
from builders.stages.decisions import Decisions
from builders.stages.keys import Keys
from sources.pairs.languages import Lang
from sources.pairs.ledger import Account

STAGES = ("exact_duplicates", "near_duplicates")


def find_overlaps(lang: Lang, accounts: Sequence[Account], keys: Keys, decisions: Decisions) -> list[Overlap]:
    """What the sources of one language have in common, over all pairs that were made; `accounts` are those of all
    sources in their order."""
    made = rows_by_source(lang, accounts, keys, np.ones(len(keys), dtype=bool))
    twins = {source: _twins(rows, accounts, keys, decisions) for source, rows in made.items()}
    for source, others in twins.items():
        others.pop(source, None)
    return count_overlaps({source: keys.sides[rows, 0] for source, rows in made.items()}, twins)


def _twins(rows: np.ndarray, accounts: Sequence[Account], keys: Keys, decisions: Decisions) -> Counter[str]:
    """How many of these pairs went as a duplicate of a pair of each source."""
    of_duplicates = np.array([stage in STAGES for stage, _ in decisions.reasons])
    gone = rows[of_duplicates[decisions.reason[rows]]]
    counts = np.bincount(keys.source[decisions.twin[gone]], minlength=len(accounts))
    return +Counter({account.source: int(count) for account, count in zip(accounts, counts, strict=True)})
