"""What a chat template leaves out of the answers: a model is not trained on what is not written."""

from typing import Any

import numpy as np
import pyarrow as pa

from sources.command.printable import printable
from train.data.encode import make_encoder
from train.data.render import render_pairs

SHOWN_CHARS = 60


def tell_lost_answers(pairs: pa.Table, tokens: pa.Table, tokenizer: Any) -> list[str]:
    """A remark with the share of pairs of which the template leaves out text of an answer, and one example; none where
    it writes everything. `tokens` are those of the first pairs."""
    lost = np.flatnonzero(tokens["answer_lost"].to_numpy())
    if not len(lost):
        return []
    row = int(lost[0])
    (rendered,) = render_pairs(pairs.slice(row, 1), make_encoder(tokenizer))
    example = printable(rendered.lost, max_chars=SHOWN_CHARS)
    share = f"{len(lost):,} of {tokens.num_rows:,} pairs ({len(lost) / tokens.num_rows:.0%})"
    return [
        f"the chat template leaves out text of the answers of {share}, first of {tokens['id'][row]}: {example}; "
        "the model does not learn it. Give a template that writes it, or separate or strip reasoning in the recipe"
    ]
