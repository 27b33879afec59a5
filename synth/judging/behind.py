"""What the verdicts do not hold: who wrote the answers of each pair, and which pairs share a prompt or an answer."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xxhash

from sources.pairs.languages import Lang
from sources.pairs.schema import SIDES, TURNS, joined_text
from synth.judging.cycles import Cycles, find_cycles
from synth.judging.families import Kin, find_kin
from synth.judging.pairs import batches_of

MODELS: Final = ("chosen_model", "rejected_model")
HASHES: Final = tuple(f"{side}_hash" for side in SIDES)


def look_behind(names: Sequence[str], path: Path, lang: Lang, folder: Path) -> list[tuple[Kin | None, Cycles]]:
    """What the pairs in `path` themselves say of the judges of these names, whose scores are in `folder`."""
    scores = pq.read_table(folder / "scores.parquet", columns=["id", "judge", "label"])
    of = {name: scores.filter(pc.equal(scores["judge"], name)) for name in names}
    behind = read_behind(path, lang, of[names[0]]["id"])
    return [kin_and_cycles(name, of[name]["label"], behind) for name in names]


def read_behind(path: Path, lang: Lang, ids: pa.ChunkedArray) -> pa.Table:
    """Models and hashes of the pairs with these ids, which are in the order of the files that `path` names."""
    wanted, parts = set(ids.to_pylist()), []
    for rows in batches_of(path, lang, ["id", *MODELS, *SIDES]):
        keep = []
        for pair in rows["id"].to_pylist():
            keep.append(pair in wanted)
            wanted.discard(pair)
        taken = rows.filter(pa.array(keep))
        if len(taken):
            parts.append(pa.table(dict(_columns(taken))))
    return pa.concat_tables(parts).unify_dictionaries()


def _columns(rows: pa.Table) -> Iterator[tuple[str, pa.Array]]:
    for name in MODELS:
        known = name in rows.column_names
        texts = rows[name].combine_chunks().cast(pa.string()) if known else pa.nulls(len(rows), pa.string())
        yield name, texts.dictionary_encode()
    for name, side in zip(HASHES, SIDES, strict=True):
        turns = rows[side].combine_chunks()
        turns = turns if turns.type == TURNS else pa.array(turns.to_pylist(), TURNS)
        texts = joined_text(turns).cast(pa.binary()).to_pylist()
        yield name, pa.array([xxhash.xxh3_64_intdigest(text) for text in texts], pa.uint64())


def kin_and_cycles(judge: str, labels: pa.ChunkedArray, behind: pa.Table) -> tuple[Kin | None, Cycles]:
    """The self-preference of a judge and the circles in its preferences; `labels` are its labels of the pairs."""
    models = (behind[name].cast(pa.string()).to_pylist() for name in MODELS)
    kin = find_kin(judge, zip(labels.to_pylist(), *models, strict=True))
    prompt, chosen, rejected = (np.asarray(behind[name]) for name in HASHES)
    _, place, counts = np.unique(prompt, return_inverse=True, return_counts=True)
    preferred = np.asarray(pc.fill_null(labels, "").to_numpy(zero_copy_only=False))
    rows = np.flatnonzero((counts[place] > 1) & np.isin(preferred, ["chosen", "rejected"]))
    better = np.where(preferred == "chosen", chosen, rejected)[rows].tolist()
    worse = np.where(preferred == "chosen", rejected, chosen)[rows].tolist()
    return kin, find_cycles(judge, zip(prompt[rows].tolist(), better, worse, strict=True))
