"""A recipe is read whole or refused with one line that says what is wrong and what would be right."""

from pathlib import Path

import pytest

from builders.inputs.recipe import Recipe, choose_sources, load_recipe
from builders.stages.benchmarks import BENCHMARKS
from builders.stages.caps import Cap
from sources.checks import CHECKS
from sources.command.errors import UsageError

SMALL = """
name: small
sources:
  huozi: {}
stages: [check, split]
"""


def write(folder: Path, text: str) -> str:
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def load(folder: Path, text: str) -> Recipe:
    return load_recipe(write(folder, text))


def refusal(folder: Path, text: str) -> UsageError:
    """The error that a recipe file meets, in reading it or in choosing its sources."""
    with pytest.raises(UsageError) as raised:
        choose_sources(load(folder, text))
    assert "\n" not in str(raised.value)
    return raised.value


def recipe(sources: dict[str, dict[str, object]]) -> Recipe:
    return Recipe(name="test", sources=sources, stages=("split",))


def test_the_recipe_of_the_paper_is_read_whole() -> None:
    found = load_recipe("ct-llm")
    assert found.stages == (
        "check",
        "exact_duplicates",
        "contradictions",
        "near_duplicates",
        "contamination",
        "caps",
        "split",
    )
    assert list(found.checks) == list(CHECKS)
    assert found.contamination.benchmarks == tuple(benchmark.name for benchmark in BENCHMARKS)
    assert [chosen.source.name for chosen in choose_sources(found)] == list(found.sources)


def test_the_recipe_of_the_paper_says_the_defaults() -> None:
    found = load_recipe("ct-llm")
    default = Recipe(name=found.name, sources=found.sources, stages=found.stages)
    assert found.model_copy(update={"checks": {}}) == default


def test_a_recipe_may_be_a_file_with_only_what_is_needed(tmp_path: Path) -> None:
    found = load(tmp_path, SMALL)
    assert (found.name, found.stages, found.checks) == ("small", ("check", "split"), {})


def test_a_recipe_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(
        UsageError, match=r"no recipe no-such; expected ct-llm, ct-llm-plus, en-2026, .*, or the path of a YAML file"
    ):
        load_recipe("no-such")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "is no YAML"),
        ("- a\n- b", "holds a list"),
        ("", "holds a NoneType"),
        ("just words", "holds a str"),
        (SMALL.replace("name: small\n", ""), "name: Field required"),
        (SMALL + "test_shar: 0.1", "test_shar: no such key; expected name, sources"),
        (SMALL + "test_share: 2", "test_share: Input should be less than or equal to 1, found 2"),
        (SMALL + "test_share: much", "test_share: Input should be a valid number"),
        (SMALL + "max_pairs_per_prompt: 0", "max_pairs_per_prompt: Input should be greater than 0, found 0"),
        (SMALL + "balance: {length: 0.4}", "balance.length: Input should be greater than or equal to 0.5, found 0.4"),
        (SMALL + "balance: {lenght: 0.6}", "balance.lenght: no such key; expected length"),
        (SMALL + "limits: {max_prompt_chars: -1}", "limits.max_prompt_chars: Input should be greater than 0"),
        (SMALL + "limits: {max_prompt_char: 1}", "limits.max_prompt_char: no such key"),
        (SMALL + "near_duplicates: {pair_similarity: 0.2}", "near_duplicates.pair_similarity: Input should be greater"),
        (SMALL + "checks: {mojibake: delete}", "checks.mojibake: Input should be 'drop', 'tag' or 'off'"),
        (SMALL + "checks: {mojibak: drop}", "checks: no mojibak; expected empty_side"),
        (SMALL + "contamination: {benchmarks: [cmlu]}", "contamination.benchmarks: no cmlu; expected cvalues"),
        (SMALL.replace("huozi", "huoz"), "no source is called huoz"),
        (SMALL.replace("huozi: {}", "huozi:"), "sources.huozi: Input should be a valid dictionary"),
        (SMALL.replace("check, split", "checks, split"), "stages.0: Input should be 'check'"),
    ],
)
def test_a_wrong_recipe_is_refused_with_the_place(tmp_path: Path, text: str, message: str) -> None:
    assert message in str(refusal(tmp_path, text))


