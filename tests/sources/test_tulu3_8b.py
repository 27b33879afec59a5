"""tulu3_8b: two dialogues, and the part of the mixture that they come from."""

from collections.abc import Callable
from typing import Any

import pytest

from sources.tulu3_8b import EN as SOURCE_EN
from sources.tulu3_8b import ZH as SOURCE_ZH
from tests.upstreams.layouts import EN, ZH, tulu3_8b

Adapt = Callable[..., Any]

ROW = tulu3_8b(EN)


@pytest.mark.parametrize(("part", "tags"), [("wildchat\x1b[31m", ["part:wildchat\\x1b[31m"]), (None, []), ("", [])])
def test_the_part_is_a_tag_that_is_safe_to_print(adapt: Adapt, part: str | None, tags: list[str]) -> None:
    assert adapt(SOURCE_EN, [ROW | {"source": part}]).pairs[0]["tags"] == tags


def test_the_script_tells_the_language(adapt: Adapt) -> None:
    assert [pair["row"] for pair in adapt(SOURCE_ZH, [ROW, tulu3_8b(ZH)]).pairs] == [1]
