"""The command around the rules: formats, layouts, exit statuses, what it prints, what it leaves."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders.gathering import workers as processes
from builders.lint_prefs import main
from builders.linting.rules import RULES

RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
ESCAPES = "\x1b[31mred\x9b2J\u202eevil\x07"


def test_the_json_has_this_shape(lint: Any, write: Callable[..., Path], pair: Any, clean_rows: Any) -> None:
    said = lint(write([*clean_rows, pair(rejected="")])).said
    assert list(said) == [
        "files",
        "remarks",
        "rows",
        "pairs",
        "pairs_by_split",
        "pairs_by_language",
        "columns_not_used",
        "layouts",
        "length_auc",
        "giveaways",
        "findings",
        "not_checked",
        "seconds",
    ]
    looks_like = '{"prompt": "...", "chosen": "...", "rejected": "..."}, or lists of answers'
    why = f"13 of the first 13 rows look like {looks_like}"
    assert said["files"] == [{"file": "data.jsonl", "layout": "trl-standard", "why": why}]
    assert (said["rows"], said["pairs"]) == (13, 13)
    assert (said["pairs_by_split"], said["pairs_by_language"]) == ({"train": 13}, {"zh": 13})
    assert said["findings"] == [
        {
            "rule": "empty_side",
            "severity": "error",
            "what": "prompt, chosen or rejected is empty",
            "count": 1,
            "of": 13,
            "examples": [{"where": "data.jsonl:12 (夸夸这只猫。)", "evidence": "rejected empty"}],
        }
    ]


def test_findings_come_in_the_order_of_the_rules_with_three_examples(
    lint: Any, write: Callable[..., Path], pair: Any
) -> None:
    rows = [pair(f"第{n}个问题？", "", f"第{n}个\ufffd。") for n in range(5)]
    said = lint(write([*rows, pair("1？", "我无法回答这个问题。", "一。")])).said
    codes = [rule.code for rule in RULES]
    found = [each["rule"] for each in said["findings"]]
    assert found == sorted(found, key=codes.index) == ["empty_side", "mojibake_rejected", "refusal_chosen"]
    assert [len(each["examples"]) for each in said["findings"]] == [3, 3, 1]


def test_the_table_names_the_layout_the_rules_and_an_example(
    write: Callable[..., Path], pair: Any, clean_rows: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(write([*clean_rows, pair(chosen="", rejected="不。")]))]) == 1
    printed = capsys.readouterr()
    assert printed.err == ""
    assert "data.jsonl is trl-standard: 13 of the first 13 rows look like" in printed.out
    assert "13 rows, 13 pairs (train 13; zh 13); the longer answer is chosen" in printed.out
    assert re.search(r"^empty_side +1 +7\.7%  prompt, chosen or rejected is empty", printed.out, re.MULTILINE)
    assert "data.jsonl:12 (夸夸这只猫。): chosen empty" in printed.out
    assert "1 error; lint-prefs --explain CODE says more of a rule." in printed.out
    assert main([str(write(clean_rows))]) == 0
    assert "Nothing was found." in capsys.readouterr().out


def test_upstream_text_is_escaped_wherever_it_is_shown(
    write: Callable[..., Path], pair: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [pair(ESCAPES, f"a{ESCAPES}", ESCAPES), {"prompt": "a", "chosen": [ESCAPES], "rejected": ESCAPES}]
    rows += [pair(ESCAPES, f"a{ESCAPES}", ESCAPES), pair("[red]x[/red]", "[bold]", "")] + [pair()] * 20
    path = write(rows, "e\x1b[31mvil\u202e.jsonl")
    for flags in ([], ["--json"]):
        assert main([str(path), *flags]) == 1
        printed = capsys.readouterr()
        assert not RAW.search(printed.out + printed.err)
        assert "\\x1b[31m" in printed.out
    assert main([str(tmp_path / ESCAPES)]) == 1
    assert not RAW.search(capsys.readouterr().err)


def test_chinese_and_english_pairs_in_one_file_are_both_checked(
    lint: Any, write: Callable[..., Path], pair: Any, clean_rows: Any
) -> None:
    rows = [
        *clean_rows,
        pair("Name a colour.", "Green is one.", "Green  is one. "),
        pair("说一种颜色。", "绿。", "绿。"),
    ]
    linted = lint(write(rows))
    assert linted.counts == {"identical_sides": 2}
    assert linted.said["pairs_by_language"] == {"zh": 13, "en": 1}


def test_the_same_answer_whatever_the_number_of_processes(
    write: Callable[..., Path], pair: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "SMALL_BYTES", 0)
    for name in ("train.jsonl", "test.jsonl"):
        write([pair(f"{name}：第{n}个问题？", "答" * 90, "不" * (n % 7)) for n in range(200)], name)
    folder = write([pair()], "dev.jsonl").parent
    said = []
    for workers in ("1", "2"):
        main([str(folder), "--json", "--workers", workers])
        said.append({**json.loads(capsys.readouterr().out), "seconds": 0})
    assert said[0] == said[1]
    assert said[0]["pairs"] == 401


@pytest.mark.parametrize(
    ("fail_on", "status"),
    [
        ("error", 0),
        ("warning", 1),
        ("info", 1),
        ("never", 0),
        ("refusal_chosen", 0),
        ("empty_side,exact_duplicate", 1),
        ("exact_duplicate , empty_side", 1),
        ("mojibake", 0),
    ],
)
def test_fail_on_says_what_makes_it_fail(
    fail_on: str, status: int, lint: Any, write: Callable[..., Path], pair: Any
) -> None:
    assert lint(write([pair(), pair()]), "--fail-on", fail_on).status == status


def test_an_error_makes_it_fail_where_nothing_is_said(lint: Any, write: Callable[..., Path], pair: Any) -> None:
    assert lint(write([pair(chosen="")])).status == 1
    assert lint(write([pair(chosen="")]), "--fail-on", "never").status == 0
    assert lint(write([pair(chosen="我无法回答这个问题。")])).status == 0
    assert lint(write([pair(chosen="我无法回答这个问题。")]), "--fail-on", "info").status == 1


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (
            ["--fail-on", "contradictions"],
            ["--fail-on: no rule is called contradictions", "Did you mean contradiction?"],
        ),
        (["--fail-on", "error,warning"], ["--fail-on: no rule is called error"]),
        (["--fail-on", ""], ["--fail-on: no rule is called"]),
        (["--layout", "trl_standard"], ["--layout: no layout is called trl_standard", "Did you mean trl-standard?"]),
        (["--layout", "keys(prompt=a,chosen=b)"], ["--layout: ", "names prompt, chosen", "each once"]),
        (["--benchmarks", "/none/there"], ["--benchmarks: no folder /none/there"]),
    ],
)
def test_wrong_usage_is_one_line(
    flags: list[str], words: list[str], refused: Any, write: Callable[..., Path], pair: Any
) -> None:
    said = refused(write([pair()]), *flags, status=2)
    assert [word for word in words if word not in said] == []


def test_an_unknown_rule_is_not_explained(refused: Any) -> None:
    assert "Did you mean near_duplicate?" in refused("--explain", "near_duplicates", status=2)


@pytest.mark.parametrize("flags", [[], ["--limit", "0"], ["--max-tokens", "x"], ["a", "b"], ["--nothing"]])
def test_wrong_flags_exit_with_2(flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(flags)
    assert caught.value.code == 2
    assert "lint-prefs: error: " in capsys.readouterr().err
