"""A recipe is read whole or refused with one line that says what is wrong and what would be right."""

from pathlib import Path

import pytest

from sources.command.errors import UsageError
from synth.job.answer_checks import CHECKS
from synth.job.recipe import OURS, RECIPES, SynthRecipe, load_recipe

SMALL = "name: small\nrejected:\n  sampling: {max_tokens: 64}\n"


def load(folder: Path, text: str) -> SynthRecipe:
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return load_recipe(str(path))


def refusal(folder: Path, text: str) -> UsageError:
    with pytest.raises(UsageError) as raised:
        load(folder, text)
    assert raised.value.where == str(folder / "recipe.yaml")
    assert "\n" not in str(raised.value)
    return raised.value


def sampling(options: str, side: str = "rejected") -> str:
    """A recipe with more options of sampling."""
    if side == "rejected":
        return SMALL.replace("{max_tokens: 64}", f"{{max_tokens: 64, {options}}}")
    return f"{SMALL}chosen:\n  sampling: {{max_tokens: 64, {options}}}\n"


def test_the_shipped_recipe_is_read_whole() -> None:
    found = load_recipe("ct-llm")
    assert found.rejected.sampling == {"temperature": 0.7, "top_p": 0.95, "max_tokens": 512}
    assert found.chosen.sampling == {"temperature": 1.0, "top_p": 1.0, "max_tokens": 1024}
    assert (found.rejected.api, found.chosen.api, found.pairing) == ("auto", "chat", "first")
    assert found.checks == dict.fromkeys(CHECKS, "drop")
    assert list(found.checks) == list(CHECKS)


def test_the_shipped_recipe_says_the_defaults() -> None:
    found = load_recipe("ct-llm")
    default = SynthRecipe(name=found.name, rejected=found.rejected)
    assert found.model_copy(update={"checks": {}}) == default


def test_a_recipe_may_be_a_file_with_only_what_is_needed(tmp_path: Path) -> None:
    found = load(tmp_path, SMALL)
    assert (found.name, found.rejected.max_tokens, found.checks) == ("small", 64, {})
    assert (found.rejected.templates, found.rejected.send_seed) == ({"zh": "zh", "en": "en"}, True)
    assert found.rejected.api == "auto"
    assert found.chosen.api == "chat"


def test_openais_newer_name_of_max_tokens_is_taken_too(tmp_path: Path) -> None:
    found = load(tmp_path, SMALL.replace("max_tokens", "max_completion_tokens"))
    assert found.rejected.max_tokens == 64


