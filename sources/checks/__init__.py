"""The checks on a single pair, each with its reason code; a recipe says which drop, which tag and which are off."""

from sources.checks.alike import nearly_identical_sides
from sources.checks.answers import (
    cut_off_chosen,
    cut_off_rejected,
    first_letter_lost,
    identity_leak,
    prompt_repeated,
    refusal_chosen,
    refusal_rejected,
)
from sources.checks.check import Check, CheckLimits, Hits
from sources.checks.encoding import control_characters, mojibake, mojibake_rejected
from sources.checks.languages import answer_language, wrong_language
from sources.checks.reasoning import (
    reasoning_empty,
    reasoning_one_sided,
    reasoning_only_difference,
    reasoning_unclosed,
)
from sources.checks.remains import escaped_text, nan_text, speaker_mark
from sources.checks.repetition import repetition
from sources.checks.scores import score_contradicts, score_tie
from sources.checks.structure import broken_turns, empty_side, identical_sides, over_length
from sources.checks.template_tokens import template_token, template_token_named

CHECKS: dict[str, Check] = {
    "empty_side": empty_side,
    "broken_turns": broken_turns,
    "identical_sides": identical_sides,
    "mojibake": mojibake,
    "control_characters": control_characters,
    "template_token": template_token,
    "over_length": over_length,
    "wrong_language": wrong_language,
    "mojibake_rejected": mojibake_rejected,
    "prompt_repeated": prompt_repeated,
    "refusal_chosen": refusal_chosen,
    "refusal_rejected": refusal_rejected,
    "cut_off_chosen": cut_off_chosen,
    "cut_off_rejected": cut_off_rejected,
    "first_letter_lost": first_letter_lost,
    "answer_language": answer_language,
    "identity_leak": identity_leak,
    "score_tie": score_tie,
    "score_contradicts": score_contradicts,
    "template_token_named": template_token_named,
    "nan_text": nan_text,
    "repetition": repetition,
    "nearly_identical_sides": nearly_identical_sides,
    "speaker_mark": speaker_mark,
    "escaped_text": escaped_text,
    "reasoning_one_sided": reasoning_one_sided,
    "reasoning_unclosed": reasoning_unclosed,
    "reasoning_empty": reasoning_empty,
    "reasoning_only_difference": reasoning_only_difference,
}
"""By reason code, in the order in which they are asked: the first that drops a pair gives the reason."""

__all__ = ["CHECKS", "Check", "CheckLimits", "Hits"]
