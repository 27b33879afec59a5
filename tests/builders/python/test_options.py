"""Options that the commands refuse are refused by the functions too."""

import inspect
from pathlib import Path
from typing import Any, get_overloads

import pytest

from builders import BuildResult, build, lint
from builders.python.build import BuildOptions
from sources.command.errors import UsageError
from sources.pairs.languages import Lang


def test_a_language_gives_its_result_and_all_give_one_each(tmp_path: Path) -> None:
    one = build(lang="en", sample=True, out=tmp_path, report=False)
    both = build(lang="all", sample=True, out=tmp_path, report=False)
    assert (one.lang, list(both)) == ("en", ["zh", "en"])
    assert [overload.__annotations__["return"] for overload in get_overloads(build)] == [
        dict[Lang, BuildResult],
        BuildResult,
    ]


def test_the_types_of_the_options_are_those_of_the_function() -> None:
    given = inspect.signature(build).parameters
    assert list(BuildOptions.__annotations__) == [name for name in given if name != "lang"]


@pytest.mark.parametrize("option", [{"limit": -1}, {"limit": 0}, {"workers": -1}])
def test_a_count_below_1_is_refused(option: dict[str, Any], tmp_path: Path) -> None:
    """A negative limit would leave rows out of the accounts."""
    data = tmp_path / "my.jsonl"
    data.write_text('{"prompt": "a?", "chosen": "b", "rejected": "c"}\n', encoding="utf-8")
    with pytest.raises(UsageError, match="is not positive"):
        build(lang="zh", sample=True, out=tmp_path / "out", **option)
    with pytest.raises(UsageError, match="is not positive"):
        lint(data, **option)
    assert not (tmp_path / "out").exists()


def test_an_engine_that_is_none_and_an_address_without_need_are_refused(tmp_path: Path) -> None:
    for options in ({"engine": "spark"}, {"ray_address": "auto"}):
        with pytest.raises(UsageError, match=r"--engine: no engine is called spark|--ray-address: needs --engine ray"):
            build(lang="zh", sample=True, out=tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()
