"""The smaller parts: what reasons mean, how numbers read, how many rows fit, what a drawing may hold."""

import json
import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from builders.report.charts import Series, bars, fit
from builders.report.meanings import meanings
from builders.report.rows import MAX_CHARS, browsable
from builders.report.sample import Draw
from sources.checks import CHECKS
from sources.pages import formats
from sources.pages.drawing import PLACEHOLDERS, open_studio


def test_every_check_has_a_meaning_in_the_docs() -> None:
    found = meanings()
    assert set(CHECKS) <= set(found)
    assert {"bad_csv", "near_duplicate", "contaminated", "over_cap", "vote_tie", "refused"} <= set(found)
    assert found["template_token"].startswith("A token of a chat template (<code>&lt;|im_end|&gt;</code>")


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (0, 0, "–"),
        (0, 5, "0.0%"),
        (1, 100_000, "<0.1%"),
        (99_999, 100_000, ">99.9%"),
        (5, 5, "100.0%"),
        (1, 3, "33.3%"),
    ],
)
def test_a_share_never_hides_something_or_the_lack_of_it(part: int, whole: int, expected: str) -> None:
    assert formats.share(part, whole) == expected


def test_as_many_rows_as_fit_long_ones_cut(make_pairs: Callable[..., pa.Table]) -> None:
    draw = Draw(np.empty(0, np.uint64))
    draw.add(make_pairs([(f"问题{n}", "长" * 12_000, "短") for n in range(40)]), "train")
    shown = browsable(draw.in_rounds(), 60_000)
    data = json.loads(shown.json)
    assert 5 < shown.rows == len(data["rows"]) < 40
    assert len(shown.json.encode()) < 60_000 + 5_000
    assert data["rows"][0]["cut"] == [0, 12_000 - MAX_CHARS["chosen"], 0]
    assert {row["id"] for row in data["rows"]} <= set(draw.rows["id"].to_pylist())


def test_a_drawing_has_colours_of_the_page_only_and_names_as_text() -> None:
    with open_studio() as studio:
        svg = bars(studio, "Pairs", [("<b>$x$", "1,000"), ("中文来源", "5")], [Series("kept", [1000, 5])])
        styles = studio.styles
    assert svg.startswith('<svg class="chart"')
    assert ">&lt;b&gt;$x$</text>" in svg
    assert ">中文来源</text>" in svg
    assert "style=" not in svg
    assert not re.search(r"#[0-9a-f]{6}", styles.replace("#000000", ""))
    assert not [stand_in for stand_in in PLACEHOLDERS.values() if stand_in in svg + styles]


def test_a_name_fits_its_place() -> None:
    assert fit("comparison_gpt4_zh", 21) == "comparison_gpt4_zh"
    assert fit("拒绝&正向建议>拒绝为主很长", 12) == "拒绝&正向建…"
    assert fit("a\u202eb", 21) == "a\\u202eb"
