"""Every layout that is known, in files named by where it comes from or by what it holds."""

from sources.layouts.known import dialogues, llama_factory, others, scored, trl, unpaired, verdicts
from sources.layouts.layout import Layout

LAYOUTS: tuple[Layout, ...] = (
    trl.CONVERSATIONAL,
    dialogues.HH_PROMPT,
    trl.STANDARD,
    trl.ULTRAFEEDBACK,
    dialogues.HH,
    trl.IMPLICIT,
    llama_factory.SHAREGPT,
    llama_factory.ALPACA,
    unpaired.KTO_ALPACA,
    llama_factory.OLD,
    others.MS_SWIFT,
    others.MS_SWIFT_QUERY,
    others.MEDICAL_GPT,
    others.AXOLOTL,
    others.AXOLOTL_MESSAGES,
    others.OPENAI,
    others.NAMED_SIDES,
    verdicts.HELP_STEER,
    verdicts.ARENA,
    verdicts.ARENA_LISTS,
    verdicts.PKU,
    verdicts.SHP,
    scored.TWO_SCORES,
    verdicts.WINNER,
    scored.SCORED,
    scored.SCORED_LISTS,
    scored.PADDLE_NLP,
    unpaired.KTO,
    unpaired.KTO_LLAMA_FACTORY,
    unpaired.KTO_MS_SWIFT,
)
"""In the order in which they are tried."""
