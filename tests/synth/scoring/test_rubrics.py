"""Rubrics by domain: our own are whole in both languages; one's own are checked key by key."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from sources.command.errors import UsageError
from sources.pairs.languages import Lang
from synth.scoring.domains import load_domains
from synth.scoring.recipe import RECIPES, load_judge_recipe
from synth.scoring.rubric import load_score_rubric, rubrics_of
from tests.synth.made import user

DOMAINS = {"chat", "code", "maths", "logic", "writing", "role_play", "safety"}
OWN: dict[str, Any] = yaml.safe_load((rubrics_of("en") / "chat.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_there_is_a_rubric_for_each_domain_with_the_same_aspects_in_both_languages(lang: Lang) -> None:
    assert {path.stem for path in rubrics_of(lang).glob("*.yaml")} == DOMAINS
    for name in DOMAINS:
        rubric = load_score_rubric("--rubric", name, lang)
        assert rubric.name == f"score-{name.replace('_', '-')}-{lang}"
        assert list(rubric.aspects) == list(load_score_rubric("--rubric", name, "zh").aspects)


@pytest.mark.parametrize("recipe", [path.stem for path in RECIPES.glob("*.yaml")])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_recipe_has_its_rubrics(recipe: str, lang: Lang) -> None:
    domains = load_domains(load_judge_recipe(recipe), lang, rubric=None, domain=None)
    assert set(domains.rubrics) >= DOMAINS
    assert {rubric.scale.high for rubric in domains.rubrics.values()} == {10 if recipe == "coig-p" else 5}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_is_asked_has_the_aspects_the_scale_and_the_form(lang: Lang) -> None:
    system, question = (
        turn["content"] for turn in load_score_rubric("--rubric", "maths", lang).ask(user("{low}"), "{form}")
    )
    assert "- correctness: " in system
    assert '"correctness": N, "reasoning": N, "completeness": N, "clarity": N}' in question
    assert "{low}" in question  # that of the prompt stays as it is
    assert "\n{form}\n" in question
    assert "{aspects}" not in system + question
    assert question.index("{low}") < question.index("{form}")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"question": "{answer} {prompt}"}, "it must hold {prompt} and {answer}, once each and in this order"),
        ({"question": "{prompt}"}, "it must hold"),
        ({"scale": {"low": 5, "high": 5}}, "high must be above low"),
        ({"scale": {"low": -1, "high": 5}}, "scale.low"),
        ({"aspects": {}}, "aspects"),
        ({"aspects": {"Clarity!": "x"}}, "aspects"),
        ({"aspects": {"reason": "x"}}, "aspects.reason"),
        ({"logprobs": "on", "scale": {"low": 1, "high": 10}}, "a score that begins like another"),
        ({"sampling": {"max_tokens": 5, "top_logprobs": 3}}, "sampling.top_logprobs is set by logprobs"),
        ({"sampling": {"max_tokens": 5, "response_format": {}}}, "sampling.response_format is set by structured"),
        ({"sampling": {}}, "no max_tokens"),
        ({"aspect": {}}, "no such key"),
    ],
)
def test_a_wrong_rubric_is_named(changes: dict[str, object], said: str, tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text(yaml.safe_dump({**OWN, **changes}), encoding="utf-8")
    with pytest.raises(UsageError) as error:
        load_score_rubric("--rubric", str(path), "en")
    assert said.lower() in str(error.value).lower()
    assert str(path) in str(error.value)


def test_a_rubric_like_another_changes_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text("like: chat\nname: mine\nreason: ''\naspects: {style: words}\n", encoding="utf-8")
    rubric = load_score_rubric("--rubric", str(path), "en")
    assert rubric.ask(user("x"), "y")[1]["content"].endswith('in place of each N: {"style": N}')
    schema = rubric.response_format["json_schema"]["schema"]
    assert schema["required"] == ["style"]
    assert schema["properties"]["style"] == {"type": "integer", "enum": [1, 2, 3, 4, 5]}
