"""The plan: what the lengths of texts say is what the requests themselves would."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from synth.asking.plan import plan_side
from synth.job.model import Model
from synth.job.price import Price
from synth.journal.journal import NAME, Journal
from synth.judging.pairs import read_pairs
from synth.ranking.plan_lengths import from_lengths
from synth.scoring.candidate_file import read_candidates
from synth.scoring.domains import load_domains
from synth.scoring.groups import Groups, PairGroups
from synth.scoring.questions import Pointwise, Rewarding
from synth.scoring.recipe import load_judge_recipe
from tests.conftest import Row, pair_table
from tests.synth.judging.court import Court
from tests.synth.place import Said
from tests.synth.played_server import PlayedServer
from tests.synth.scoring.scene import honest, write_candidates

Judge = Callable[..., Said]
Start = Callable[..., PlayedServer]

PAIRS: list[Row] = [
    ("怎样泡茶？", "水开以后等两分钟。", "不知道。"),
    ("Why is the sky blue?", "Light scatters.", "It is."),
    ([("system", "短"), ("user", "问"), ("assistant", "答"), ("user", "再问")], "好的", "不好"),
]
CANDIDATES = {"怎样泡茶？": {"a": "水开以后等两分钟。", "b": "不知道。", "c": "好"}, "Why?": {"a": "Light scatters."}}


@pytest.fixture(params=["pairs", "candidates"])
def groups(request: pytest.FixtureRequest, tmp_path: Path) -> Groups:
    if request.param == "candidates":
        path = write_candidates(tmp_path / "synth", CANDIDATES)
        return read_candidates(path, tmp_path / "spool", None, None, "domain")
    court = Court(tmp_path).write_table(pair_table(PAIRS, "zh", None, "one"))
    return PairGroups(read_pairs(court.pairs, tmp_path / "spool", lang=None, sample=None))


@pytest.mark.parametrize("side", ["judge", "reward"])
def test_the_plan_from_lengths_is_that_of_the_requests(side: str, groups: Groups, tmp_path: Path) -> None:
    model = Model(side=side, name="m", endpoint=None, price=Price(input=2.0, output=8.0))  # type: ignore[arg-type]
    domains = load_domains(load_judge_recipe("default"), "zh", rubric=None, domain=None)
    asks = Pointwise(groups, domains, "m", structured=False, logprobs=False)
    way = asks if side == "judge" else Rewarding(groups, "m", "pooling", "use_activation")
    journal = Journal(tmp_path / NAME)
    exact = plan_side(model, [way], journal, lambda _: 80)
    journal.close()
    quick = from_lengths(model, groups, domains, [way])
    assert (quick.requests, quick.most_answer_tokens) == (exact.requests, exact.most_answer_tokens)
    assert quick.answer_tokens == exact.answer_tokens
    assert quick.prompt_tokens == pytest.approx(exact.prompt_tokens, rel=0.15)
    assert quick.most_dollars is not None
    assert exact.most_dollars is not None
    assert exact.most_dollars <= quick.most_dollars <= exact.most_dollars * 1.1


def test_with_a_journal_the_plan_says_what_is_left(court: Court, judge: Judge, played: Start) -> None:
    url, more = played(says=honest).url, ("--mode", "pointwise")
    judge(url, *more, "--sample", 5)
    (side,) = json.loads(judge(url, *more, "--dry-run", "--json").out)["sides"]
    assert (side["in_journal"], side["requests"], side["api"]) == (10, 14, "chat")
