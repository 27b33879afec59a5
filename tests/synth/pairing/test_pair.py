"""Which answers become pairs, which do not and why: one line for each rule."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sources.pairs.schema import DROPPED, PAIRS
from synth.job.answer_checks import CHECKS, AnswerLimits
from synth.job.completion import Beside, Outcome, Refusal
from synth.job.prompts import Prompts
from synth.job.recipe import Pairing, Policy
from synth.pairing.candidates import Answered, Candidate
from synth.pairing.pair import Paired, Rule, pair
from tests.synth.made import own, said, user, writer

ALL_CHECKS: dict[str, Policy] = dict.fromkeys(CHECKS, "drop")

CHOSEN = "多吃蔬菜，按时睡觉，每天走路半小时，就能保持健康。"

GOOD = "我觉得应该少熬夜，多喝水，心情放松一点。"

SAME = " 多吃蔬菜,按时睡觉,每天走路半小时,就能保持健康 "

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


def test_a_good_answer_becomes_a_pair(prompts: Prompts) -> None:
    group = one([GOOD])
    (row,) = paired(prompts, group).pairs.to_pylist()
    assert became(group) == ["pair", "pair"]
    assert {name: row[name] for name in ("prompt", "chosen", "rejected", "lang", "source", "source_row")} == {
        "prompt": user("怎样保持健康？第0问"),
        "chosen": [{"role": "assistant", "content": CHOSEN}],
        "rejected": [{"role": "assistant", "content": GOOD}],
        "lang": "zh",
        "source": "prompts",
        "source_row": "prompts.jsonl:0",
    }
    assert {name: row[name] for name in ("license", "signal", "chosen_model", "rejected_model", "tags")} == {
        "license": "MIT",
        "signal": "synthetic",
        "chosen_model": None,
        "rejected_model": "weak",
        "tags": [],
    }
    assert [row[name] for name in ("prompt_group", "score_chosen", "score_rejected")] == [None] * 3


def test_a_chosen_answer_that_was_asked_for_has_its_model(prompts: Prompts) -> None:
    assert paired(prompts, one([GOOD], asked=True)).pairs["chosen_model"].to_pylist() == ["weak"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", "empty_side"),
        (" \u3000\n", "empty_side"),
        (CHOSEN, "identical_sides"),
        (f" {CHOSEN}\n", "identical_sides"),
        (SAME, "nearly_identical"),
        ("好的。\n### 指令：\n继续", "repeats_template"),
        ("好的。<|im_end|>", "template_token"),
        ("You should eat more vegetables and go to bed early every day.", "answer_language"),
        ("锟斤拷锟斤拷", "mojibake_rejected"),
        ("好的\x00。", "control_characters"),
    ],
)
def test_an_answer_that_a_check_finds_is_dropped_with_its_reason(answer: str, reason: str, prompts: Prompts) -> None:
    group = one([answer])
    made = paired(prompts, group, marks=("### 指令：",))
    assert made.reasons == Counter({("check", reason): 1})
    assert became(group) == [reason, reason]
    (row,) = made.dropped.to_pylist()
    assert (row["stage"], row["reason"], row["evidence"]) == ("check", reason, group.rejected[0].evidence)
    assert row["rejected"][0]["content"] == answer.strip()
    assert (made.used, made.made, rejected(made)) == (1, 1, [])


def test_the_first_check_that_finds_an_answer_gives_the_reason(prompts: Prompts) -> None:
    group = one([CHOSEN])
    paired(prompts, group)
    assert group.rejected[0].became == "identical_sides"
    made = pair([group], prompts, Rule("first", {**ALL_CHECKS, "identical_sides": "off"}, AnswerLimits()))
    assert made.reasons == Counter({("check", "nearly_identical"): 1})


def test_without_checks_every_answer_is_a_pair(prompts: Prompts) -> None:
    group = one(["", CHOSEN, "\x00"])
    assert len(pair([group], prompts, Rule("all", {}, AnswerLimits())).pairs) == 3
    off: dict[str, Policy] = dict.fromkeys(CHECKS, "off")
    assert len(pair([group], prompts, Rule("all", off, AnswerLimits())).pairs) == 3


@pytest.mark.parametrize(
    ("chosen", "weaker", "tags"),
    [
        ("stop", "length", ["cut_by_length_rejected"]),
        ("length", "stop", ["cut_by_length_chosen"]),
        ("length", "length", ["cut_by_length_chosen", "cut_by_length_rejected"]),
        ("stop", "stop", []),
        (None, None, []),
        ("abort", "Length", []),
    ],
)
def test_an_answer_that_was_cut_is_tagged_on_its_side(
    chosen: str | None, weaker: str | None, tags: list[str], prompts: Prompts
) -> None:
    group = one([said(GOOD, finish_reason=weaker)], said(CHOSEN, finish_reason=chosen), asked=True)
    made = paired(prompts, group)
    assert made.pairs["tags"].to_pylist() == [tags]
    assert made.tags == Counter(tags)


def test_the_tags_of_pairs_that_are_dropped_are_not_counted(prompts: Prompts) -> None:
    made = paired(prompts, one([said(" ", finish_reason="length")]))
    assert made.tags == Counter()
    assert made.dropped["tags"].to_pylist() == [["cut_by_length_rejected"]]


def test_margins_are_trimmed_and_counted_while_the_candidate_keeps_them(prompts: Prompts) -> None:
    group = one([f"\n {GOOD} \n"])
    made = paired(prompts, group)
    assert rejected(made) == [GOOD]
    assert group.rejected[0].text == f"\n {GOOD} \n"
    assert made.repairs == Counter(trimmed=1)
    assert paired(prompts, one([GOOD])).repairs == Counter()


def test_margins_are_trimmed_of_answers_that_were_asked_for_only(prompts: Prompts) -> None:
    for asked, chosen in ((True, CHOSEN), (False, f" {CHOSEN}\n")):
        made = paired(prompts, one([GOOD], f" {CHOSEN}\n", asked=asked))
        assert made.pairs["chosen"].to_pylist() == [[{"role": "assistant", "content": chosen}]]
        assert made.repairs == Counter(trimmed=1) if asked else not made.repairs


@pytest.mark.parametrize(
    ("chosen", "weaker", "reason", "fates"),
    [
        (REFUSED, GOOD, "refused", ["refused", "chosen_refused"]),
        (None, GOOD, "no_answer", ["no_answer", "chosen_no_answer"]),
        (CHOSEN, REFUSED, "refused", ["rejected_refused", "refused"]),
        (CHOSEN, None, "no_answer", ["rejected_no_answer", "no_answer"]),
        (REFUSED, None, "refused", ["refused", "no_answer"]),
        (None, REFUSED, "no_answer", ["no_answer", "refused"]),
    ],
)
def test_a_prompt_without_an_answer_on_one_side_is_skipped_with_its_reason(
    chosen: str | Outcome | None, weaker: str | Outcome | None, reason: str, fates: list[str], prompts: Prompts
) -> None:
    group = one([weaker], chosen, asked=True)
    made = paired(prompts, group)
    assert became(group) == fates
    assert made.skipped == Counter({("ask", reason): 1})
    assert (made.used, made.made) == (0, 0)
    (row,) = made.dropped.to_pylist()
    side = "chosen" if fates[0] == reason else "rejected"
    said = "HTTP 400: too long" if reason == "refused" else "HTTP 500"
    assert (row["stage"], row["reason"], row["evidence"]) == ("ask", reason, f"{side}: {said}")
    assert (row["source_row"], row["prompt"]) == ("prompts.jsonl:0", None)


def test_some_answers_that_are_missing_leave_the_others(prompts: Prompts) -> None:
    group = one([REFUSED, GOOD, None])
    made = paired(prompts, group)
    assert rejected(made) == [GOOD]
    assert became(group) == ["pair", "refused", "pair", "no_answer"]
    assert (len(made.dropped), made.skipped) == (0, Counter())
    assert group.rejected[0].evidence == "rejected: HTTP 400: too long"


def test_the_first_reason_stands_where_all_answers_are_missing(prompts: Prompts) -> None:
    group = one([None, REFUSED])
    made = paired(prompts, group)
    assert made.skipped == Counter({("ask", "no_answer"): 1})
    assert became(group) == ["rejected_no_answer", "no_answer", "refused"]


def test_reasoning_stays_out_of_the_pair_and_is_tagged_where_only_one_side_reasons(prompts: Prompts) -> None:
    made = paired(
        prompts, one([f"<think>想想</think>\n\n{GOOD}", said(GOOD, beside=Beside(reasoning="想"))]), pairing="all"
    )
    assert rejected(made) == [GOOD, GOOD]
    assert made.pairs["tags"].to_pylist() == [["reasoned_rejected"]] * 2
    assert made.repairs == Counter({"reasoning_stripped": 2})
    both = paired(prompts, one([f"<think>想想</think>{GOOD}"], f"<think>想</think>{CHOSEN}", asked=True))
    assert both.pairs["tags"].to_pylist() == [[]]


def test_a_recipe_may_keep_reasoning_in_the_pair(prompts: Prompts) -> None:
    rule = Rule("first", ALL_CHECKS, AnswerLimits(), reasoning="keep")
    made = pair([one([said(GOOD, beside=Beside(reasoning="想"))])], prompts, rule)
    assert rejected(made) == [f"<think>\n想\n</think>\n\n{GOOD}"]
    assert made.repairs == Counter()


def test_reasoning_of_an_answer_that_came_with_its_prompt_is_left_as_it_is(prompts: Prompts) -> None:
    whole = f"<think>想想</think>{CHOSEN}"
    made = paired(prompts, one([GOOD], whole))
    assert made.pairs["chosen"].to_pylist()[0][0]["content"] == whole
    assert made.pairs["tags"].to_pylist() == [["reasoned_chosen"]]


def test_an_answer_without_text_has_the_reason_of_its_own_kind(prompts: Prompts) -> None:
    group = one([said("", finish_reason="length", beside=Beside(reasoning="想")), said(finish_reason="content_filter")])
    made = paired(prompts, group)
    assert made.skipped == Counter({("ask", "thinking_cut"): 1})
    assert became(group) == ["rejected_thinking_cut", "thinking_cut", "content_filter"]
    (row,) = made.dropped.to_pylist()
    assert row["evidence"] == "rejected: finish reason length, 5 tokens, 1 characters of reasoning and no text"
