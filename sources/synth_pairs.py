"""synth_zh and synth_en: pairs that the synth stage made, read from its files of PAIRS, and what it dropped.

One upstream row is a whole row of PAIRS; the file holds both languages or one. A row of dropped.parquet is a prompt or
an answer without a pair, and keeps its reason, so that a build accounts for every prompt that was ever asked.
"""

from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from sources.pairs.languages import Lang
from sources.pairs.schema import DROPPED, PAIRS
from sources.pairs.source import Adapted, NoOptions, Source, UpstreamFile, skipped

KEPT = ("prompt", "chosen", "rejected", "row", "source_row", "license", "signal", "score_chosen", "score_rejected")
KEPT_MODELS = ("chosen_model", "rejected_model", "tags")


def files(options: NoOptions) -> tuple[UpstreamFile, ...]:
    """None that are published: the pairs come from the folder given with --synth."""
    return ()


def adapt(lang: Lang, rows: pa.Table, options: NoOptions) -> Adapted:
    ours = pc.equal(rows["lang"], lang)
    others = rows.filter(pc.invert(ours)).select(["row", "lang"]).to_pylist()
    lost = [(row["row"], "other_language_file", f"lang {row['lang']}, read for {lang}") for row in others]
    taken = rows.filter(ours)
    if "reason" in rows.column_names:
        dropped = taken.select(["row", "source_row", "reason", "evidence"]).to_pylist()
        lost += [(row["row"], row["reason"], f"{row['source_row']}: {row['evidence']}") for row in dropped]
        taken = taken.slice(0, 0)
    return Adapted(taken.select([*KEPT, *KEPT_MODELS]), skipped(lost))


def _source(lang: Lang) -> Source:
    return Source(
        name=f"synth_{lang}",
        lang=lang,
        files=files,
        layouts=(DROPPED, PAIRS),
        license="CC-BY-NC-4.0",
        commercial_use=False,
        license_note="each pair carries the licence of its prompt",
        signal="synthetic",
        adapt=partial(adapt, lang),
    )


ZH, EN = _source("zh"), _source("en")
