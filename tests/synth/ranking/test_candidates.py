"""Candidates scored and made into pairs, and what a build does with them."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from builders.build_prefs import main as build_prefs
from synth.judge_prefs import main
from tests.synth.place import waits
from tests.synth.played_server import PlayedServer
from tests.synth.scoring.scene import as_scores, honest, quality, write_candidates

Start = Callable[..., PlayedServer]
Run = Callable[..., tuple[int, str, str]]

GROUPS: dict[str, dict[str, str | None]] = {
    "怎样泡茶？": {
        "m1": "质量5：水温八十度，泡三分钟就好。",
        "m2": "质量2：随便泡泡。",
        "m3": "质量3：用热水泡一会儿茶叶。",
    },
    "怎样做饭？": {"m1": "质量4：先淘米再加水煮。", "m2": "质量4：淘米之后加水煮熟。", "m3": None},
    "怎样洗衣？": {"m1": "质量1：不知道。", "m2": "  ", "m3": None},
    "怎样扫地？": {
        "m1": "质量3：从里往外慢慢扫干净。",
        "m2": "质量4：先洒水再从里往外扫。",
        "m3": "质量4：先洒水再从里往外扫。",
    },
}


@pytest.fixture
def score(tmp_path: Path, quick: None, capsys: pytest.CaptureFixture[str]) -> Run:
    """Score the candidates of `tmp_path/synth`: status, what it printed, what it said on stderr."""

    def run(url: str, *more: object, groups: Any = None, path: Path | None = None) -> tuple[int, str, str]:
        capsys.readouterr()
        given = path or write_candidates(tmp_path / "synth", GROUPS if groups is None else groups)
        flags = [given, "--out", tmp_path / "out", "--judge-model", "played", "--judge-url", url, *more]
        status = main([str(each) for each in flags])
        printed = capsys.readouterr()
        return status, printed.out, "".join(line for line in printed.err.splitlines(True) if not waits(line))

    return run


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(folder / "out" / f"{name}.parquet").to_pylist()
    return found


def made(folder: Path) -> list[tuple[str, str]]:
    return [(row["chosen"][0]["content"][:3], row["rejected"][0]["content"][:3]) for row in rows(folder, "pairs")]


def test_the_best_and_the_worst_become_a_pair_and_every_prompt_is_accounted_for(
    score: Run, tmp_path: Path, played: Start
) -> None:
    server = played(says=honest)
    status, out, _ = score(server.url, "--json")
    assert status == 0
    assert made(tmp_path) == [("质量5", "质量2"), ("质量4", "质量3")]
    (tea, _) = rows(tmp_path, "pairs")
    assert (tea["score_chosen"], tea["score_rejected"], tea["signal"], tea["license"]) == (5.0, 2.0, "model", "MIT")
    assert (tea["chosen_model"], tea["rejected_model"], tea["source"]) == ("m1", "m2", "synth_zh")
    assert tea["source_row"] == "prompts.jsonl:0"
    lost = {row["source_row"]: (row["reason"], row["evidence"]) for row in rows(tmp_path, "dropped")}
    assert lost == {
        "prompts.jsonl:1": ("judge_tie", "2 answers, all with the score 4"),
        "prompts.jsonl:2": ("too_few_answers", "1 of 1 answers have a score"),
    }
    assert server.counts["served"] == 8
    said = json.loads(out)
    assert said["pairs"] == {"pairs": 2, "prompts": 2, "prompts_without": {"judge_tie": 1, "too_few_answers": 1}}
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_bytes())
    assert manifest["judged"]["left_out"] == [
        {"source": "synth_zh", "reason": "no_text", "rows": 3},
        {"source": "synth_zh", "reason": "repeated", "rows": 1},
    ]
    assert manifest["scale"].startswith("the mean over the aspects of a rubric, from 1 to 5")
    assert {row["id"] for row in rows(tmp_path, "scores")} == {row["id"] for row in rows(tmp_path, "pairs")}
    assert not (tmp_path / "out" / "report.html").exists()


@pytest.mark.parametrize(
    ("more", "pairs"),
    [
        (["--choose", "above_margin", "--margin", "1"], [("质量5", "质量3"), ("质量5", "质量2")]),
        (["--choose", "adjacent"], [("质量5", "质量3"), ("质量3", "质量2"), ("质量4", "质量3")]),
        (["--choose", "closest_length", "--margin", "1"], [("质量5", "质量3")]),
        (["--margin", "3"], []),
    ],
)
def test_other_rules_take_other_pairs_and_ask_nothing_anew(
    more: list[str], pairs: list[tuple[str, str]], score: Run, tmp_path: Path, played: Start
) -> None:
    server = played(says=honest)
    score(server.url)
    status, out, _ = score(server.url, *more)
    assert status == 0
    assert "nothing was asked" in out
    assert made(tmp_path) == pairs
    assert Counter(row["reason"] for row in rows(tmp_path, "dropped"))["margin"] == 2 - len(
        {row["source_row"] for row in rows(tmp_path, "pairs")}
    )


def test_a_build_takes_the_pairs_and_their_margin(
    score: Run, tmp_path: Path, played: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    score(played(says=honest).url)
    out = tmp_path / "out"
    build = ["--lang", "zh", "--sample", "--only", "synth_zh", "--synth", out, "--judged", out, "--min-margin", "2"]
    status = build_prefs([str(each) for each in [*build, "--out", tmp_path / "prefs", "--json"]])
    printed = capsys.readouterr()
    assert status == 0, printed.err
    (source,) = json.loads(printed.out)["built"][0]["sources"]
    assert source["pairs_dropped"]["judge"] == {"margin": 1}
    assert source["pairs_made"] == 2
    (written,) = [
        row for path in (tmp_path / "prefs" / "zh" / "data").iterdir() for row in pq.read_table(path).to_pylist()
    ]
    assert (written["score_chosen"], written["score_rejected"]) == (5.0, 2.0)
    manifest = json.loads((tmp_path / "prefs" / "zh" / "manifest.json").read_bytes())
    assert "from 1 to 5" in json.dumps(manifest)
    for name in ("report.html", "README.md"):
        assert "it scored candidates" in (tmp_path / "prefs" / "zh" / name).read_text(encoding="utf-8")


def test_several_judges_and_the_recipe_of_coig_p(score: Run, tmp_path: Path, played: Start) -> None:
    def says(body: dict[str, Any]) -> str:
        return as_scores(min(10, 2 * quality(body)) if body["model"] == "played" else 10)

    server = played(says=says, models=["played", "generous"])
    status, out, _ = score(server.url, "--judge-model", "generous", "--recipe", "coig-p", "--json")
    assert status == 0
    assert json.loads(out)["together"]["rule"] == "mean"
    assert made(tmp_path) == [("质量5", "质量2")]
    (tea,) = rows(tmp_path, "pairs")
    assert (tea["score_chosen"], tea["score_rejected"]) == (10.0, 7.0)
    assert {row["judge"] for row in rows(tmp_path, "scores")} == {"played", "generous", "together:mean"}
    assert "logprobs" not in server.log[-1]["body"]
    status, out, _ = score(server.url, "--judge-model", "generous", "--recipe", "coig-p", "--together", "all")
    assert status == 0
    assert "nothing was asked" in out
    assert made(tmp_path) == []


def test_a_sample_is_of_prompts_and_a_larger_one_pays_only_for_more(score: Run, tmp_path: Path, played: Start) -> None:
    server = played(says=honest)
    score(server.url, "--sample", 2)
    few = {row["source_row"] for row in rows(tmp_path, "answers")}
    assert len(few) <= 2
    score(server.url)
    assert few < {row["source_row"] for row in rows(tmp_path, "answers")}
    assert server.counts["served"] == server.counts["distinct"] == 8


def test_a_column_says_the_domain_of_a_candidate(score: Run, tmp_path: Path, played: Start) -> None:
    path = write_candidates(tmp_path / "synth", GROUPS, field=lambda prompt, _: "maths" if "茶" in prompt else "chat")

    def says(body: dict[str, Any]) -> str:
        properties = body["response_format"]["json_schema"]["schema"]["properties"]
        return as_scores(quality(body), [name for name in properties if name != "reason"])

    assert score(played(says=says).url, "--domain-column", "field", path=path)[0] == 0
    assert Counter(row["domain"] for row in rows(tmp_path, "answers")) == {"maths": 12, "chat": 20}


def test_an_answer_in_which_synth_found_a_fault_is_no_candidate(score: Run, tmp_path: Path, played: Start) -> None:
    path = write_candidates(tmp_path / "synth", GROUPS)
    table = pq.read_table(path)
    fate = ["pair", "template_token", "not_taken", *["candidate"] * (len(table) - 3)]
    pq.write_table(table.set_column(table.schema.get_field_index("became"), "became", [fate]), path)
    assert score(played(says=honest).url, path=path)[0] == 0
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_bytes())
    assert {"source": "synth_zh", "reason": "template_token", "rows": 1} in manifest["judged"]["left_out"]
    assert made(tmp_path)[0] == ("质量5", "质量3")


def test_rows_of_one_prompt_must_stand_together(score: Run, tmp_path: Path, played: Start) -> None:
    path = write_candidates(tmp_path / "synth", GROUPS)
    table = pq.read_table(path)
    pq.write_table(table.take([3, 0, 4]), path)
    status, _, err = score(played(says=honest).url, path=path)
    assert status == 1
    assert "the rows of synth_zh prompts.jsonl:1 do not stand together" in err


def test_bad_input_is_one_line(score: Run, tmp_path: Path, played: Start) -> None:
    url = played(says=honest).url
    path = write_candidates(tmp_path / "synth", GROUPS)
    assert "--mode pairwise" in score(url, "--mode", "pairwise", path=path)[2]
    (tmp_path / "synth" / "manifest.json").unlink()
    assert "--lang: no manifest beside" in score(url, path=path)[2]
    assert score(url, "--lang", "zh", path=path)[0] == 0
    table = pq.read_table(path)
    pq.write_table(table.append_column("domain", [[[1]] * len(table)]), path)
    assert "column domain holds list" in score(url, "--lang", "zh", path=path)[2]
    pq.write_table(table.drop_columns(["model", "prompt"]), path)
    assert "has no column prompt, model" in score(url, "--lang", "zh", path=path)[2]
    assert "holds no candidate with a text" in score(url, groups={"问": {"m": None}})[2]
