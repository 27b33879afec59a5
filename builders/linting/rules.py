"""The rules of the linter: their codes, how bad each is, and the page that explains it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sources.command.errors import UsageError
from sources.command.settings import did_you_mean

Severity = Literal["error", "warning", "info"]

PAGES = (Path(__file__).parent / "pages", Path(__file__).parent.parent.parent / "docs" / "rules")
"""Where the pages are: in an installed package, in a checkout."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that may be wrong with pairs. `of` says what its share is a share of."""

    code: str
    severity: Severity
    what: str
    of: Literal["rows", "pairs"] = "pairs"


RULES: tuple[Rule, ...] = (
    Rule("unreadable_row", "error", "the row cannot be read", "rows"),
    Rule("no_pair", "error", "the row gives no pair", "rows"),
    Rule("empty_side", "error", "prompt, chosen or rejected is empty"),
    Rule("broken_turns", "error", "the turns are not (system) user (assistant user)..., or an answer is not one turn"),
    Rule("identical_sides", "error", "chosen and rejected are the same"),
    Rule("contradiction", "error", "another pair has the same texts, with chosen and rejected swapped"),
    Rule("near_contradiction", "error", "another pair has nearly the same texts, with chosen and rejected swapped"),
    Rule("preference_cycle", "error", "of answers to one prompt, A is over B, B over C and C over A"),
    Rule(
        "split_leak",
        "error",
        "the prompt, or nearly the same, is in an earlier split (train, validation, test)",
    ),
    Rule("mojibake", "error", "the text was read in a wrong encoding"),
    Rule("control_characters", "error", "NUL, terminal escapes and the like"),
    Rule("template_token", "error", "a token of a chat template is in the text"),
    Rule("nan_text", "error", "a whole answer is nan, None, null: a missing value as text"),
    Rule("reasoning_unclosed", "error", "reasoning is opened and not closed"),
    Rule("reasoning_only_difference", "error", "the answers are the same without their reasoning"),
    Rule("contaminated", "error", "the prompt holds a question of a benchmark"),
    Rule("exact_duplicate", "warning", "the pair repeats an earlier one"),
    Rule("near_duplicate", "warning", "the pair nearly repeats an earlier one"),
    Rule("wrong_language", "warning", "prompt and chosen, or both answers, are in another language than the pair"),
    Rule("answer_language", "warning", "an answer is in another language than the prompt, which did not ask for it"),
    Rule("over_length", "warning", "a side has more characters than the limit"),
    Rule("truncated", "warning", "prompt and answer have more tokens than the limit: a trainer cuts them"),
    Rule("length_bias", "warning", "length alone tells chosen from rejected"),
    Rule("format_giveaway", "warning", "Markdown, lists, emoji or another language are on one side only"),
    Rule("mojibake_rejected", "warning", "only rejected was read in a wrong encoding"),
    Rule("cut_off_chosen", "warning", "chosen ends in the middle of a sentence"),
    Rule("first_letter_lost", "warning", "chosen begins in lower case, its first letter lost"),
    Rule("score_tie", "warning", "the source gives both answers the same score"),
    Rule("score_contradicts", "warning", "the source gives rejected the higher score"),
    Rule("repetition", "warning", "an answer says the same over and over"),
    Rule(
        "nearly_identical_sides",
        "warning",
        "chosen and rejected are nearly the same, or one is the beginning of the other",
    ),
    Rule("speaker_mark", "warning", "an answer begins with the name of its speaker"),
    Rule("escaped_text", "warning", "prose holds escapes: \\n as two characters, &lt;, <br>"),
    Rule("reasoning_one_sided", "warning", "only one of the answers contains reasoning"),
    Rule("reasoning_empty", "warning", "the reasoning of an answer is empty"),
    Rule("prompt_repeated", "warning", "an answer repeats the whole prompt"),
    Rule("refusal_chosen", "info", "chosen begins with a refusal"),
    Rule("refusal_rejected", "info", "rejected begins with a refusal"),
    Rule("cut_off_rejected", "info", "rejected ends in the middle of a sentence"),
    Rule("template_token_named", "info", "the text speaks of a token of a chat template"),
    Rule("identity_leak", "info", "an answer says that it is, or was made by, a named model"),
)
"""In the order in which they are shown. Every check of `sources.checks.CHECKS` has one here (a test says so)."""


def find_rule(code: str, flag: str) -> Rule:
    """The rule of that code.

    Raises:
        UsageError: there is none.
    """
    for rule in RULES:
        if rule.code == code:
            return rule
    codes = [rule.code for rule in RULES]
    raise UsageError(flag, f"no rule is called {code}", expected=", ".join(codes), hint=did_you_mean(code, codes))


def explain(rule: Rule) -> str:
    """The page of a rule."""
    for folder in PAGES:
        path = folder / f"{rule.code}.md"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return f"# {rule.code}\n\n{rule.what}\n"
