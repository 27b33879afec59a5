"""Two tasks that differ in a word everywhere are told from copies of a text with edits."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from builders.stages.near_duplicates import find_near_duplicates
from tests.builders.stages.template_tasks import Row, edited

MakeSample = Callable[..., Any]

TASKS = {
    "en": [
        (
            "Explain how to create a storage bucket with the command line tool.",
            "Run create-bucket with a name and a region; the command creates the bucket and prints where it is.",
            "Just click around until the tool creates the bucket for you somewhere.",
        ),
        (
            "Explain how to delete a storage bucket with the command line tool.",
            "Run delete-bucket with a name and a region; the command deletes the bucket and prints where it is.",
            "Just click around until the tool deletes the bucket for you somewhere.",
        ),
    ],
    "zh": [
        (
            "请写一条通知，说明本周五下午全体员工可以参加羽毛球比赛。",
            "各位同事：本周五下午举行羽毛球比赛，欢迎大家踊跃报名参加，请穿运动鞋到场。",
            "周五打羽毛球，爱来不来，来的话自己带水。",
        ),
        (
            "请写一条通知，说明本周五下午全体员工可以参加乒乓球比赛。",
            "各位同事：本周五下午举行乒乓球比赛，欢迎大家踊跃报名参加，请穿运动鞋到场。",
            "周五打乒乓球，爱来不来，来的话自己带水。",
        ),
    ],
}


def dropped(make_sample: MakeSample, rows: list[Row], lang: str) -> list[int]:
    sample = make_sample(rows, lang=lang)
    (found,) = find_near_duplicates(sample.keys, sample.alive, sample.pair_texts, 0.8, 1)
    rows_found: list[int] = found.rows.tolist()
    return rows_found


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_word_that_differs_in_prompt_and_answer_makes_two_tasks(make_sample: MakeSample, lang: str) -> None:
    assert dropped(make_sample, TASKS[lang], lang) == []
    first, second = TASKS[lang]
    assert dropped(make_sample, [first, (second[0], *first[1:])], lang) == [1]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("share", [0.01, 0.03, 0.05, 0.1])
def test_copies_with_edits_are_found(make_sample: MakeSample, lang: str, share: float) -> None:
    rng = random.Random(f"{lang} {share}")
    found = 0
    for row in TASKS[lang] * 10:
        copy = tuple(edited(text, share, rng) for text in row)
        found += dropped(make_sample, [row, copy], lang) == [1]  # type: ignore[list-item]
    assert found >= 19
