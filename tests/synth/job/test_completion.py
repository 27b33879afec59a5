"""The key of a request is the hash of all that determines its answer, and of nothing else."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.job.completion import Writer
from tests.synth.made import TEMPLATE, user, writer

PROMPT = user("天为什么是蓝的？")
BY_TEMPLATE = writer(api="completions", template=TEMPLATE)


def with_sampling(**sampling: Any) -> Writer:
    return writer(sampling={"temperature": 0.7, "max_tokens": 64, **sampling})


def test_a_chat_request_holds_model_messages_sampling_and_seed_and_no_more() -> None:
    request = writer().request(PROMPT, 0)
    assert (request.side, request.api) == ("rejected", "chat")
    assert request.body == {
        "model": "weak",
        "temperature": 0.7,
        "max_tokens": 64,
        "messages": PROMPT,
        "seed": request.body["seed"],
    }


def test_a_completions_request_holds_the_rendered_prompt_and_the_stop_strings_of_both() -> None:
    template = TEMPLATE.model_copy(update={"stop": ("\n###", "Ask:")})
    for own, expected in (
        ({}, ["\n###", "Ask:"]),
        ({"stop": "END"}, ["END", "\n###", "Ask:"]),
        ({"stop": ["a", "b"]}, ["a", "b", "\n###", "Ask:"]),
    ):
        body = replace(with_sampling(**own), api="completions", template=template).request(PROMPT, 0).body
        assert body["prompt"] == template.render(PROMPT)
        assert body["stop"] == expected
        assert "messages" not in body


def test_a_chat_request_keeps_its_own_stop_as_it_is() -> None:
    assert with_sampling(stop="END").request(PROMPT, 0).body["stop"] == "END"
    assert "stop" not in writer().request(PROMPT, 0).body


KEYS: dict[str, tuple[Writer, list[dict[str, str]], int]] = {
    "usual": (writer(), PROMPT, 0),
    "other prompt": (writer(), user("天为什么是蓝的"), 0),
    "system turn": (writer(), [{"role": "system", "content": ""}, *PROMPT], 0),
    "other role": (writer(), [{"role": "system", "content": PROMPT[0]["content"]}], 0),
    "other index": (writer(), PROMPT, 1),
    "other model": (writer(model="weaker"), PROMPT, 0),
    "other seed": (writer(seed=1), PROMPT, 0),
    "no seed": (writer(send_seed=False), PROMPT, 0),
    "no seed, other index": (writer(send_seed=False), PROMPT, 1),
    "other temperature": (with_sampling(temperature=0.8), PROMPT, 0),
    "greedy": (with_sampling(temperature=0), PROMPT, 0),
    "greedy, other index": (with_sampling(temperature=0), PROMPT, 1),
    "other max_tokens": (with_sampling(max_tokens=65), PROMPT, 0),
    "one option more": (with_sampling(min_p=0.1), PROMPT, 0),
    "an option that is null": (with_sampling(top_k=None), PROMPT, 0),
    "an option that is 0": (with_sampling(top_k=0), PROMPT, 0),
    "stop": (with_sampling(stop=["a", "b"]), PROMPT, 0),
    "stop in another order": (with_sampling(stop=["b", "a"]), PROMPT, 0),
    "by template": (BY_TEMPLATE, PROMPT, 0),
    "another template": (
        replace(BY_TEMPLATE, template=TEMPLATE.model_copy(update={"head": "Hello.\n"})),
        PROMPT,
        0,
    ),
    "a template that puts this prompt the same way": (
        replace(BY_TEMPLATE, template=TEMPLATE.model_copy(update={"assistant": "A: {content}"})),
        PROMPT,
        0,
    ),
}


def test_everything_that_determines_an_answer_changes_the_key() -> None:
    keys = {name: one.request(prompt, index).key for name, (one, prompt, index) in KEYS.items()}
    assert len(set(keys.values())) == len(KEYS)
    assert {len(key) for key in keys.values()} == {16}


@pytest.mark.parametrize(
    "same",
    [
        writer(side="chosen"),
        writer(answers=5),
        writer(sampling={"max_tokens": 64, "temperature": 0.7}),
    ],
)
def test_nothing_else_changes_the_key(same: Writer) -> None:
    assert same.request(PROMPT, 0).key == writer().request(PROMPT, 0).key


def test_the_order_of_keys_at_any_depth_changes_nothing() -> None:
    one = with_sampling(logit_bias={"1": 2, "3": 4}).request(PROMPT, 0)
    other = with_sampling(logit_bias={"3": 4, "1": 2}).request([dict(reversed(PROMPT[0].items()))], 0)
    assert one.key == other.key


def test_keys_and_seeds_are_those_of_every_other_run() -> None:
    """A journal stays good as long as these hold; a change of them must raise the journal's format."""
    found = {
        name: (request.key.hex(), request.body.get("seed"))
        for name in ("usual", "other index", "other seed", "greedy", "by template", "system turn")
        for one, prompt, index in [KEYS[name]]
        for request in [one.request(prompt, index)]
    }
    assert found == GOLDEN


