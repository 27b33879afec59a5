"""Model families by the names of models, and whether a judge prefers answers of its own."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from synth.judging.share import Share

FAMILIES: Final = {
    "qwen": "qwen|qwq|tongyi",
    "gpt": r"gpt|openai|davinci|\bo[134]\b",
    "llama": "llama|vicuna|alpaca",
    "glm": "glm|zhipu",
    "baichuan": "baichuan",
    "deepseek": "deepseek",
    "claude": "claude|anthropic",
    "gemini": "gemini|gemma|palm|bard",
    "mistral": "mistral|mixtral|zephyr",
    "yi": r"\byi\b",
    "internlm": "internlm",
    "kimi": "kimi|moonshot",
    "minimax": "minimax",
    "ernie": "ernie|wenxin",
    "doubao": "doubao|skylark",
    "phi": r"\bphi\b",
    "falcon": "falcon",
}
"""What the names of each family's models hold."""

NAMED: Final = re.compile("|".join(f"(?P<{family}>{words})" for family, words in FAMILIES.items()), re.IGNORECASE)


def family_of(model: str | None) -> str | None:
    """The family of a model; of one that is named after two (a distilled one) the first. None where it is not known."""
    found = NAMED.search((model or "").replace("_", "-"))
    return found.lastgroup if found else None


@dataclass(frozen=True, slots=True)
class Kin:
    """How often a judge prefers the answer of its own family, and how often the labels do, in the pairs with a
    preference of which one answer only is of that family."""

    judge: str
    family: str
    by_judge: Share
    by_labels: Share

    @property
    def line(self) -> str:
        """The finding in words."""
        judge, labels = self.by_judge, self.by_labels
        between = f"{100 * (judge.low or 0):.1f} to {100 * (judge.high or 0):.1f}"
        return (
            f"{self.judge} prefers the answer of its own family ({self.family}) in {judge.value or 0:.1%} ({between}) "
            f"of the {judge.of:,} pairs of which it wrote one side; the labels do in {labels.value or 0:.1%}"
        )

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        shares = {"by_judge": self.by_judge.as_dict(), "by_labels": self.by_labels.as_dict()}
        return {"judge": self.judge, "family": self.family, **shares}


def lines_of(kin: Iterable[Kin]) -> list[str]:
    """The findings in words, of the judges whose family wrote one side of any pair with a preference."""
    return [each.line for each in kin if each.by_judge.of]


def find_kin(judge: str, rows: Iterable[tuple[str | None, str | None, str | None]]) -> Kin | None:
    """The self-preference of a judge; rows are its label of a pair and who wrote chosen and rejected. None where its
    own family is not known."""
    family = family_of(judge)
    if family is None:
        return None
    of = judges = labels = 0
    for label, chosen, rejected in rows:
        kin = [family_of(model) == family for model in (chosen, rejected)]
        if label in ("chosen", "rejected") and kin[0] != kin[1]:
            of += 1
            labels += kin[0]
            judges += kin[0] == (label == "chosen")
    return Kin(judge, family, Share(judges, of), Share(labels, of))
