"""Rubrics: our own are whole; one's own are checked key by key; what is asked begins alike in both orders."""

from collections.abc import Callable
from itertools import takewhile
from pathlib import Path

import pytest
import yaml

from sources.command.errors import UsageError
from synth.judging.rubric import RUBRICS, load_rubric
from tests.synth.judging.court import Court
from tests.synth.made import user
from tests.synth.place import Said
from tests.synth.played_server import PlayedServer

Judge = Callable[..., Said]
Start = Callable[..., PlayedServer]
OWN = yaml.safe_load((RUBRICS / "en.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["zh", "en"])
def test_both_orders_begin_alike_up_to_the_first_answer(name: str) -> None:
    rubric = load_rubric(name)
    prompt = [*user("一加一等于几？"), {"role": "assistant", "content": "二"}, *user("Why?")]
    one, other = rubric.ask(prompt, "因为。", "Peano."), rubric.ask(prompt, "Peano.", "因为。")
    assert one[0] == other[0]
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(one[1]["content"], other[1]["content"], strict=False))
    shared = "".join(char for char, _ in alike)
    assert all(turn["content"] in shared for turn in prompt)
    assert "因为。" not in shared
    assert one != other


@pytest.mark.parametrize("name", ["zh", "en"])
def test_both_answers_and_the_three_labels_are_named(name: str) -> None:
    rubric = load_rubric(name)
    for text in (rubric.question, rubric.again):
        assert '"A"' in text
        assert '"B"' in text
        assert '"tie"' in text


def test_braces_in_texts_stay_as_they_are() -> None:
    asked = load_rubric("en").ask(user("{second} {content}"), "{prompt}", "{first}")[1]["content"]
    assert "User: {second} {content}\n" in asked
    assert "[Answer A]\n{prompt}\n" in asked
    assert "[Answer B]\n{first}\n" in asked


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"question": "{prompt} {second} {first}"}, "it must hold {prompt}, {first} and {second}"),
        ({"question": "{prompt} {first} {first} {second}"}, "it must hold"),
        ({"question": "which?"}, "it must hold"),
        ({"turns": {"system": "x", "user": "{content}", "assistant": "{content}"}}, "it must hold {content}"),
        ({"structured": "maybe"}, "structured"),
        ({"again": ""}, "again"),
        ({"sampling": {"temperature": 0}}, "no max_tokens"),
        ({"sampling": {"max_tokens": 5, "model": "y"}}, "sampling.model is set by the command itself"),
        ({"sampling": {"max_tokens": 5, "response_format": {}}}, "sampling.response_format is set by structured"),
        ({"questions": "{prompt} {first} {second}"}, "no such key"),
    ],
)
def test_a_wrong_rubric_is_named(changes: dict[str, object], said: str, tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text(yaml.safe_dump({**OWN, **changes}), encoding="utf-8")
    with pytest.raises(UsageError) as error:
        load_rubric(str(path))
    assert said in str(error.value)
    assert str(path) in str(error.value)


def test_a_rubric_of_ones_own_is_what_the_judge_is_told(court: Court, judge: Judge, played: Start) -> None:
    text = yaml.safe_dump({**OWN, "system": "", "question": "Q {prompt}|{first}|{second}", "structured": "off"})
    server = played(says=lambda body: "A")
    judge(server.url, "--rubric", court.write_file("my.yaml", text))
    body = next(heard["body"] for heard in server.log if heard["path"] == "/v1/chat/completions")
    (message,) = body["messages"]
    assert message["content"].startswith("Q User: 请说明第")
    assert "response_format" not in body
    assert court.manifest()["rubric"]["question"] == "Q {prompt}|{first}|{second}"