GOLDEN: dict[str, tuple[str, int | None]] = {
    "usual": ("c8e7ae94ba3cb8448670f96840461009", 1153994920),
    "other index": ("44ccf8f4d6b02f227a5845aef07f8732", 1257362565),
    "other seed": ("c577ed8eb26d2a3336f194c092396065", 981743350),
    "greedy": ("3d05639a63641802d1f4a669883eab6e", None),
    "by template": ("c4347aeac49298733bde07cc09c6f123", 1153994920),
    "system turn": ("7a90bbe16c8a6ae10fb7b9f79f8b1075", 760292271),
}


def test_seeds_differ_by_prompt_index_and_run_seed_and_by_nothing_else() -> None:
    def seed(one: Writer = KEYS["usual"][0], prompt: list[dict[str, str]] = PROMPT, index: int = 0) -> object:
        return one.request(prompt, index).body["seed"]

    others = [seed(index=1), seed(prompt=user("另一个")), seed(writer(seed=1)), seed(writer(seed=-1))]
    assert len({seed(), *others}) == 5
    for same in (writer(model="other"), writer(side="chosen"), with_sampling(top_p=0.5), BY_TEMPLATE):
        assert seed(same) == seed()


@given(st.integers(-(2**63), 2**63 - 1), st.integers(0, 1000), st.text(st.characters(exclude_categories=["Cs"])))
def test_a_seed_is_one_that_every_server_takes(seed: int, index: int, text: str) -> None:
    body = writer(seed=seed).request(user(text), index).body
    assert 0 <= body["seed"] < 2**31


@pytest.mark.parametrize("temperature", [0, 0.0])
def test_temperature_0_sends_no_seed(temperature: float) -> None:
    assert "seed" not in with_sampling(temperature=temperature).request(PROMPT, 0).body


def test_a_seed_can_be_left_out() -> None:
    assert "seed" not in writer(send_seed=False).request(PROMPT, 0).body


def test_a_prompt_is_as_large_as_its_utf8() -> None:
    talk = [{"role": "system", "content": "ab"}, *user("天é")]
    assert writer().request(talk, 0).prompt_bytes == 2 + 3 + 2
    assert BY_TEMPLATE.request(PROMPT, 0).prompt_bytes == len(TEMPLATE.render(PROMPT).encode())


def test_a_request_changes_neither_the_prompt_nor_the_sampling() -> None:
    sampling = {"temperature": 0.7, "max_tokens": 64, "stop": ["a"]}
    prompt = user("一")
    replace(BY_TEMPLATE, sampling=sampling).request(prompt, 0)
    assert (sampling, prompt) == ({"temperature": 0.7, "max_tokens": 64, "stop": ["a"]}, user("一"))
