"""What several judges say together: one label for each pair, and how far they agree beyond chance."""

from collections.abc import Sequence
from typing import Final, Literal, get_args

import numpy as np
import pyarrow as pa

from synth.judging.verdicts import SCORES, Said

Rule = Literal["majority", "all"]
SIDES: Final[tuple[Said, ...]] = get_args(Said)


def name_of(rule: str) -> str:
    """What stands for all judges together where the name of a judge stands."""
    return f"together:{rule}"


def label_together(labels: Sequence[Said | None], rule: Rule) -> Said | None:
    """The answer that more than half of the judges prefer, or all of them; else a tie, or None where a judge without a
    verdict could have changed that."""
    for side in ("chosen", "rejected"):
        if sum(label == side for label in labels) > (len(labels) - 1 if rule == "all" else len(labels) / 2):
            return side
    unknown = sum(label is None for label in labels)
    if not unknown:
        return "tie"
    most = max(sum(label == side for label in labels) for side in ("chosen", "rejected"))
    needed = len(labels) if rule == "all" else len(labels) // 2 + 1
    return None if most + unknown >= needed else "tie"


def scores_together(tables: Sequence[pa.Table], rule: Rule) -> pa.Table:
    """The rows of SCORES of all judges about the same pairs as rows of one judge, who is named by the rule. Scores are
    means; what each order said is left out."""
    columns = {name: tables[0][name] for name in ("id", "source", "source_row", "chosen_chars", "rejected_chars")}
    labels = zip(*(table["label"].to_pylist() for table in tables), strict=True)
    columns["label"] = pa.array([label_together(each, rule) for each in labels], pa.string())
    columns["judge"] = pa.array([name_of(rule)] * len(tables[0]), pa.string())
    for name in ("score_chosen", "score_rejected"):
        columns[name] = pa.array(np.mean([table[name].to_numpy() for table in tables], axis=0), from_pandas=True)
    nulls = pa.nulls(len(tables[0]), pa.string())
    return pa.table([columns.get(field.name, nulls) for field in SCORES], schema=SCORES)


def kappa(labels: Sequence[Sequence[Said | None]]) -> float | None:
    """Agreement of judges beyond chance, 1 at most: Cohen's kappa of two, Fleiss' of more; `labels` has a row for each
    judge. Only pairs count of which every judge has a label; None where there are none, or chance explains all.

    https://doi.org/10.1177/001316446002000104, https://doi.org/10.1037/h0031619
    """
    whole = [each for each in zip(*labels, strict=True) if None not in each]
    if not whole:
        return None
    counts = np.array([[each.count(side) for side in SIDES] for each in whole], float)
    judges = len(labels)
    agreed = float(((counts * (counts - 1)).sum(axis=1) / (judges * (judges - 1))).mean())
    if judges == 2:
        one, other = (np.array([[each[judge] == side for side in SIDES] for each in whole]) for judge in range(2))
        chance = float((one.mean(axis=0) * other.mean(axis=0)).sum())
    else:
        chance = float(((counts.sum(axis=0) / counts.sum()) ** 2).sum())
    return None if chance >= 1 else (agreed - chance) / (1 - chance)
