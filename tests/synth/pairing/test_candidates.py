"""Every answer of a run is a candidate, in the order of the prompts, whole or with the reason why there is none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from synth.job.completion import Completion, Refusal
from synth.job.prompts import Prompts
from synth.journal.journal import NAME, Entry, Journal
from synth.pairing.candidates import CANDIDATES, Answered, Writers, answered, candidate_table
from tests.synth.made import own, said, user, writer

ROWS = [
    {"prompt": "一", "chosen": " 一答 "},
    {"prompt": ""},
    {"prompt": "二", "chosen": "二答"},
    {"prompt": "一", "chosen": "又一答"},
]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / NAME)
    yield opened
    opened.close()


@pytest.fixture
def prompts(tmp_path: Path) -> Prompts:
    return own(tmp_path, ROWS)


def why_not(key: bytes) -> tuple[str, str]:
    return "no_answer", f"why not {key.hex()[:4]}"


def collect(prompts: Prompts, writers: Writers, journal: Journal) -> list[Answered]:
    return [one for group in answered(prompts, writers, journal, why_not) for one in group]


def test_answers_stand_with_their_prompts_in_order(prompts: Prompts, journal: Journal) -> None:
    weak = writer(answers=2)
    for text in ("二", "一"):  # answered the other way round
        for index in (1, 0):
            request = weak.request(user(text), index)
            journal.append([Entry(request.key, "rejected", "weak", said(f"{text}{index}"))])
    found = collect(prompts, Writers(weak, None), journal)
    assert [(one.row, one.chosen.text, [each.text for each in one.rejected]) for one in found] == [
        (0, " 一答 ", ["一0", "一1"]),
        (2, "二答", ["二0", "二1"]),
        (3, "又一答", ["一0", "一1"]),
    ]


def test_an_answer_that_is_missing_has_its_reason(prompts: Prompts, journal: Journal) -> None:
    weak, strong = writer(), writer(side="chosen", model="strong")
    refused, missing = weak.request(user("一"), 0).key, weak.request(user("二"), 0).key
    journal.append([Entry(refused, "rejected", "weak", Refusal(400, "too long"))])
    first, second, _ = collect(prompts, Writers(weak, strong), journal)
    assert first.rejected[0].missing == ("refused", "rejected: HTTP 400: too long")
    assert second.rejected[0].missing == ("no_answer", f"rejected: why not {missing.hex()[:4]}")
    assert first.chosen.missing[1].startswith("chosen: why not ")
    assert first.chosen.text is None


@pytest.mark.parametrize("at_once", [1, 2, 1024])
@pytest.mark.parametrize("answers", [1, 3, 5000])
def test_groups_are_as_large_as_the_answers_allow(
    answers: int, at_once: int, prompts: Prompts, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synth.pairing.candidates.ANSWERS_AT_ONCE", at_once)
    groups = list(answered(prompts, Writers(writer(answers=answers), None), journal, why_not))
    assert max(len(group) for group in groups) == min(3, max(1, at_once // answers))
    assert [one.row for group in groups for one in group] == [0, 2, 3]
    assert all(len(one.rejected) == answers for group in groups for one in group)


def test_a_candidate_keeps_all_that_the_server_said(prompts: Prompts, journal: Journal) -> None:
    weak = writer()
    request = weak.request(user("一"), 0)
    journal.append([Entry(request.key, "rejected", "weak", Completion(" 原文\n", "length", 7, 64))])
    group = collect(prompts, Writers(weak, None), journal)
    group[0].rejected[0].became, group[0].rejected[0].evidence = "pair", ""
    table = candidate_table([each for one in group for each in one.each], prompts)
    assert table.schema.equals(CANDIDATES)
    chosen, rejected, *_ = table.to_pylist()
    assert rejected == {
        "source": "prompts",
        "source_row": "prompts.jsonl:0",
        "prompt": user("一"),
        "side": "rejected",
        "answer": 0,
        "model": "weak",
        "text": " 原文\n",
        "reasoning": None,
        "finish_reason": "length",
        "prompt_tokens": 7,
        "completion_tokens": 64,
        "seed": request.body["seed"],
        "key": request.key.hex(),
        "became": "pair",
        "evidence": None,
    }
    unknown = ("model", "finish_reason", "prompt_tokens", "completion_tokens", "seed", "key")
    assert [chosen[name] for name in unknown] == [None] * 6
    assert (chosen["text"], chosen["side"]) == (" 一答 ", "chosen")


def test_an_answer_that_was_never_given_has_a_key_and_no_text(prompts: Prompts, journal: Journal) -> None:
    group = collect(prompts, Writers(writer(), None), journal)
    row = candidate_table(group[0].rejected, prompts).to_pylist()[0]
    assert (row["text"], row["finish_reason"], row["completion_tokens"]) == (None, None, None)
    assert row["key"] == writer().request(user("一"), 0).key.hex()


def test_no_candidates_are_an_empty_table(prompts: Prompts) -> None:
    table = candidate_table([], prompts)
    assert (table.schema.equals(CANDIDATES), len(table)) == (True, 0)
