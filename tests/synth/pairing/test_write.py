"""The files of a run hold every row once, in row groups of a fixed size, and come into their place together."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from sources.command.errors import AccountingError
from synth.job.answer_checks import AnswerLimits
from synth.job.completion import Outcome, Refusal
from synth.job.prompts import Prompts
from synth.journal.journal import NAME, Entry, Journal
from synth.journal.out_folder import MANIFEST, put_in_place
from synth.pairing.candidates import Answered, Writers, answered
from synth.pairing.pair import Rule
from synth.pairing.write import SCHEMAS, write_files
from tests.synth.made import own, said, user, writer

RULE = Rule("first", {"empty_side": "drop"}, AnswerLimits())
PARTS = ("pairs", "dropped")
Answer = Callable[[int], Outcome | None]


@pytest.fixture
def groups(tmp_path: Path) -> Callable[..., tuple[Prompts, Iterator[list[Answered]]]]:
    """Prompts with what was answered to each."""

    def make(count: int, answer: Answer, without: int = 0) -> tuple[Prompts, Iterator[list[Answered]]]:
        rows = [{"prompt": f"第{n}问", "chosen": f"第{n}答"} for n in range(count)]
        prompts = own(tmp_path, [*rows, *({"prompt": " ", "chosen": "答"} for _ in range(without))])
        journal, weak = Journal(tmp_path / NAME), writer()
        outcomes = [(weak.request(user(f"第{n}问"), 0).key, answer(n)) for n in range(count)]
        journal.append([Entry(key, "rejected", "weak", outcome) for key, outcome in outcomes if outcome is not None])
        found = list(answered(prompts, Writers(weak, None), journal, lambda _: ("no_answer", "")))
        journal.close()
        return prompts, iter(found)

    return make


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(folder / f"{name}.parquet").to_pylist()
    return found


def group_sizes(path: Path) -> list[int]:
    read = pq.read_metadata(path)
    return [read.row_group(number).num_rows for number in range(read.num_row_groups)]


def mixed(n: int) -> Outcome | None:
    """A pair, a drop, a refusal, nothing, by turns."""
    return (said(f"第{n}个弱回答"), said(""), Refusal(400, "no"), None)[n % 4]


def test_every_row_is_in_one_file_or_the_other_and_counted(groups: Any, tmp_path: Path) -> None:
    prompts, found = groups(40, mixed, without=3)
    account, files, tokens = write_files(found, prompts, RULE, tmp_path)
    assert (account.rows_read, account.rows_used, account.pairs_made, account.train) == (43, 20, 20, 10)
    assert account.skipped == Counter({("adapt", "empty_prompt"): 3, ("ask", "refused"): 10, ("ask", "no_answer"): 10})
    assert account.dropped == Counter({("check", "empty_side"): 10})
    assert [(file.path, file.rows) for file in files] == [
        ("pairs.parquet", 10),
        ("candidates.parquet", 80),
        ("dropped.parquet", 33),
    ]
    assert tokens == {
        "chosen": {},
        "rejected": {"answers": 20, "completion_tokens": 100, "prompt_tokens": 60},
    }
    places = {name: [int(row["source_row"].split(":")[1]) for row in rows(tmp_path, name)] for name in PARTS}
    assert sorted(places["pairs"] + places["dropped"]) == [*range(43)]
    assert places["pairs"] == sorted(places["pairs"])
    assert places["dropped"] == [40, 41, 42, *sorted(places["dropped"][3:])]


@pytest.mark.parametrize("count", [1, 9, 10, 11, 20, 35])
def test_row_groups_have_a_fixed_size_whatever_sizes_come_in(
    count: int, groups: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synth.pairing.write.ROWS", 10)
    monkeypatch.setattr("synth.pairing.candidates.ANSWERS_AT_ONCE", 7)
    prompts, found = groups(count, lambda n: said(f"第{n}个弱回答"))
    write_files(found, prompts, RULE, tmp_path)
    whole, rest = divmod(count, 10)
    assert group_sizes(tmp_path / "pairs.parquet") == [10] * whole + [rest] * bool(rest)
    assert sum(group_sizes(tmp_path / "candidates.parquet")) == 2 * count
    assert [row["source_row"] for row in rows(tmp_path, "pairs")] == [f"prompts.jsonl:{n}" for n in range(count)]


def test_the_bytes_do_not_depend_on_how_many_prompts_are_looked_at_at_once(
    groups: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synth.pairing.write.ROWS", 10)
    seen = set()
    for at_once in (1, 3, 8, 1000):
        monkeypatch.setattr("synth.pairing.candidates.ANSWERS_AT_ONCE", at_once)
        prompts, found = groups(37, mixed, without=2)
        write_files(found, prompts, RULE, tmp_path)
        seen.add(tuple((tmp_path / name).read_bytes() for name in SCHEMAS))
    assert len(seen) == 1


@pytest.mark.parametrize("outcome", [said(""), Refusal(400, "no"), None, said("弱回答")])
def test_files_without_rows_have_their_schema_still(outcome: Outcome | None, groups: Any, tmp_path: Path) -> None:
    prompts, found = groups(3, lambda _: outcome)
    account, _, _ = write_files(found, prompts, RULE, tmp_path)
    for name, schema in SCHEMAS.items():
        table = pq.read_table(tmp_path / name)
        assert table.schema.equals(schema)
        assert group_sizes(tmp_path / name) == [len(table)] or not len(table)
    assert account.train == (3 if outcome == said("弱回答") else 0)


def test_a_row_that_nobody_accounts_for_is_an_error(groups: Any, tmp_path: Path) -> None:
    prompts, found = groups(5, mixed)
    short = ([one for one in group if one.row != 3] for group in found)
    with pytest.raises(AccountingError, match="5 rows read, but 4 found"):
        write_files(short, prompts, RULE, tmp_path)


def test_files_come_into_their_place_with_the_manifest_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, out = tmp_path / "made", tmp_path / "out"
    for folder, word in ((made, "new"), (out, "old")):
        folder.mkdir()
        for name in (*SCHEMAS, MANIFEST):
            (folder / name).write_text(word)
    rename, moments = Path.rename, list[dict[str, str]]()

    def watched(self: Path, target: Path) -> Path:
        moments.append({path.name: path.read_text() for path in out.iterdir()})
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", watched)
    put_in_place(made, out, list(SCHEMAS))
    assert {path.name: path.read_text() for path in out.iterdir()} == dict.fromkeys((*SCHEMAS, MANIFEST), "new")
    assert not any(MANIFEST in moment for moment in moments)
    assert list(made.iterdir()) == []


def test_the_output_file_says_its_hash_and_size(groups: Any, tmp_path: Path) -> None:
    prompts, found = groups(2, mixed)
    _, files, _ = write_files(found, prompts, RULE, tmp_path)
    assert json.dumps([file.as_dict() for file in files])
    assert [file.bytes for file in files] == [(tmp_path / file.path).stat().st_size for file in files]
