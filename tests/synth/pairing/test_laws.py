"""Laws of every run: all prompts and answers accounted for, the same files in any order of the answers."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.building.pipeline import Built
from sources.pairs.schema import DROPPED, PAIRS
from synth.job.completion import Completion, Outcome, Refusal, Side
from synth.journal.journal import NAME, Entry, Journal
from synth.journal.out_folder import MANIFEST
from synth.pairing.candidates import CANDIDATES
from synth.pairing.write import SCHEMAS
from synth.synth_prefs import main, make_job, parse
from tests.synth.made import as_lines, user

TEXTS = [
    "我觉得应该少熬夜，多喝水，心情放松一点。",
    " 可以试着每天早起跑步，再吃一顿简单的早饭。\n",
    "多吃蔬菜，按时睡觉，每天走路半小时，就能保持健康。",
    "多吃蔬菜, 按时睡觉, 每天走路半小时, 就能保持健康",
    "",
    "You should eat more vegetables and go to bed early every day.",
    "### 指令：\n再来一次",
    "字" * 70,
    "空字符\x00在这里",
    "𠮷😀家",
]
COMPLETIONS = st.builds(
    Completion,
    st.sampled_from(TEXTS),
    st.sampled_from(["stop", "length", None]),
    st.sampled_from([None, 3]),
    st.sampled_from([None, 5]),
)
RARE: dict[int, Outcome | None] = {8: None, 9: Refusal(400, "too long")}
OUTCOMES = st.tuples(st.integers(0, 9), COMPLETIONS).map(lambda drawn: RARE.get(drawn[0], drawn[1]))
PROMPTS = [
    {"prompt": "怎样保持健康？", "chosen": TEXTS[2]},
    {"prompt": "怎样早起？", "chosen": " 早睡才能早起。 "},
    {"prompt": user("讲个笑话。"), "chosen": "从前有座山，山里有座庙。"},
    {"prompt": "没有答案的问题"},
    {"prompt": " ", "chosen": "空问题"},
    {"prompt": 5, "chosen": "数字"},
]


@dataclass(frozen=True)
class Case:
    """A run: rows of a file, how many rejected answers, which rule, whether chosen is asked for, what was answered."""

    rows: list[dict[str, Any]]
    answers: int
    pairing: str
    asks_chosen: bool
    outcomes: list[Outcome | None]

    def flags(self, folder: Path) -> list[str]:
        (folder / "prompts.jsonl").write_text(as_lines(self.rows), encoding="utf-8")
        (folder / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
        url = "http://127.0.0.1:9/v1"
        flags = ["--lang", "zh", "--prompts", folder / "prompts.jsonl", "--recipe", folder / "recipe.yaml"]
        flags += ["--out", folder / "out", "--rejected-model", "weak", "--rejected-url", url, "--pairing", self.pairing]
        flags += ["--chosen-model", "strong", "--chosen-url", url] * self.asks_chosen
        return [str(flag) for flag in [*flags, "--num-rejected", self.answers, "--collect", "--json"]]

    def run(self, folder: Path, order: Random) -> int:
        """Fill the journal in some order, and make pairs of it; the exit status."""
        flags = self.flags(folder)
        job = make_job(parse(flags))
        (folder / "out").mkdir()
        journal, entries = Journal(folder / "out" / NAME), list[Entry]()
        outcomes = iter(self.outcomes)
        turns = {json.dumps(row["prompt"]): row["prompt"] for row in self.rows}
        for model in job.models:
            one = job.writer(model, "chat")
            for prompt in turns.values():
                for index in range(one.answers if isinstance(prompt, str | list) else 0):
                    outcome = next(outcomes, None)
                    if outcome is not None:
                        key = one.request(user(prompt) if isinstance(prompt, str) else prompt, index).key
                        entries.append(Entry(key, model.side, model.name, outcome))
        order.shuffle(entries)
        journal.append(entries)
        journal.close()
        return main(flags)


RECIPE = """
name: law
rejected: {api: chat, sampling: {max_tokens: 64}}
checks: {empty_side: drop, identical_sides: drop, nearly_identical: drop, answer_language: drop,
  control_characters: drop}