def test_a_recipe_that_does_not_exist_is_refused_with_those_that_do() -> None:
    known = ", ".join(sorted(path.stem for path in RECIPES.glob("*.yaml")))
    with pytest.raises(UsageError, match=f"--recipe: no recipe no-such; expected {known}, or the path of a YAML file"):
        load_recipe("no-such")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "is no YAML"),
        ("- a\n- b", "holds a list; expected keys such as name, rejected, chosen"),
        ("", "holds a NoneType"),
        ("just words", "holds a str"),
        (SMALL.replace("name: small\n", ""), "name: Field required"),
        ("name: small\n", "rejected: Field required"),
        (SMALL.replace("  sampling: {max_tokens: 64}\n", "  api: chat\n"), "rejected.sampling: Field required"),
        (SMALL + "rejected_: {}\n", "rejected_: no such key; expected name, rejected, chosen, candidate, vllm"),
        (SMALL + "pairing: best\n", "pairing: Input should be 'first', 'all' or 'closest_length', found 'best'"),
        (SMALL + "max_similarity: 2\n", "max_similarity: Input should be less than or equal to 1"),
        (SMALL + "max_similarity: 0.2\n", "max_similarity: Input should be greater than or equal to 0.5"),
        (SMALL + "checks: {empty_side: tag}\n", "checks.empty_side: Input should be 'drop' or 'off', found 'tag'"),
        (SMALL + "checks: {empty_sides: drop}\n", "checks: no empty_sides; expected empty_side, identical_sides"),
        (SMALL + "checks: [empty_side]\n", "checks: Input should be a valid dictionary"),
        (SMALL + "  api: rest\n", "rejected.api: Input should be 'auto', 'chat' or 'completions', found 'rest'"),
        (SMALL + "  templates: {fr: fr}\n", "rejected.templates.fr"),
        (SMALL + "  send_seed: maybe\n", "rejected.send_seed: Input should be a valid boolean"),
        (
            SMALL + "  temperature: 1\n",
            "rejected.temperature: no such key; expected api, templates, sampling, send_seed",
        ),
        (SMALL + "vllm: fast\n", "vllm: Input should be a valid dictionary"),
        (
            SMALL + "chosen: {sampling: {}}\n",
            "chosen.sampling: no max_tokens; expected max_tokens (where it is missing",
        ),
        (SMALL.replace("{max_tokens: 64}", "{}"), "rejected.sampling: no max_tokens"),
        (sampling("max_completion_tokens: 5"), "rejected.sampling: max_tokens and max_completion_tokens; expected"),
        (SMALL.replace("64", "0"), "rejected.sampling.max_tokens is 0; expected a whole number above 0"),
        (SMALL.replace("64", "-1"), "rejected.sampling.max_tokens is -1"),
        (SMALL.replace("64", "64.0"), "rejected.sampling.max_tokens is 64.0"),
        (SMALL.replace("64", "true"), "rejected.sampling.max_tokens is True"),
        (SMALL.replace("64", "many"), "rejected.sampling.max_tokens is 'many'"),
        (SMALL.replace("64", "null"), "rejected.sampling.max_tokens is None"),
        (sampling("temperature: hot"), "rejected.sampling.temperature is 'hot'; expected a number from 0 to 2"),
        (sampling("temperature: 2.1"), "rejected.sampling.temperature is 2.1; expected a number from 0 to 2"),
        (sampling("temperature: -0.1"), "rejected.sampling.temperature is -0.1"),
        (sampling("temperature: .nan"), "rejected.sampling.temperature is nan"),
        (sampling("temperature: true"), "rejected.sampling.temperature is True"),
        (sampling("temperature: null"), "rejected.sampling.temperature is None"),
        (sampling("top_p: 95"), "rejected.sampling.top_p is 95; expected a number from 0 to 1"),
        (sampling("presence_penalty: 3"), "presence_penalty is 3; expected a number from -2 to 2"),
        (sampling("frequency_penalty: -3", "chosen"), "chosen.sampling.frequency_penalty is -3"),
        (sampling("stop: 5"), "rejected.sampling.stop is 5; expected a string or a list of strings"),
        (sampling("stop: [a, 5]"), "rejected.sampling.stop is ['a', 5]"),
        (sampling("stop: null"), "rejected.sampling.stop is None"),
        (sampling("logit_bias: {50256: -100}"), "logit_bias is {50256: -100}; expected what JSON can say, keys as str"),
        (sampling("min_p: .nan"), "rejected.sampling.min_p is nan; expected what JSON can say"),
        (sampling("min_p: .inf"), "rejected.sampling.min_p is inf"),
        (sampling("until: 2024-01-01"), "rejected.sampling.until is datetime.date(2024, 1, 1)"),
        (sampling("bytes: !!binary aGk="), "rejected.sampling.bytes is b'hi'"),
        (sampling('half: "\\ud83d"'), "rejected.sampling.half is '\\ud83d'"),
        (sampling("5: 6"), "rejected.sampling.5"),
    ],
)
def test_a_wrong_recipe_is_refused_with_the_place(text: str, message: str, tmp_path: Path) -> None:
    assert message in str(refusal(tmp_path, text))


@pytest.mark.parametrize("side", ["rejected", "chosen"])
@pytest.mark.parametrize("name", OURS)
def test_what_each_request_is_given_anyway_cannot_be_set(name: str, side: str, tmp_path: Path) -> None:
    error = refusal(tmp_path, sampling(f"{name}: 1", side))
    assert error.found == f"{side}.sampling.{name} is set by the command itself"
    assert error.hint == "Remove it."


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (SMALL + "pairings: all\n", "Did you mean pairing?"),
        (SMALL.replace("sampling", "samplings"), "Did you mean sampling?"),
        (SMALL.replace("name", "nam"), "Did you mean name?"),
        (SMALL + "  send_seeds: true\n", "Did you mean send_seed?"),
        (SMALL + "checks: {identical_side: drop}\n", "Did you mean identical_sides?"),
        (SMALL + "completely_different: 1\n", ""),
    ],
)
def test_a_misspelled_name_is_refused_with_the_nearest(text: str, hint: str, tmp_path: Path) -> None:
    assert refusal(tmp_path, text).hint == hint


def test_any_other_option_of_a_server_is_taken_as_it_is(tmp_path: Path) -> None:
    options = 'top_k: 40, logit_bias: {"50256": -100}, stop: END, chat_template_kwargs: {enable_thinking: false}'
    found = load(tmp_path, sampling(options)).rejected.sampling
    assert found == {
        "max_tokens": 64,
        "top_k": 40,
        "logit_bias": {"50256": -100},
        "stop": "END",
        "chat_template_kwargs": {"enable_thinking": False},
    }


def test_a_file_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_bytes("name: 中文".encode("gbk"))
    with pytest.raises(UsageError, match="is no YAML"):
        load_recipe(str(path))


def test_hostile_text_in_a_recipe_is_shown_escaped(tmp_path: Path) -> None:
    shown = str(refusal(tmp_path, SMALL + '"\\e[31m\\u202e": 1\n'))
    assert "\\x1b[31m\\u202e: no such key" in shown
