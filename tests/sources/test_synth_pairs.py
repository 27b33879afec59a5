"""synth_zh and synth_en: the pairs of the synth stage, read from its own files."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sources.files.read import read_rows
from sources.files.rows import Limits
from sources.pairs.assemble import ITEM, assemble, check_every_row
from sources.pairs.extras import EXTRAS
from sources.pairs.schema import PAIRS, content_ids, turns
from sources.pairs.source import Adapted, NoOptions, Source
from sources.synth_pairs import EN, ZH


def pair(lang: str, name: str, **changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": "from the synth stage",
        "prompt": [{"role": "user", "content": f"给{name}取名。"}],
        "chosen": [{"role": "assistant", "content": "橘子"}],
        "rejected": [{"role": "assistant", "content": "猫猫猫"}],
        "lang": lang,
        "source": f"alpaca_gpt4_{lang}",
        "source_row": f"hiyouga/LLaMA-Factory/data/alpaca_gpt4_data_{lang}.json:{len(name)}",
        "license": "CC-BY-NC-4.0",
        "signal": "synthetic",
        "prompt_group": "a group of another build",
        "score_chosen": 1.0,
        "score_rejected": 0.0,
        "chosen_model": "gpt-4",
        "rejected_model": "weaker-model",
        "tags": ["cut"],
    }
    return {**row, **changes}


def adapt(source: Source, folder: Path, rows: list[dict[str, Any]]) -> tuple[Adapted, list[dict[str, Any]]]:
    path = folder / "pairs.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema=PAIRS), path)
    (batch,) = read_rows(path, path.name, source.layouts, Limits())
    adapted = source.adapt(batch.rows, NoOptions())
    check_every_row(batch.rows, adapted, path.name)
    built = assemble(adapted, source, path.name)
    assert built.schema == pa.schema([*PAIRS, EXTRAS, ITEM])
    return adapted, built.to_pylist()


@pytest.mark.parametrize("source", [ZH, EN], ids=lambda source: source.name)
def test_a_pair_keeps_what_the_synth_stage_said_of_it(tmp_path: Path, source: Source) -> None:
    given = pair(source.lang, "橘猫", license="Apache-2.0")
    adapted, (built,) = adapt(source, tmp_path, [given])
    same = set(PAIRS.names) - {"id", "source", "prompt_group"}
    assert {name: built[name] for name in same} == {name: given[name] for name in same}
    assert built["source"] == source.name
    assert len(adapted.skipped) == 0


def test_the_id_is_that_of_the_content_whatever_the_file_says(tmp_path: Path) -> None:
    _, (built,) = adapt(ZH, tmp_path, [pair("zh", "橘猫")])
    sides = (turns([[("user", "给橘猫取名。")]]), turns([[("assistant", "橘子")]]), turns([[("assistant", "猫猫猫")]]))
    assert built["id"] == content_ids(*sides)[0].as_py()
    assert built["prompt_group"] is None


def test_the_pairs_of_the_other_language_are_skipped_with_their_reason(tmp_path: Path) -> None:
    rows = [pair("zh", "一"), pair("en", "two"), pair("zh", "三三"), pair("fr", "quatre")]
    zh, built = adapt(ZH, tmp_path, rows)
    assert [row["source_row"].rsplit(":", 1)[1] for row in built] == ["1", "2"]
    assert zh.skipped.to_pylist() == [
        {"row": 1, "reason": "other_language_file", "evidence": "lang en, read for zh"},
        {"row": 3, "reason": "other_language_file", "evidence": "lang fr, read for zh"},
    ]
    en, _ = adapt(EN, tmp_path, rows)
    assert en.pairs["row"].to_pylist() == [1]


def test_a_file_of_the_other_language_alone_gives_no_pair(tmp_path: Path) -> None:
    adapted, built = adapt(EN, tmp_path, [pair("zh", "一")])
    assert built == []
    assert adapted.skipped["row"].to_pylist() == [0]


def test_a_conversation_of_several_turns_is_kept(tmp_path: Path) -> None:
    prompt = [{"role": role, "content": role} for role in ("system", "user", "assistant", "user")]
    _, (built,) = adapt(ZH, tmp_path, [pair("zh", "一", prompt=prompt)])
    assert built["prompt"] == prompt


def test_nothing_is_published_to_download() -> None:
    assert ZH.files(NoOptions()) == EN.files(NoOptions()) == ()
