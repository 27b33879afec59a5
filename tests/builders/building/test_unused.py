"""Columns that a published source does not use are named in its account, in the manifest and below the table."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from builders.building.pipeline import Built
from sources.fetch.fetcher import SAMPLE

FILE = Path("hiyouga/LLaMA-Factory/data/comparison_gpt4_data_zh.json")


def test_a_column_that_the_adapter_does_not_use_is_named(
    build_sample: Callable[..., list[Built]], tmp_path: Path
) -> None:
    mirror = tmp_path / "mirror"
    shutil.copytree(SAMPLE, mirror)
    rows = json.loads((mirror / FILE).read_text(encoding="utf-8"))
    for row in rows[:2]:
        row["annotator"] = "张三"
    (mirror / FILE).write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    (built,) = build_sample(mirror=mirror, only=("comparison_gpt4_zh",))
    (account,) = (one for one in built.accounts if one.source == "comparison_gpt4_zh")
    assert dict(account.unused) == {"annotator": 2}
    assert account.remarks() == [("not used", f"comparison_gpt4_zh: annotator ({2 / len(rows):.1%} of rows)")]
    manifest = json.loads((built.folder / "manifest.json").read_text(encoding="utf-8"))
    (said,) = (one for one in manifest["sources"] if one["source"] == "comparison_gpt4_zh")
    assert said["columns_not_used"] == {"annotator": 2}
    assert "comparison_gpt4_zh`: not used `annotator`" in (built.folder / "README.md").read_text(encoding="utf-8")


def test_the_sources_of_the_sample_use_every_column(build_sample: Callable[..., list[Built]]) -> None:
    for built in build_sample(langs=("zh", "en")):
        assert all(not account.unused for account in built.accounts)
