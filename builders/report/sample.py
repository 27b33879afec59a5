"""The rows that a report shows, drawn while the files are written: some of each source, reason and tag.

Which rows are drawn goes by their ids, which are hashes: a fair draw, and the same in every build.
"""

from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from builders.stages.decisions import NOT_DROPPED_BY_A_STAGE, Decisions
from builders.stages.found import run_starts
from builders.stages.keys import Keys
from sources.pairs.schema import DROPPED
from sources.text.codes import decode, text_keys

KEPT_PER_SOURCE = 2_000
DROPPED_PER_REASON = 30
"""Of each source."""

KEPT_PER_TAG = 40
MAX_TAGS = 60

KEPT_A_ROUND, DROPPED_A_ROUND, TAGGED_A_ROUND = 10.0, 3.0, 3.0
"""Rows are taken in rounds until there is no more room: so many of each source, of each reason in it, of each tag."""

TWIN_ROUND = 4.0
"""When the pairs that are the evidence against dropped ones have their turn."""

SPLIT = pa.field("split", pa.string())
ROUND = pa.field("round", pa.float64())
DRAWN = pa.schema([*DROPPED, SPLIT])

NEVER = np.inf


class Draw:
    """Takes the rows of a build, a table at a time, and keeps those to show in `rows` (DRAWN); `twins` are the first 64
    bits of the ids of pairs that are evidence."""

    def __init__(self, twins: np.ndarray) -> None:
        self.twins = twins
        self.rows = DRAWN.empty_table()

    def add(self, rows: pa.Table, split: str | None) -> None:
        """Rows of PAIRS in that split, or of DROPPED."""
        columns = [
            rows[field.name] if field.name in rows.schema.names else pa.nulls(len(rows), field.type)
            for field in DROPPED
        ]
        whole = pa.table([*columns, pa.array([split] * len(rows), pa.string())], schema=DRAWN)
        self.rows = self._worth_showing(pa.concat_tables([self.rows, self._worth_showing(whole)]))

    def absorb(self, other: "Draw") -> None:
        """What another draw kept."""
        self.rows = self._worth_showing(pa.concat_tables([self.rows, other.rows]))

    def _worth_showing(self, rows: pa.Table) -> pa.Table:
        places = np.flatnonzero(rounds(rows, self.twins) < NEVER)
        return rows if len(places) == len(rows) else rows.take(pa.array(places)).combine_chunks()

    def in_rounds(self) -> pa.Table:
        """What was kept with the round in which each row has its turn, the first round first."""
        turn = rounds(self.rows, self.twins)
        order = np.lexsort([order_keys(self.rows), turn])
        return self.rows.append_column(ROUND, pa.array(turn)).take(pa.array(order))


def rounds(rows: pa.Table, twins: np.ndarray) -> np.ndarray:
    """float64: the round in which each row of DRAWN has its turn, NEVER for one that is not shown."""
    keys = order_keys(rows)
    dropped = pc.is_valid(rows["stage"]).to_numpy()
    turn = np.full(len(rows), NEVER)
    turn[np.isin(keys, twins) & pc.is_valid(rows["id"]).to_numpy()] = TWIN_ROUND
    parents, tags = _tags(rows, dropped)
    for places, codes, most, a_round in (
        (np.flatnonzero(~dropped), _codes(rows, ["source"])[~dropped], KEPT_PER_SOURCE, KEPT_A_ROUND),
        (
            np.flatnonzero(dropped),
            _codes(rows, ["source", "stage", "reason"])[dropped],
            DROPPED_PER_REASON,
            DROPPED_A_ROUND,
        ),
        (parents, tags, KEPT_PER_TAG, TAGGED_A_ROUND),
    ):
        rank = ranks(codes, keys[places])
        np.minimum.at(turn, places, np.where(rank < most, np.floor(rank / a_round), NEVER))
    return turn


def ranks(codes: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """int64: how many of the same code have a lower key."""
    order = np.lexsort([keys, codes])
    ordered = codes[order]
    starts = run_starts(ordered)
    result = np.empty(len(codes), np.int64)
    result[order] = np.arange(len(codes)) - np.repeat(starts, np.diff([*starts, len(codes)]))
    return result


def order_keys(rows: pa.Table) -> np.ndarray:
    """uint64: the first half of each row's id; a hash of where it comes from, for an upstream row that has none."""
    ids = rows["id"].combine_chunks()
    keys = np.empty(len(ids), np.uint64)
    given = np.flatnonzero(pc.is_valid(ids).to_numpy(zero_copy_only=False))
    one = pa.ListArray.from_arrays(pa.array([0, len(given)], pa.int32()), ids.take(pa.array(given)))
    digits = pc.binary_join(one, "")[0].as_py()
    keys[given] = np.frombuffer(bytes.fromhex(digits), ">u8").reshape(-1, 2)[:, 0]
    without = np.setdiff1d(np.arange(len(ids)), given)
    keys[without] = text_keys(decode(pc.fill_null(rows["source_row"].combine_chunks().take(pa.array(without)), "")))
    return keys


def find_twins(keys: Keys, decisions: Decisions) -> np.ndarray:
    """uint64: the first half of the ids of the pairs that are evidence against dropped pairs that will be shown."""
    rows = np.flatnonzero((decisions.reason != NOT_DROPPED_BY_A_STAGE) & (decisions.twin >= 0))
    codes = decisions.reason[rows].astype(np.int64) * (int(keys.source.max(initial=0)) + 1) + keys.source[rows]
    shown = rows[ranks(codes, keys.ids[rows, 0]) < DROPPED_PER_REASON]
    return np.asarray(np.unique(keys.ids[decisions.twin[shown], 0]))


def _codes(rows: pa.Table, columns: list[str]) -> np.ndarray:
    """int64: one number for each combination of values in these columns."""
    codes = np.zeros(len(rows), np.int64)
    for name in columns:
        values = pc.fill_null(rows[name].combine_chunks(), "").dictionary_encode()
        codes = codes * max(1, len(values.dictionary)) + values.indices.to_numpy(zero_copy_only=False)
    return codes


def _tags(rows: pa.Table, dropped: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each of the commonest tags on a pair that stays: the place of the pair and the number of the tag."""
    tags = rows["tags"].combine_chunks()
    parents = pc.list_parent_indices(tags).to_numpy(zero_copy_only=False)
    values = pc.list_flatten(tags).dictionary_encode()
    codes = values.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    stays = ~dropped[parents]
    counts = Counter(codes[stays].tolist())
    names = values.dictionary.to_pylist()
    common = sorted(counts, key=lambda code: (-counts[code], names[code]))[:MAX_TAGS]
    chosen = stays & np.isin(codes, common)
    return parents[chosen], codes[chosen]
