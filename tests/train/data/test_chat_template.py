"""Templates that are shipped obey laws; one that is missing is asked for, never guessed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import TemplateError

from sources.command.errors import BrokenFileError, UsageError
from train.data.chat_template import choose_chat_template, shipped_templates

NAMES = ["alpaca", "baichuan2", "chatml", "ct-llm", "human", "llama2"]

texts = st.text(max_size=8)
conversations = st.tuples(st.none() | texts, st.lists(st.tuples(texts, texts), max_size=2), texts, texts)


def turns(system: str | None, said: list[tuple[str, str]], question: str) -> list[dict[str, str]]:
    first = [("system", system)] if system is not None else []
    between = [turn for user, assistant in said for turn in (("user", user), ("assistant", assistant))]
    return [{"role": role, "content": content} for role, content in (*first, *between, ("user", question))]


@pytest.fixture(scope="module", params=NAMES)
def shipped(request: pytest.FixtureRequest, make_kind: Callable[[str], Any]) -> Any:
    tokenizer = make_kind("Llama 2")
    choose_chat_template(tokenizer, request.param)
    return tokenizer


def test_the_shipped_templates_say_what_they_are() -> None:
    assert sorted(shipped_templates()) == NAMES
    assert all(10 < len(meaning) < 120 for meaning in shipped_templates().values())


@settings(max_examples=30)
@given(said=conversations)
def test_a_prompt_is_the_beginning_of_the_prompt_with_its_answer(shipped: Any, said: Any) -> None:
    prompt, answer = turns(*said[:3]), {"role": "assistant", "content": said[3]}
    alone = shipped.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True)
    whole = shipped.apply_chat_template([*prompt, answer], tokenize=False)
    assert whole.startswith(alone)
    assert whole[len(alone) :].strip() in {said[3].strip() + end for end in ("</s>", " </s>", "<|im_end|></s>")} or (
        said[3] in whole[len(alone) :] and whole.endswith("</s>")
    )
    for turn in prompt:
        assert turn["content"] in alone


def test_an_unknown_role_is_refused(shipped: Any) -> None:
    with pytest.raises(TemplateError, match="no such role in this template: tool"):
        shipped.apply_chat_template(
            [{"role": "user", "content": "a"}, {"role": "tool", "content": "b"}], tokenize=False
        )


def test_chatml_ends_with_its_own_end_token_once(chatml: Any) -> None:
    messages = [{"role": "user", "content": "问"}, {"role": "assistant", "content": "答"}]
    expected = "<|im_start|>user\n问<|im_end|>\n<|im_start|>assistant\n答<|im_end|>"
    assert chatml.apply_chat_template(messages, tokenize=False) == expected


def test_llama2_is_written_as_meta_writes_it(make_kind: Callable[[str], Any]) -> None:
    messages = turns("S", [("a", "b")], "c")
    tokenizer = make_kind("Llama 2")
    expected = "<s>[INST] <<SYS>>\nS\n<</SYS>>\n\na [/INST] b </s><s>[INST] c [/INST]"
    assert tokenizer.apply_chat_template(messages, tokenize=False) == expected


def test_a_model_without_a_template_is_offered_the_shipped_ones(chatml: Any) -> None:
    chatml.chat_template = None
    with pytest.raises(UsageError, match="no chat template") as raised:
        choose_chat_template(chatml, None)
    assert all(name in str(raised.value) for name in NAMES)


def test_the_template_of_the_model_stays_unless_another_is_given(chatml: Any, tmp_path: Path) -> None:
    own = chatml.chat_template
    assert choose_chat_template(chatml, None) == []
    assert chatml.chat_template == own
    (tmp_path / "mine.jinja").write_text("{% for m in messages %}{{ m['content'] + eos_token }}{% endfor %}")
    assert choose_chat_template(chatml, str(tmp_path / "mine.jinja")) == []
    assert "im_start" not in chatml.chat_template


def test_of_several_templates_the_default_is_taken(chatml: Any) -> None:
    own = chatml.chat_template
    chatml.chat_template = {"tool_use": "{{ 1 }}", "default": own}
    choose_chat_template(chatml, None)
    assert chatml.chat_template == own
    chatml.chat_template = {"one": own, "two": own}
    with pytest.raises(UsageError, match=r"several chat templates \(one, two\)"):
        choose_chat_template(chatml, None)


def test_what_is_neither_a_name_nor_a_file_is_refused(chatml: Any) -> None:
    with pytest.raises(UsageError, match="no such template, and no such file"):
        choose_chat_template(chatml, "chatlm")


@pytest.mark.parametrize("template", ["{% for", "{{ nothing.there }}", "{{ messages[7]['content'] }}", "{{ 'fixed' }}"])
def test_a_template_that_cannot_render_is_refused(template: str, chatml: Any, tmp_path: Path) -> None:
    (tmp_path / "broken.jinja").write_text(template)
    with pytest.raises(BrokenFileError, match=r"cannot render|does not write the answer"):
        choose_chat_template(chatml, str(tmp_path / "broken.jinja"))


def test_a_template_that_does_not_end_an_answer_is_remarked_on(chatml: Any) -> None:
    chatml.chat_template = "{% for m in messages %}{{ m['content'] }}\n{% endfor %}"
    (remark,) = choose_chat_template(chatml, None)
    assert "does not end an answer with the end token <|im_end|>" in remark


def test_an_end_token_before_the_answer_is_not_enough(chatml: Any) -> None:
    chatml.chat_template = "{% for m in messages %}{{ eos_token + m['content'] }}{% endfor %}"
    assert "does not end an answer" in choose_chat_template(chatml, None)[0]


def test_a_prompt_that_reads_otherwise_alone_is_remarked_on(make_kind: Callable[[str], Any]) -> None:
    (remark,) = choose_chat_template(make_kind("byte level, thinking"), None)
    assert "otherwise alone than with an answer" in remark


def test_markers_that_are_no_tokens_are_remarked_on(make_kind: Callable[[str], Any]) -> None:
    (remark,) = choose_chat_template(make_kind("Llama 2"), "baichuan2")
    assert "<reserved_106> and <reserved_107>" in remark


def test_the_template_of_ct_llm_says_that_it_is_not_established(make_kind: Callable[[str], Any]) -> None:
    assert "NOT ESTABLISHED" in choose_chat_template(make_kind("Llama 2"), "ct-llm")[0]


def test_a_tokenizer_without_an_end_token_is_refused(chatml: Any) -> None:
    chatml.eos_token = None
    with pytest.raises(BrokenFileError, match="no end token"):
        choose_chat_template(chatml, None)