"""
CASES = st.builds(
    Case,
    st.lists(st.sampled_from(PROMPTS), min_size=1, max_size=8).map(lambda rows: [PROMPTS[0], *rows]),
    st.integers(1, 3),
    st.sampled_from(["first", "all", "closest_length"]),
    st.booleans(),
    st.lists(OUTCOMES, min_size=12, max_size=30),
)


def table(folder: Path, name: str) -> list[dict[str, Any]]:
    read = pq.read_table(folder / "out" / name)
    assert read.schema.equals(SCHEMAS[name])
    rows: list[dict[str, Any]] = read.to_pylist()
    return rows


def number(row: dict[str, Any]) -> int:
    name, _, place = row["source_row"].rpartition(":")
    assert name == "prompts.jsonl"
    return int(place)


def reasons(counts: dict[str, dict[str, int]]) -> Counter[tuple[str, str]]:
    return Counter({(stage, reason): n for stage, found in counts.items() for reason, n in found.items()})


@given(CASES)
def test_every_prompt_and_every_answer_is_accounted_for(case: Case) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        if case.run(folder, Random(0)):
            assert {path.name for path in (folder / "out").glob("[!.]*")} <= {NAME}
            return
        pairs, dropped, candidates = (table(folder, f"{kind}.parquet") for kind in ("pairs", "dropped", "candidates"))
        account = json.loads((folder / "out" / MANIFEST).read_text(encoding="utf-8"))["account"]
    lost = [row for row in dropped if row["prompt"] is None]
    given_up = [row for row in dropped if row["prompt"] is not None]
    assert {number(row) for row in pairs + dropped} == set(range(len(case.rows)))
    assert {number(row) for row in lost}.isdisjoint(number(row) for row in pairs + given_up)
    assert account["rows_read"] == len(case.rows) == account["rows_used"] + len(lost)
    assert account["pairs_made"] == len(pairs) + len(given_up)
    assert (account["train"], account["test"]) == (len(pairs), 0)
    assert reasons(account["rows_skipped"]) == Counter((row["stage"], row["reason"]) for row in lost)
    assert reasons(account["pairs_dropped"]) == Counter((row["stage"], row["reason"]) for row in given_up)
    assert account["tags"] == dict(sorted(Counter(tag for row in pairs for tag in row["tags"]).items()))
    check_candidates(case, pairs, dropped, candidates)


def check_candidates(case: Case, pairs: list[Any], dropped: list[Any], candidates: list[Any]) -> None:
    """Every place of an answer is there once and says what became of it."""
    prompts = sorted({number(row) for row in candidates})
    sides: list[tuple[Side, int]] = [("chosen", 0), *(("rejected", n) for n in range(case.answers))]
    assert [(number(row), row["side"], row["answer"]) for row in candidates] == [
        (prompt, *side) for prompt in prompts for side in sides
    ]
    assert set(range(len(case.rows))) - set(prompts) == {number(row) for row in dropped if row["stage"] != "ask"} - set(
        prompts
    )
    assert all(row["became"] for row in candidates)
    rejected = [row for row in candidates if row["side"] == "rejected"]
    became = Counter((number(row), row["became"]) for row in rejected)
    assert Counter(number(row) for row in pairs) == Counter(
        {prompt: n for (prompt, fate), n in became.items() if fate == "pair"}
    )
    for row in dropped:
        if row["prompt"] is not None:
            assert became[number(row), row["reason"]] > 0
    texts = {(number(row), (row["text"] or "").strip()) for row in rejected if row["became"] == "pair"}
    assert {(number(row), row["rejected"][0]["content"]) for row in pairs} == texts
    assert all(len(row["key"]) == 32 for row in rejected)


@given(CASES, st.integers(1, 1000))
def test_the_files_do_not_depend_on_the_order_of_the_answers(case: Case, seed: int) -> None:
    seen = []
    for order in (Random(0), Random(seed)):
        with TemporaryDirectory() as name:
            status = case.run(Path(name), order)
            files = [Path(name) / "out" / file for file in (*SCHEMAS, MANIFEST)]
            seen.append([status, *(file.read_bytes() for file in files if file.exists())])
    assert seen[0] == seen[1]


def test_the_schemas_are_those_that_were_promised() -> None:
    assert {"pairs.parquet": PAIRS, "candidates.parquet": CANDIDATES, "dropped.parquet": DROPPED} == SCHEMAS


def test_a_build_takes_the_pairs_and_accounts_for_every_prompt(
    tmp_path: Path, build_sample: Callable[..., list[Built]]
) -> None:
    good, bad = Completion(TEXTS[0], "length", 1, 2), Completion("", "stop", 1, 0)
    case = Case(PROMPTS, 2, "all", False, [good, Completion(TEXTS[7], "stop", 1, 2), bad, bad, Refusal(400, "no")])
    assert case.run(tmp_path, Random(0)) == 0
    (built,) = build_sample(synth=tmp_path / "out", only=("synth_zh",))
    (account,) = [account for account in built.accounts if account.source == "synth_zh"]
    assert account.rows_used == 2
    assert account.skipped == Counter(
        {
            ("adapt", "empty_side"): 2,
            ("adapt", "refused"): 1,
            ("adapt", "no_chosen"): 1,
            ("adapt", "empty_prompt"): 1,
            ("adapt", "broken_turns"): 1,
        }
    )
    kept = pq.read_table(tmp_path / "out" / "pairs.parquet").to_pylist()
    assert [row["tags"] for row in kept] == [["cut_by_length_rejected"], []]
    assert {row["rejected_model"] for row in kept} == {"weak"}


@pytest.mark.parametrize("pairing", ["first", "all", "closest_length"])
def test_pairs_can_be_made_anew_by_another_rule(pairing: str, tmp_path: Path) -> None:
    outcomes: list[Outcome | None] = [Completion(text, "stop", 1, 2) for text in (*TEXTS[:2], *TEXTS[:2], *TEXTS[:2])]
    case = Case(PROMPTS[:3], 2, "first", False, outcomes)
    assert case.run(tmp_path, Random(0)) == 0
    before = (tmp_path / "out" / "candidates.parquet").read_bytes()
    again = Case(case.rows, 2, pairing, False, [])
    assert main(again.flags(tmp_path)) == 0
    assert len(table(tmp_path, "pairs.parquet")) == (6 if pairing == "all" else 3)
    changed = (tmp_path / "out" / "candidates.parquet").read_bytes() != before
    assert changed == (pairing != "first")