def test_a_file_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_bytes("name: 中文".encode("gbk"))
    with pytest.raises(UsageError, match="is no YAML"):
        load_recipe(str(path))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (SMALL + "test_shar: 0.1", "Did you mean test_share?"),
        (SMALL + "checks: {mojibak: drop}", "Did you mean mojibake?"),
        (SMALL + "contamination: {benchmarks: [cmlu]}", "Did you mean cmmlu?"),
        (SMALL.replace("huozi", "huoz"), "Did you mean huozi?"),
        (SMALL.replace("huozi: {}", "huozi: {fil: csv}"), "Did you mean file?"),
        (SMALL.replace("huozi: {}", "huozi: {max_pair: 1}"), "Did you mean max_pairs?"),
    ],
)
def test_a_misspelled_name_is_refused_with_the_nearest(tmp_path: Path, text: str, hint: str) -> None:
    assert refusal(tmp_path, text).hint == hint


def test_a_misspelled_key_inside_a_section_is_refused_with_the_nearest(tmp_path: Path) -> None:
    assert refusal(tmp_path, SMALL + "limits: {max_prompt_char: 1}").hint == "Did you mean max_prompt_chars?"


@pytest.mark.parametrize("stages", ["[]", "[check]", "[split, check]", "[exact_duplicates, check, split]"])
def test_stages_in_an_order_without_sense_are_refused(tmp_path: Path, stages: str) -> None:
    error = refusal(tmp_path, SMALL.replace("[check, split]", stages))
    assert error.found.startswith("stages: ")
    assert error.expected == "check first (if at all), split last"


def test_a_stage_that_stands_there_twice_is_refused(tmp_path: Path) -> None:
    assert "twice" in str(refusal(tmp_path, SMALL.replace("check, split", "caps, caps, split")))


@pytest.mark.parametrize("stages", ["split", "caps, contradictions, split", "check, near_duplicates, split"])
def test_stages_may_be_left_out_and_comparing_ones_reordered(tmp_path: Path, stages: str) -> None:
    assert load(tmp_path, SMALL.replace("check, split", stages)).stages == tuple(stages.split(", "))


@pytest.mark.parametrize("name", ["alpaca_gpt4_zh", "alpaca_gpt4_en"])
def test_a_source_of_prompts_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} gives prompts, not pairs. Make pairs of it with synth-prefs"):
        choose_sources(recipe({name: {}}))


def test_sources_come_in_the_order_of_the_recipe_with_options_and_cap() -> None:
    zhihu, huozi = choose_sources(
        recipe({"zhihu_rlhf_3k": {"min_vote_ratio": 2.0, "share": 0.5, "max_pairs": 10}, "huozi": {"file": "json"}})
    )
    assert (zhihu.source.name, zhihu.cap, zhihu.options) == (
        "zhihu_rlhf_3k",
        Cap(0.5, 10),
        zhihu.source.options(min_vote_ratio=2.0),
    )
    assert (huozi.source.name, huozi.cap, huozi.options) == ("huozi", Cap(), huozi.source.options(file="json"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"colour": "red"},
            r"sources\.huozi\.colour: no such key; expected file, share, max_pairs, max_pairs_per_prompt",
        ),
        ({"file": "xml"}, r"sources\.huozi\.file: Input should be 'csv' or 'json', found 'xml'"),
        ({"share": 1.5}, r"sources\.huozi\.share: Input should be less than or equal to 1, found 1.5"),
        ({"max_pairs": -1}, r"sources\.huozi\.max_pairs: Input should be greater than or equal to 0, found -1"),
        ({"max_pairs": "many"}, r"sources\.huozi\.max_pairs: Input should be a valid integer"),
    ],
)
def test_a_wrong_option_of_a_source_is_refused_with_the_place(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        choose_sources(recipe({"huozi": options}))


def test_the_limits_of_a_recipe_are_those_of_reading_and_checking(tmp_path: Path) -> None:
    text = SMALL + "limits: {max_prompt_chars: 7, max_answer_chars: 8, max_row_bytes: 9, max_bad_share: 0.5}"
    limits = load(tmp_path, text).limits
    assert (limits.checking.max_prompt_chars, limits.checking.max_answer_chars) == (7, 8)
    assert (limits.reading.max_row_bytes, limits.reading.max_bad_share) == (9, 0.5)
