"""The command diff-prefs: which pairs went in and out, where, why, and the exit status of diff."""

import json
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders.building.pipeline import Built
from builders.diff_prefs import EXAMPLES, main, parse
from builders.inputs.recipe import load_recipe
from tests.builders.made_build import HOSTILE, dropped, make_build, pair

Run = Callable[..., tuple[int, str, str]]
Made = Callable[..., Path]

GOOD = "这是一个好的回答。"
ONE, TWO, THREE = (pair(f"问题{name}", GOOD, "坏的。", source_row=f"file:{name}") for name in ("1", "2", "3"))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process: exit code, stdout, stderr."""

    def call(*flags: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([str(flag) for flag in flags])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """A build in a folder of that name."""

    def make(name: str, *rows: Any, test: Any = (), lost: Any = ()) -> Path:
        return make_build(tmp_path / name, list(rows), test, lost)

    return make


@pytest.fixture
def told(run: Run) -> Callable[..., dict[str, Any]]:
    """What --json says of two builds of one language that differ."""

    def call(*flags: object) -> dict[str, Any]:
        code, out, err = run(*flags, "--json")
        (answer,) = json.loads(out)
        assert (code, err) == (0 if answer["same"] else 1, "")
        found: dict[str, Any] = answer
        return found

    return call


def fate(stage: str, reason: str, pairs: int = 1) -> list[dict[str, object]]:
    return [{"source": "test", "stage": stage, "reason": reason, "pairs": pairs}]


def test_every_example_of_the_help_is_accepted() -> None:
    examples = re.findall(r"^  (diff-prefs .+?)(?:  .*)?$", EXAMPLES, re.M)
    assert len(examples) >= 3
    for example in examples:
        parse(shlex.split(example)[1:])


@pytest.mark.parametrize("flags", ["", "a", "a b c", "a b --show many", "a b --show -1"])
def test_wrong_usage_exits_2(flags: str) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(flags.split())
    assert exit_.value.code == 2


def test_a_build_is_the_same_as_itself_and_as_its_copy(made: Made, run: Run, tmp_path: Path) -> None:
    a = made("a", ONE, TWO, test=[THREE])
    shutil.copytree(a, tmp_path / "b")
    for other in (a, tmp_path / "b"):
        code, out, err = run(a, other, "--show", 3)
        assert (code, err) == (0, "")
        assert "the same pairs, in the same splits" in out


def test_the_order_of_rows_is_no_difference(made: Made, run: Run) -> None:
    assert run(made("a", ONE, TWO, THREE), made("b", THREE, ONE, TWO))[0] == 0


def test_pairs_that_went_have_the_reason_of_the_other_ledger(made: Made, told: Callable[..., dict[str, Any]]) -> None:
    found = told(made("a", ONE, TWO), made("b", ONE, lost=[dropped(TWO, "check", "mojibake", "U+FFFD")]))
    assert found["total"] == {
        "in_a": 2, "only_in_a": 1, "only_in_b": 0, "in_b": 1, "moved": 0, "changed": 0, "in_both": 1
    }  # fmt: skip
    assert (found["only_in_a"], found["only_in_b"]) == (fate("check", "mojibake"), [])


def test_pairs_that_came_have_the_reason_of_the_first_ledger(made: Made, told: Callable[..., dict[str, Any]]) -> None:
    found = told(made("a", ONE, lost=[dropped(TWO, "check", "mojibake", "U+FFFD")]), made("b", ONE, TWO))
    assert (found["only_in_a"], found["only_in_b"]) == ([], fate("check", "mojibake"))


def test_of_several_dropped_twins_the_one_of_the_same_row_counts(
    made: Made, told: Callable[..., dict[str, Any]]
) -> None:
    twin = dropped({**TWO, "source_row": "file:9"}, "exact_duplicates", "exact_duplicate", "x")
    own = dropped(TWO, "contamination", "contaminated", "cmmlu")
    assert told(made("a", ONE, TWO), made("b", ONE, lost=[twin, own]))["only_in_a"] == fate(
        "contamination", "contaminated"
    )


def test_a_twin_of_another_row_says_more_than_nothing(made: Made, told: Callable[..., dict[str, Any]]) -> None:
    twin = dropped({**TWO, "source_row": "file:9"}, "check", "over_length", "")
    assert told(made("a", ONE, TWO), made("b", ONE, lost=[twin]))["only_in_a"] == fate("check", "over_length")


def test_a_row_that_gave_no_pair_is_found_by_its_number(made: Made, told: Callable[..., dict[str, Any]]) -> None:
    of_two_rows = {**TWO, "source_row": "file:4,7"}
    skipped = {**TWO, "id": None, "prompt": None, "chosen": None, "rejected": None, "source_row": "file:7"}
    b = made("b", ONE, lost=[dropped(skipped, "adapt", "vote_tie")])
    assert told(made("a", ONE, of_two_rows), b)["only_in_a"] == fate("adapt", "vote_tie")


def test_a_row_that_gave_another_pair_is_told(made: Made, told: Callable[..., dict[str, Any]]) -> None:
    other = {**pair("问题2", GOOD, "更坏的。"), "source_row": TWO["source_row"]}
    found = told(made("a", ONE, TWO), made("b", ONE, other))
    assert (found["only_in_a"], found["only_in_b"]) == (fate("input", "other_text"), fate("input", "other_text"))


def test_a_row_and_a_source_that_were_not_read_are_told_apart(made: Made, told: Callable[..., dict[str, Any]]) -> None:
    a = made("a", ONE, TWO, {**THREE, "source": "gone"})
    found = told(a, made("b", ONE))
    assert [(each["source"], each["reason"]) for each in found["only_in_a"]] == [
        ("gone", "source_not_read"),
        ("test", "row_not_read"),
    ]


def test_a_pair_in_another_split_moved(made: Made, told: Callable[..., dict[str, Any]]) -> None:
    found = told(made("a", ONE, TWO), made("b", ONE, test=[TWO]), "--show", 1)
    assert found["moved"] == [{"from": "train", "to": "test", "pairs": 1}]
    assert (found["total"]["moved"], found["changed"]) == (1, {})
    (example,) = found["examples"]
    assert (example["what"], example["how"], example["prompt"]) == ("moved", "split train → test", "问题2")


@pytest.mark.parametrize(
    ("column", "left", "right"),
    [
        ("tags", [], ["cut_off_chosen"]),
        ("tags", ["a", "b"], ["a"]),
        ("score_chosen", None, 1.0),
        ("score_rejected", 1.0, 2.0),
        ("chosen_model", "gpt-4", None),
        ("rejected_model", None, "baichuan-7b"),
        ("license", "MIT", "Apache-2.0"),
        ("signal", "human", "model"),
        ("source_row", "file:1", "file:8"),
        ("prompt_group", "0" * 16, "1" * 16),
    ],
)
def test_other_values_beside_the_text_are_named(
    column: str, left: object, right: object, made: Made, told: Callable[..., dict[str, Any]]
) -> None:
    found = told(made("a", {**ONE, column: left}, TWO), made("b", {**ONE, column: right}, TWO), "--show", 2)
    assert found["changed"] == {column: 1}
    assert (found["total"]["changed"], found["total"]["in_both"]) == (1, 2)
    assert [example["how"] for example in found["examples"]] == [f"{column} {left} → {right}"]


def test_no_value_and_not_a_number_equal_themselves(made: Made, run: Run) -> None:
    rows = [{**ONE, "score_chosen": float("nan"), "score_rejected": None}]
    assert run(made("a", *rows), made("b", *rows))[0] == 0


def test_a_pair_that_stands_twice_and_then_once_is_one_gone(made: Made, told: Callable[..., dict[str, Any]]) -> None:
    found = told(made("a", ONE, ONE, TWO), made("b", ONE, TWO))
    assert (found["total"]["only_in_a"], found["total"]["in_both"]) == (1, 2)


def test_a_language_that_only_one_build_has_is_all_in_or_out(made: Made, run: Run) -> None:
    a, b = made("a/zh", ONE), made("b/zh", ONE)
    english = made("b/en", {**TWO, "lang": "en"})
    (english / "manifest.json").write_text((english / "manifest.json").read_text().replace('"zh"', '"en"'))
    code, out, _ = run(a.parent, b.parent, "--json")
    zh, en = json.loads(out)
    assert (code, zh["same"], en["same"]) == (1, True, False)
    assert en["only_in_b"] == fate("input", "language_not_built")
    assert run(a, a.parent)[0] == 0, "OUT and OUT/zh are the same build"


def test_what_was_made_otherwise_is_shown_and_is_no_difference_by_itself(made: Made, run: Run) -> None:
    a, b = made("a", ONE), made("b", ONE)
    (b / "manifest.json").write_text(
        (b / "manifest.json").read_text().replace('"max_answer_chars": 9', '"max_answer_chars": 7')
    )
    code, out, _ = run(a, b)
    assert code == 0
    assert "recipe.limits.max_answer_chars: 9 → 7" in out


def test_the_table_adds_up(made: Made, run: Run) -> None:
    code, out, _ = run(made("a", ONE, TWO), made("b", TWO, THREE, test=[pair("四", GOOD, "坏")]))
    assert code == 1
    numbers = dict(re.findall(r"^(pairs in A|  − only in A|  \+ only in B|pairs in B) +(\d+)\n", out, re.M))
    assert numbers == {"pairs in A": "2", "  − only in A": "1", "  + only in B": "2", "pairs in B": "3"}


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (shutil.rmtree, "no such folder"),
        (lambda built: (built / "manifest.json").write_text("{}"), "is no manifest"),
        (lambda built: (built / "data/train-00000-of-00001.parquet").write_bytes(b"x"), "cannot be read"),
        (lambda built: (built / "dropped.parquet").write_bytes(b"x"), "cannot be read"),
    ],
)
def test_trouble_exits_2_with_one_line(spoil: Callable[[Path], object], words: str, made: Made, run: Run) -> None:
    a, b = made("a", ONE, TWO), made("b", ONE)
    spoil(b)
    code, out, err = run(a, b)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("diff-prefs: ")
    assert words in err


def test_hostile_text_reaches_no_terminal_raw(made: Made, run: Run) -> None:
    row = pair(HOSTILE, f"{HOSTILE}一", "二", source="\x1b[31mred", source_row="\x1b]0;x\x07:1")
    for flags in ((), ("--json",)):
        _, out, _ = run(made(f"a{len(flags)}", ONE, row), made(f"b{len(flags)}", ONE), "--show", 2, *flags)
        assert "问题" not in out
        assert re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]", out) == []


def test_two_real_builds_differ_as_their_recipes_do(
    build_sample: Callable[..., list[Built]], tmp_path: Path, told: Callable[..., dict[str, Any]]
) -> None:
    (whole,) = build_sample(tmp_path / "whole")
    recipe = load_recipe("ct-llm")
    limits = recipe.limits.model_copy(update={"max_answer_chars": 60})
    (short,) = build_sample(tmp_path / "short", recipe=recipe.model_copy(update={"limits": limits}))
    found = told(whole.folder, short.folder)
    over = sum(account.dropped["check", "over_length"] for account in short.accounts)
    assert {each["reason"] for each in found["only_in_a"]} == {"over_length"}
    assert 0 < found["total"]["only_in_a"] <= over
    assert found["total"]["in_a"] - found["total"]["only_in_a"] + found["total"]["only_in_b"] == found["total"]["in_b"]
    assert "recipe.limits.max_answer_chars: 12000 → 60" in found["made_otherwise"]
