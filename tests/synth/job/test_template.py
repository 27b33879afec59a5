"""An instruction template says how turns become one text; it is read whole or refused."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.command.errors import UsageError
from sources.pairs.languages import TESTED
from synth.job.template import TEMPLATES, Template, load_template
from tests.synth.made import TEMPLATE, user

SMALL = "user: 'Q: {content}'\nassistant: 'A: {content}'\nanswer: 'A:'\n"
TALK = [
    {"role": "system", "content": "简短。"},
    {"role": "user", "content": "一？"},
    {"role": "assistant", "content": "一。"},
    {"role": "user", "content": "二？"},
]


def load(folder: Path, text: str) -> Template:
    (folder / "own.yaml").write_text(text, encoding="utf-8")
    return load_template("--template", str(folder / "own.yaml"))


def test_a_chinese_prompt_is_put_like_this() -> None:
    assert load_template("--template", "zh").render(user("解释“水”。\n用一句话。")) == (
        "下面是一条指令。请写出恰当、完整的回答。\n\n### 指令：\n解释“水”。\n用一句话。\n\n### 回答：\n"
    )


def test_an_english_prompt_is_put_like_this() -> None:
    assert load_template("--template", "en").render(user("Explain water.")) == (
        "Below is an instruction. Write a response that completes it well.\n\n"
        "### Instruction:\nExplain water.\n\n### Response:\n"
    )


def test_the_turns_of_a_talk_follow_each_other() -> None:
    assert load_template("--template", "zh").render(TALK) == (
        "下面是一条指令。请写出恰当、完整的回答。\n\n简短。\n\n"
        "### 指令：\n一？\n\n### 回答：\n一。\n\n### 指令：\n二？\n\n### 回答：\n"
    )


@pytest.mark.parametrize("lang", TESTED)
def test_a_shipped_template_stops_before_it_would_go_on_with_itself(lang: str) -> None:
    template = load_template("--template", lang)
    rest = template.render(TALK).partition(template.head)[2].partition("一？")[2]
    assert any(stop in rest for stop in template.stop)
    assert template.marks
    assert all(any(mark in line for line in template.render(TALK).splitlines()) for mark in template.marks)


@pytest.mark.parametrize(
    "content",
    ["{content}", "{content}{content}", "{0} {} {user} {{content}}", "%s $content \\1 \\g<0>", "### Ask:\n", "\0", ""],
)
def test_what_people_wrote_is_left_alone(content: str) -> None:
    assert TEMPLATE.render(user(content)) == f"### Ask:\n{content}\n\n### Said:\n"


@given(st.lists(st.tuples(st.sampled_from(["system", "user", "assistant"]), st.text(max_size=20)), max_size=5))
def test_every_content_stands_once_and_in_order_in_the_text(turns: list[tuple[str, str]]) -> None:
    rendered = TEMPLATE.render([{"role": role, "content": content} for role, content in turns])
    forms = {"system": "{}\n\n", "user": "### Ask:\n{}\n\n", "assistant": "### Said:\n{}\n\n"}
    parts = [forms[role].partition("{}") for role, _ in turns]
    expected = [before + content + after for (before, _, after), (_, content) in zip(parts, turns, strict=True)]
    assert rendered == "".join(expected) + "### Said:\n"


def test_a_form_may_hold_the_content_twice_or_around_text(tmp_path: Path) -> None:
    template = load(tmp_path, SMALL.replace("Q: {content}", "<{content}|{content}>"))
    assert template.render(user("x{content}")) == "<x{content}|x{content}>A:"


def test_a_template_of_ones_own_needs_only_three_keys(tmp_path: Path) -> None:
    template = load(tmp_path, SMALL)
    assert (template.head, template.system, template.stop, template.marks) == ("", "{content}\n\n", (), ())
    assert template.render(TALK) == "简短。\n\nQ: 一？A: 一。Q: 二？A:"


def test_marks_are_the_lines_that_only_the_template_writes() -> None:
    template = Template(
        head="Below is  a task.\n\n",
        user="### Task: {content} (end)\nQ:\n",
        assistant="### Reply:\n{content}\n",
        answer="### Reply:\n",
    )
    assert template.marks == ("### Reply:", "### Task:", "(end)", "Below is a task.")


def test_every_change_of_a_template_changes_its_hash() -> None:
    changes: list[dict[str, object]] = [
        {},
        {"head": "x"},
        {"system": "{content}"},
        {"user": "{content}"},
        {"assistant": "{content}"},
        {"answer": "x"},
        {"stop": ("x",)},
        {"stop": ("x", "y")},
        {"stop": ("y", "x")},
    ]
    hashes = [Template(**{**TEMPLATE.model_dump(), **change}).sha256 for change in changes]
    assert len(set(hashes)) == len(changes)
    assert hashes[0] == TEMPLATE.sha256


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds a NoneType; expected keys such as head, system, user"),
        ("- a", "holds a list"),
        ("user: [", "is no YAML"),
        ("user: '{content}'\nanswer: 'A:'\n", "assistant: Field required"),
        (
            SMALL + "anser: x\n",
            "anser: no such key; expected head, system, user, assistant, answer, stop. Did you mean a",
        ),
        (SMALL + "stop: x\n", "stop: Input should be a valid tuple, found 'x'"),
        (SMALL + "stop: [1]\n", "stop.0: Input should be a valid string, found 1"),
        (SMALL + "stop: ['a', '']\n", "stop.1: String should have at least 1 character, found ''"),
        (SMALL + "head: 5\n", "head: Input should be a valid string, found 5"),
        (SMALL + "system: 'no place'\n", "system: Value error, it must hold {content}, found 'no place'"),
        (SMALL.replace("Q: {content}", "Q: { content }"), "user: Value error, it must hold {content}"),
        (SMALL.replace("A: {content}", "A: {}"), "assistant: Value error, it must hold {content}"),
    ],
)
def test_a_wrong_template_is_refused_with_the_key(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        load(tmp_path, text)
    assert str(raised.value).startswith(f"{tmp_path / 'own.yaml'}: ")
    assert message in str(raised.value)


@pytest.mark.parametrize("name", ["no-such", "no/such.yaml", "."])
def test_a_template_that_is_not_there_is_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(UsageError) as raised:
        load_template("recipe: rejected.templates.zh", name)
    assert str(raised.value) == (
        f"recipe: rejected.templates.zh: no rejected.templates.zh {name}; expected en, zh, or the path of a YAML file"
    )


def test_every_shipped_template_says_how_it_is_used() -> None:
    for path in TEMPLATES.glob("*.yaml"):
        assert path.read_text(encoding="utf-8").startswith("# How a prompt is put to a base model")
        load_template("--template", path.stem)
