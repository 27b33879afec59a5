"""`balance` in a recipe: what it drops is counted under its own reason, and what stays is as it was."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from builders.building.pipeline import Built
from builders.inputs.recipe import BalanceSettings, load_recipe
from builders.measures.statistics import measure

REASON = ("balance", "length_balance")
LIMIT = 0.55


def test_a_balanced_build_says_what_went_and_leaves_the_rest(
    build_sample: Callable[..., list[Built]], tmp_path: Path
) -> None:
    plain = build_sample(out=tmp_path / "plain")[0]
    recipe = load_recipe("ct-llm").model_copy(update={"balance": BalanceSettings(length=LIMIT)})
    balanced = build_sample(out=tmp_path / "balanced", recipe=recipe)[0]

    before, after = rows(plain.folder), rows(balanced.folder)
    assert after.items() <= before.items()
    lost = pq.read_table(balanced.folder / "dropped.parquet").to_pylist()
    went = {row["id"]: row["evidence"] for row in lost if (row["stage"], row["reason"]) == REASON}
    assert went.keys() == before.keys() - after.keys() != set()
    assert all(evidence.startswith("length-only AUC 0.") for evidence in went.values())
    assert sum(account.dropped[REASON] for account in balanced.accounts) == len(went)
    assert "length-only AUC of a source is at most 0.55" in (balanced.folder / "README.md").read_text(encoding="utf-8")
    assert "balanced by length" not in (plain.folder / "README.md").read_text(encoding="utf-8")
    for source in measure(balanced.folder).sources:
        assert 1 - LIMIT <= source.length_auc <= LIMIT


def rows(folder: Path) -> dict[str, str]:
    """The pairs by id, all that is in them spelled out."""
    table = pa.concat_tables(pq.read_table(path) for path in sorted((folder / "data").iterdir()))
    return {row["id"]: repr(row) for row in table.to_pylist()}
