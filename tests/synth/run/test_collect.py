"""Answers of several models to the same prompts are collected, each with what became of it; no pair is made."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from synth.synth_prefs import main
from tests.synth.place import Place, Said, question
from tests.synth.played_server import PlayedServer

Start = Callable[..., PlayedServer]
Collect = Callable[..., Said]
ONE = ("--candidate-model", "m=http://x")
FILES = ("candidates.parquet", "dropped.parquet", "manifest.json")


@pytest.fixture
def collect(place: Place, quick: None, capsys: pytest.CaptureFixture[str]) -> Collect:
    """Run synth-prefs with these candidates: what it said."""

    def run(*given: object, code: int = 0, at: Place = place) -> Said:
        capsys.readouterr()
        prompts = ["--lang", "zh", "--prompts", place.folder / "prompts.jsonl", "--out", at.out]
        status = main([str(word) for word in (*prompts, *given)])
        printed = capsys.readouterr()
        assert status == code, printed.err
        assert printed.err.count("\n") == bool(code)
        return Said(status, printed.out, printed.err)

    return run


def named(server: PlayedServer, *models: str) -> list[str]:
    return [word for model in models for word in ("--candidate-model", f"{model}={server.url}")]


def test_each_model_answers_each_prompt_so_often(collect: Collect, place: Place, played: Start) -> None:
    server = played(models=("a", "b=c"))
    said = collect(*named(server, "a", "b=c"), "--answers", 3)
    rows = place.rows("candidates")
    assert Counter((row["model"], row["answer"]) for row in rows) == {
        (m, n): 12 for m in ("a", "b=c") for n in range(3)
    }
    assert [row["source_row"] for row in rows[::6]] == [f"prompts.jsonl:{n}" for n in range(12)]
    assert {(row["side"], row["became"]) for row in rows} == {("candidate", "candidate")}
    assert len({row["text"] for row in rows}) == 72
    assert "answers wanted" in said.out
    assert not (place.out / "pairs.parquet").exists()


def test_prompts_need_no_chosen_answer(collect: Collect, place: Place, played: Start) -> None:
    place.write_rows([{"prompt": question(n)} for n in range(3)])
    collect(*named(played(), "played"))
    assert [row["prompt"][0]["content"] for row in place.rows("candidates")] == [question(n) for n in range(3)]


def test_an_answer_that_is_none_keeps_its_place_and_its_reason(collect: Collect, place: Place, played: Start) -> None:
    rules: list[Any] = [
        {"match": question(2), "play": {"message": {"content": None, "reasoning": "先想"}, "finish": "length"}},
        {"match": question(4), "play": {"text": " "}},
        {"match": question(6), "play": 400},
    ]
    said = json.loads(collect(*named(played(rules=rules), "played"), "--answers", 2, "--json").out)
    lost = {row["source_row"]: (row["became"], row["reasoning"]) for row in place.rows("candidates") if row["evidence"]}
    assert lost == {
        "prompts.jsonl:2": ("thinking_cut", "先想"),
        "prompts.jsonl:4": ("empty_side", None),
        "prompts.jsonl:6": ("refused", None),
    }
    assert said["without_answer"] == {"played": {"thinking_cut": 2, "empty_side": 2, "refused": 2}}
    assert {row: reason for row, (reason, _) in place.lost().items()} == {
        "2": "thinking_cut",
        "4": "empty_side",
        "6": "refused",
    }
    assert (said["account"]["rows_read"], said["account"]["rows_used"]) == (12, 9)


def test_a_base_model_that_goes_on_with_the_template_gives_no_candidate(
    collect: Collect, place: Place, played: Start
) -> None:
    rules = [{"match": question(1), "play": {"text": "好。\n### 指令： 继续"}}]
    server = played(chat_template=False, rules=rules)
    recipe = place.write_file(
        "r.yaml", "name: r\nrejected: {sampling: {max_tokens: 9}}\ncandidate: {sampling: {max_tokens: 99}}"
    )
    template = place.write_file("t.yaml", "user: '### 指令：{content}'\nassistant: '{content}'\nanswer: ''\n")
    collect(*named(server, "played"), "--recipe", recipe, "--template", template)
    assert Counter(row["became"] for row in place.rows("candidates")) == {"candidate": 11, "repeats_template": 1}
    assert server.log[-1]["body"]["max_tokens"] == 99


def test_the_manifest_says_who_answered_how_and_nothing_of_the_place(
    collect: Collect, place: Place, played: Start
) -> None:
    server = played(models=("a", "b"))
    collect(*named(server, "a"), "--on-policy", "--answers", 2)
    found = json.loads((place.out / "manifest.json").read_bytes())
    assert found["flags"] == {"limit": None, "seed": 0, "answers": 2, "on_policy": True}
    (one,) = found["candidates"]
    assert (one["side"], one["model"], one["answers"], one["without_answer"]) == ("candidate", "a", 2, {})
    assert one["tokens"]["answers"] == 24
    assert str(place.folder) not in (text := json.dumps(found))
    assert "127.0.0.1" not in text


def test_a_second_run_asks_only_for_what_is_new_and_writes_the_same_bytes_as_one(
    collect: Collect, place: Place, played: Start
) -> None:
    server = played(models=("a", "b"))
    collect(*named(server, "a"), "--answers", 2)
    collect(*named(server, "a", "b"), "--answers", 2)
    assert server.counts["served"] == 48
    alone = place.other("alone")
    collect(*named(played(models=("a", "b")), "a", "b"), "--answers", 2, "--concurrency", 3, at=alone)
    for name in FILES:
        assert (place.out / name).read_bytes() == (alone.out / name).read_bytes()


def test_candidates_and_pairs_do_not_share_a_folder(
    collect: Collect, synth: Callable[..., Said], place: Place, played: Start
) -> None:
    server = played()
    collect(*named(server, "played"))
    assert "is there, and no run of synth-prefs wrote it" in synth(server.url, code=1).err
    synth(server.url, at=place.other("pairs"))
    said = collect(*named(server, "played"), at=place.other("pairs"), code=1)
    assert "is there, and no run of synth-prefs --candidate-model wrote it" in said.err


def test_a_key_goes_to_the_first_server_only(collect: Collect, played: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANDIDATE_API_KEY", "k-secret")
    one, other = played(models=("a",), key="k-secret"), played(models=("b",), watch_for=("k-secret",))
    collect(*named(one, "a"), *named(other, "b"))
    assert other.counts["watched"] == {"k-secret": []}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--candidate-model", "m"], "--candidate-model: number 1 is no NAME=URL"),
        (["--candidate-model", "=http://x"], "--candidate-model: number 1 is no NAME=URL"),
        (["--candidate-model", "m=http://x:y@h?k=v"], "--candidate-model: number 1 is no NAME=URL"),
        ([*ONE, "--candidate-model", "m=http://y"], "a model is given twice"),
        (
            [*ONE, "--num-rejected", "2"],
            "--num-rejected: says nothing with --candidate-model",
        ),
        ([*ONE, "--chosen-model", "c"], "--chosen-model: says nothing with"),
        ([*ONE, "--rejected-from", "hotter"], "--rejected-from: says nothing with"),
        (
            [*ONE, "--candidate-model", "n=http://x", "--on-policy"],
            "--on-policy: 2 candidates",
        ),
        (["--rejected-model", "m", "--answers", "2"], "--answers: needs --candidate-model"),
        (["--candidate-model", "m", "--candidate-model", "n", "--engine", "vllm"], "--engine vllm: 2 candidates"),
    ],
)
def test_options_that_do_not_fit_are_one_clear_line(given: list[str], words: str, collect: Collect) -> None:
    assert words in collect(*given, code=2).err
