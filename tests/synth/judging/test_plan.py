"""The plan: what the lengths of texts say is what the requests themselves would."""

import json
from collections.abc import Callable

import pytest

from synth.asking.plan import plan_side
from synth.job.model import Model
from synth.job.price import Price
from synth.journal.journal import NAME, Journal
from synth.judging.plan import _from_lengths
from synth.judging.questions import Judging
from synth.judging.rubric import load_rubric
from tests.conftest import Row, pair_table
from tests.synth.judging.court import Court, perfect
from tests.synth.judging.test_pairs import read
from tests.synth.place import Said
from tests.synth.played_server import PlayedServer

Judge = Callable[..., Said]
Start = Callable[..., PlayedServer]

MODEL = Model(side="judge", name="m", endpoint=None, price=Price(input=2.0, output=8.0))
SINGLE: list[Row] = [
    ("怎样泡茶？", "水开以后等两分钟。", "不知道。"),
    ("Why is the sky blue?", "Light scatters.", "It is."),
]
SEVERAL: list[Row] = [([("system", "短"), ("user", "问"), ("assistant", "答"), ("user", "再问")], "好的", "不好")]


@pytest.mark.parametrize(("rows", "tolerance"), [(SINGLE, 0.0), (SEVERAL, 0.1), (SINGLE * 3, 0.0)])
def test_the_plan_from_lengths_is_that_of_the_requests(rows: list[Row], tolerance: float, court: Court) -> None:
    different = [(prompt, f"{chosen}{number}", bad) for number, (prompt, chosen, bad) in enumerate(rows)]
    pairs = read(court.write_table(pair_table(different, "zh", None, "one")).pairs, court.folder)
    rubric = load_rubric("zh")
    journal = Journal(court.folder / NAME)
    exact = plan_side(MODEL, [Judging(pairs, rubric, "m", structured=False)], journal, lambda _: 60)
    journal.close()
    quick = _from_lengths(MODEL, pairs, rubric)
    assert (quick.requests, quick.most_answer_tokens) == (exact.requests, exact.most_answer_tokens)
    assert quick.answer_tokens == exact.answer_tokens
    assert quick.prompt_tokens == pytest.approx(exact.prompt_tokens, rel=0.15)
    assert quick.most_dollars is not None
    assert exact.most_dollars is not None
    assert exact.most_dollars <= quick.most_dollars <= exact.most_dollars * (1.02 + tolerance)


def test_with_a_journal_the_plan_says_what_is_left(court: Court, judge: Judge, played: Start) -> None:
    url = played(says=perfect).url
    judge(url, "--sample", 5)
    (side,) = json.loads(judge(url, "--dry-run", "--json").out)["sides"]
    assert (side["in_journal"], side["requests"], side["api"]) == (10, 14, "chat")
