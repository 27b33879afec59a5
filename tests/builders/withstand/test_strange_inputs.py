"""Strange recipes, benchmarks and folders of synth-prefs: each is one clear line, or costs at most a pair."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.builders.withstand.place import Change, Place

RECIPE = "name: x\nsources: {huozi: {}, beavertails: {pairs_per_prompt: 1}}\nstages: [check, split]\n"


@pytest.mark.parametrize(
    "recipe",
    [
        pytest.param(
            RECIPE.replace(": 1}", ": -1}"),
            id="pairs_per_prompt -1",
        ),
        pytest.param(
            RECIPE + "limits: {max_row_bytes: 99999999999999999999}\n",
            id="max_row_bytes 10**20",
        ),
        pytest.param("[" * 3000, id="deep YAML"),
        pytest.param(RECIPE + '"\\e[31m": 1\n', id="an escape as a key"),
        pytest.param(RECIPE.encode("utf-16"), id="not UTF-8"),
        pytest.param("name: [\x1b[31m]", id="a raw escape"),
    ],
)
def test_a_strange_recipe_is_wrong_usage(recipe: str | bytes, place: Place, refused: Callable[..., str]) -> None:
    path = place.mirror.parent / "recipe.yaml"
    path.write_bytes(recipe if isinstance(recipe, bytes) else recipe.encode())
    assert "recipe" in refused("--lang", "all", code=2)


@pytest.mark.parametrize(
    "content",
    [
        b"[1]\n",
        b'{"premise": 3}\n',
        b'{"premise": "a\xff"}\n',
        b'{"premise": "\x1b[31m\n',
        pytest.param(
            b'{"premise": "\\ud800 a few words"}\n',
        ),
        pytest.param(b"[" * 100_000),
    ],
)
def test_a_broken_benchmark_file_is_named_in_one_line(
    content: bytes, place: Place, refused: Callable[..., str]
) -> None:
    (place.mirror.parent / "mine/copa").mkdir(parents=True)
    (place.mirror.parent / "mine/copa/val.jsonl").write_bytes(content)
    assert "copa/val.jsonl" in refused("--benchmarks", place.mirror.parent / "mine")


@pytest.mark.parametrize(
    "change", [lambda d: b"", lambda d: d[:200], lambda d: d[: len(d) // 2] + d[len(d) // 2 + 9 :]]
)
def test_a_broken_synth_file_is_named_in_one_line(
    change: Change, place: Place, synth: Callable[..., Path], refused: Callable[..., str]
) -> None:
    path = synth() / "pairs.parquet"
    path.write_bytes(change(path.read_bytes()))
    assert "pairs.parquet: cannot be read as PAIRS" in refused("--synth", path)


@pytest.mark.parametrize(
    "changes",
    [
        {"tags": None},
        {"source_row": None},
        {"lang": "en"},
        {"prompt": []},
        {"chosen": None},
        {"rejected": [{"role": None, "content": "a"}]},
        {"prompt": [{"role": "user", "content": None}]},
        pytest.param({"tags": [None]}),
    ],
)
def test_a_strange_synth_pair_costs_at_most_itself(
    changes: dict[str, object], synth: Callable[..., Path], built: Callable[..., dict[str, Any]]
) -> None:
    account = built("--only", "synth_zh", "--only", "huozi", "--synth", synth(**changes))
    assert account["rows_read"] == 41
