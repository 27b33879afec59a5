"""Which of several answers becomes a pair: first, all, closest_length."""

from pathlib import Path
from typing import Any

import pytest

from sources.pairs.schema import DROPPED, PAIRS
from synth.job.answer_checks import CHECKS, AnswerLimits
from synth.job.completion import Completion, Outcome, Refusal
from synth.job.prompts import Prompts
from synth.job.recipe import Pairing, Policy
from synth.pairing.candidates import Answered, Candidate
from synth.pairing.pair import Paired, Rule, pair
from tests.synth.made import own, said, user, writer

ALL_CHECKS: dict[str, Policy] = dict.fromkeys(CHECKS, "drop")

CHOSEN = "多吃蔬菜，按时睡觉，每天走路半小时，就能保持健康。"

GOOD = "我觉得应该少熬夜，多喝水，心情放松一点。"

BETTER = "可以试着每天早起跑步，再吃一顿简单的早饭。"

REFUSED = Refusal(400, "too long")

WHY_NOT = ("no_answer", "HTTP 500")


@pytest.fixture
def prompts(tmp_path: Path) -> Prompts:
    return own(tmp_path, [{"prompt": f"怎样保持健康？第{n}问", "chosen": CHOSEN} for n in range(3)])


def one(
    rejected: list[str | Outcome | None], chosen: str | Outcome | None = CHOSEN, *, row: int = 0, asked: bool = False
) -> Answered:
    """A prompt with answers: texts, outcomes, or None for one that was not given; `asked`: chosen was written anew."""
    prompt = user(f"怎样保持健康？第{row}问")

    def candidate(side: Any, answer: int, outcome: str | Outcome | None, *, asked: bool = True) -> Candidate:
        given = said(outcome) if isinstance(outcome, str) else outcome
        request = writer(side=side).request(prompt, answer) if asked else None
        return Candidate(row, prompt, side, answer, "weak" if asked else "", given, request, WHY_NOT)

    return Answered(
        row,
        prompt,
        candidate("chosen", 0, chosen, asked=asked),
        [candidate("rejected", number, outcome) for number, outcome in enumerate(rejected)],
    )


def paired(prompts: Prompts, *group: Answered, pairing: Pairing = "first", **limits: Any) -> Paired:
    made = pair(list(group), prompts, Rule(pairing, ALL_CHECKS, AnswerLimits(**limits)))
    assert made.pairs.schema.equals(PAIRS)
    assert made.dropped.schema.equals(DROPPED)
    assert made.made == len(made.pairs) + made.reasons.total()
    assert len(made.dropped) == made.skipped.total() + made.reasons.total()
    assert made.used + made.skipped.total() == len(group)
    return made


def became(group: Answered) -> list[str]:
    """What became of chosen, then of each rejected answer."""
    return [each.became for each in (group.chosen, *group.rejected)]


def rejected(made: Paired) -> list[str]:
    return [row["rejected"][0]["content"] for row in made.pairs.to_pylist()]


@pytest.mark.parametrize(
    ("answers", "taken"),
    [
        ([GOOD, BETTER], 0),
        (["", BETTER, GOOD], 1),
        ([CHOSEN, "", GOOD], 2),
        ([None, BETTER, GOOD], 1),
    ],
)
def test_first_takes_the_first_answer_that_passes(
    answers: list[str | Outcome | None], taken: int, prompts: Prompts
) -> None:
    group = one(answers)
    assert rejected(paired(prompts, group)) == [answers[taken]]
    fates = became(group)[1:]
    assert fates[taken] == "pair"
    assert set(fates[taken + 1 :]) <= {"not_taken"}
    assert group.chosen.became == "pair"
    if taken + 1 < len(answers):
        assert group.rejected[-1].evidence == f"answer {taken} was taken (first)"


def test_all_takes_all_that_pass(prompts: Prompts) -> None:
    group = one([GOOD, "", BETTER, CHOSEN, REFUSED])
    made = paired(prompts, group, pairing="all")
    assert rejected(made) == [GOOD, BETTER]
    assert became(group) == ["pair", "pair", "empty_side", "pair", "identical_sides", "refused"]
    assert (made.used, made.made) == (1, 4)


def sized(length: int) -> str:
    """An answer of so many characters that passes the checks."""
    return "".join(chr(0x4E00 + (length * 31 + n * 7) % 5000) for n in range(length))


@pytest.mark.parametrize(
    ("lengths", "taken"),
    [
        ([5, 24, 80], 1),
        ([80, 5, 40], 2),
        ([20, 30], 0),
        ([30, 20], 0),
        ([25, 25], 0),
        ([90, 24, 26], 1),
        ([7], 0),
    ],
)
def test_closest_length_takes_the_closest_and_of_two_the_first(
    lengths: list[int], taken: int, prompts: Prompts
) -> None:
    assert len(CHOSEN) == 25
    answers: list[str | Outcome | None] = [sized(length) for length in lengths]
    group = one(answers)
    made = pair([group], prompts, Rule("closest_length", {"empty_side": "drop"}, AnswerLimits()))
    assert rejected(made) == [answers[taken]]
    assert became(group)[1 + taken] == "pair"


def test_closest_length_looks_at_answers_that_pass_and_without_margins(prompts: Prompts) -> None:
    group = one([CHOSEN, f"{GOOD}{' ' * 50}", sized(90)], f"{CHOSEN}{' ' * 70}", asked=True)
    made = paired(prompts, group, pairing="closest_length")
    assert rejected(made) == [GOOD]
    assert became(group) == ["pair", "identical_sides", "pair", "not_taken"]
    assert group.rejected[2].evidence == "answer 1 was taken (closest_length)"


@pytest.mark.parametrize("pairing", ["first", "all", "closest_length"])
def test_a_prompt_none_of_whose_answers_passes_is_used_and_has_no_pair(pairing: Pairing, prompts: Prompts) -> None:
    group = one(["", CHOSEN])
    made = paired(prompts, group, pairing=pairing)
    assert (made.used, made.made, len(made.pairs)) == (1, 2, 0)
    assert became(group) == ["empty_side", "empty_side", "identical_sides"]


def test_prompts_stay_in_order_and_do_not_mix(prompts: Prompts) -> None:
    group = [one([BETTER], row=0), one([REFUSED], row=1), one(["", GOOD], row=2)]
    made = paired(prompts, *group)
    assert [(row["source_row"], row["rejected"][0]["content"]) for row in made.pairs.to_pylist()] == [
        ("prompts.jsonl:0", BETTER),
        ("prompts.jsonl:2", GOOD),
    ]
    assert made.dropped["source_row"].to_pylist() == ["prompts.jsonl:1", "prompts.jsonl:2"]


def test_nothing_to_pair_gives_empty_tables(prompts: Prompts) -> None:
    made = paired(prompts)
    assert (len(made.pairs), len(made.dropped), made.used, made.made) == (0, 0, 0, 0)


def test_an_answer_that_is_no_completion_has_no_text(prompts: Prompts) -> None:
    group = one([Completion("", "stop", 1, 0)])
    paired(prompts, group)
    assert (group.rejected[0].text, group.rejected[0].became) == ("", "empty_side")
