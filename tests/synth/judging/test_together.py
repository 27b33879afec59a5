"""Several judges: the label that they give together, how far they agree, and a run with three of them."""

import json
from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.judging.together import Rule, kappa, label_together
from synth.judging.verdicts import Said
from tests.synth.judging.court import Court, as_json, perfect
from tests.synth.place import Said as Spoken
from tests.synth.played_server import PlayedServer

Judge = Callable[..., Spoken]
Start = Callable[..., PlayedServer]
LABELS = st.sampled_from(["chosen", "rejected", "tie", None])
RULES = st.sampled_from(["majority", "all"])
C, R, T = "chosen", "rejected", "tie"


@pytest.mark.parametrize(
    ("labels", "majority", "everybody"),
    [
        ([C, C, C], C, C),
        ([C, C, R], C, T),
        ([R, R, T], R, T),
        ([C, R, T], T, T),
        ([C, R], T, T),
        ([C, T], T, T),
        ([C, C, None], C, None),
        ([C, R, None], None, T),
        ([C, None, None], None, None),
        ([T, T, None], T, T),
        ([None, None], None, None),
    ],
)
def test_what_judges_say_together(labels: list[Said | None], majority: Said | None, everybody: Said | None) -> None:
    for order in permutations(labels):
        assert label_together(order, "majority") == majority
        assert label_together(order, "all") == everybody


@given(st.lists(LABELS, min_size=1, max_size=6), RULES)
def test_a_judge_without_a_verdict_is_one_who_may_yet_say_anything(labels: list[Said | None], rule: Rule) -> None:
    """None together, exactly where the missing verdicts decide."""
    place = labels.index(None) if None in labels else -1
    if place < 0:
        assert label_together(labels, rule) is not None
        return
    filled = {label_together([*labels[:place], said, *labels[place + 1 :]], rule) for said in (C, R, T)}  # type: ignore[list-item]
    assert label_together(labels, rule) == (filled.pop() if len(filled) == 1 else None)


@given(LABELS, RULES)
def test_one_judge_says_what_he_says(label: Said | None, rule: Rule) -> None:
    assert label_together([label], rule) == label


def test_kappa_is_that_of_the_books() -> None:
    one: list[Said | None] = [C] * 25 + [R] * 25
    other: list[Said | None] = [C] * 20 + [R] * 5 + [C] * 10 + [R] * 15
    assert kappa([one, other]) == pytest.approx(0.4)
    assert kappa([one, one, one]) == pytest.approx(1)
    assert kappa([[C, R, T], [C, R, T]]) == pytest.approx(1)
    assert kappa([[C, R], [R, C]]) == pytest.approx(-1)
    assert kappa([[C, C], [C, C]]) is None
    assert kappa([[None, C], [C, None]]) is None


def says(body: dict[str, Any]) -> str:
    """Two judges that find the truth, and one that always says A."""
    return as_json("A") if body["model"] == "biased" else perfect(body)


def test_each_judge_stands_by_itself_and_all_together(judge: Judge, court: Court, played: Start) -> None:
    court.write(10, wrong=2)
    server = played(says=says, models=["played", "second", "biased"])
    more = ["--judge-model", "second", "--judge-model", "biased"]
    said = json.loads(judge(server.url, *more, "--json").out)
    assert [each["model"] for each in said["judges"]] == ["played", "second", "biased"]
    assert [each["audit"][-1]["agreement"]["value"] for each in said["judges"]] == [0.8, 0.8, None]
    assert said["together"]["rule"] == "majority"
    assert said["audit"][-1]["agreement"]["value"] == 0.8
    assert said["audit"][-1]["consistency"]["value"] is None
    assert -0.5 < said["together"]["kappa"] < 0.5
    assert len(court.rows("verdicts")) == 3 * 20
    assert len(court.rows("scores")) == 4 * 10
    assert len(said["disagreements"]) == 2
    assert court.manifest()["together"]["kappa"] == said["together"]["kappa"]
    html = (court.out / "report.html").read_text(encoding="utf-8")
    assert "All judges together" in html
    assert f"<dt>Kappa of the judges</dt><dd>{said['together']['kappa']:.2f}</dd>" in html
    assert server.counts["served"] == 60
    strict = judge(server.url, *more, "--together", "all")
    assert "nothing was asked" in strict.out
    assert {row["label"] for row in court.rows("scores") if row["judge"] == "together:all"} == {"tie"}


def test_a_key_of_the_first_judge_goes_to_no_other_server(
    judge: Judge, court: Court, played: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUDGE_API_KEY", "secret-of-the-first")
    first, other = (played(says=perfect, models=["played", "second"], watch_for=["secret-of-the-first"]) for _ in "ab")
    judge(first.url, "--judge-url", other.url, "--judge-model", "second")
    assert first.counts["watched"]["secret-of-the-first"]
    assert other.counts["watched"]["secret-of-the-first"] == []
    assert other.counts["served"] == first.counts["served"] == 24


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--judge-model", "played"], "--judge-model: played is given twice"),
        (["--together", "all"], "--together: needs at least two judges"),
        (["--judge-url", "http://127.0.0.1:1/v1"], "--judge-url: is given 2 times for 1 judges"),
        (["--judge-model", "second", "--judge-key-file", "k"], "--judge-key-file: is given 1 times for 2 judges"),
    ],
)
def test_judges_that_do_not_go_together_are_one_line(more: list[str], said: str, judge: Judge, played: Start) -> None:
    assert said in judge(played(says=perfect).url, *more, code=2).err
