"""What all tests share: where the shared material is, and a build of a few lines."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import settings

from builders.building.pipeline import Built, build
from builders.inputs.inputs import Request
from builders.inputs.recipe import load_recipe
from sources.command.progress import Silent
from sources.fetch.fetcher import SAMPLE, Mirror, sample
from sources.pairs.assemble import ITEM
from sources.pairs.schema import PAIRS, content_ids, turns
from sources.text.texts import PairTexts, Texts, lang_index
from tests.examples import PROFILE
from tests.forking import Forking

os.environ["BUILD_PREFS_CACHE_SIZE"] = "0"  # a test that wants a cache says which

settings.load_profile(PROFILE)

SHARED = Path(os.environ.get("PREFS_SHARED", Path(__file__).parent.parent.parent / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real rows and generators beside the project; tests that need it skip where it is not."""
    if not SHARED.is_dir():
        assert "PREFS_REQUIRE_SHARED" not in os.environ, f"no folder {SHARED}"
        pytest.skip("needs the folder ../shared beside the project")
    return SHARED


@pytest.fixture(scope="session")
def forking_process() -> Iterator[Forking]:
    process = Forking()
    yield process
    process.close()


@pytest.fixture
def forking(forking_process: Forking) -> Iterator[Forking]:
    """Starts commands in processes of their own; all have ended when the test ends."""
    yield forking_process
    forking_process.end_all()


Row = tuple[str | list[tuple[str, str]], str, str]
"""prompt (the user's words, or all turns as (role, content)), chosen, rejected."""


def pair_table(rows: list[Row], lang: str | list[str], items: list[str | None] | None, source: str) -> pa.Table:
    """Rows of PAIRS with a column `item`, as an adapter's pairs look when they are assembled."""
    prompts = [[("user", prompt)] if isinstance(prompt, str) else prompt for prompt, _, _ in rows]
    sides = {
        "prompt": turns(prompts),
        "chosen": turns([[("assistant", chosen)] for _, chosen, _ in rows]),
        "rejected": turns([[("assistant", rejected)] for _, _, rejected in rows]),
    }
    given = {
        **sides,
        "id": content_ids(*sides.values()),
        "lang": pa.array([lang] * len(rows) if isinstance(lang, str) else lang, pa.string()),
        "source": pa.array([source] * len(rows), pa.string()),
        "source_row": pa.array([f"file:{row}" for row in range(len(rows))], pa.string()),
        "item": pa.array(items or [None] * len(rows), pa.string()),
        "tags": pa.array([[]] * len(rows), PAIRS.field("tags").type),
    }
    schema = pa.schema([*PAIRS, ITEM])
    return pa.table([given.get(field.name, pa.nulls(len(rows), field.type)) for field in schema], schema=schema)


@pytest.fixture(scope="session")
def make_pairs() -> Callable[..., pa.Table]:
    """From (prompt, chosen, rejected) to a table of pairs."""

    def make(
        rows: list[Row], lang: str | list[str] = "zh", items: list[str | None] | None = None, source: str = "test"
    ) -> pa.Table:
        return pair_table(rows, lang, items, source)

    return make


@pytest.fixture(scope="session")
def make_texts(make_pairs: Callable[..., pa.Table]) -> Callable[..., PairTexts]:
    """From (prompt, chosen, rejected) to what checks see."""

    def make(*rows: Row, lang: str | list[str] = "zh") -> PairTexts:
        return PairTexts(make_pairs(list(rows), lang))

    return make


@pytest.fixture(scope="session")
def make_column() -> Callable[..., Texts]:
    """From plain strings of one language to a column of texts."""

    def make(*strings: str, lang: str = "zh") -> Texts:
        return Texts(pa.array(strings, pa.string()), lang_index(pa.array([lang] * len(strings), pa.string())))

    return make


def build_into(out: Path, mirror: Path | None = None, **changes: Any) -> list[Built]:
    """A build of the embedded sample, or of the mirror given; keyword arguments go to Request."""
    settings: dict[str, Any] = {
        "langs": ("zh",),
        "recipe": load_recipe("ct-llm"),
        "fetcher": Mirror(mirror) if mirror else sample(),
        "out": out,
        "benchmarks": SAMPLE / "benchmarks",
        "workers": 1,
        "report": False,
    }
    return build(Request(**{**settings, **changes}), Silent())[1]


@pytest.fixture
def build_sample(tmp_path: Path) -> Callable[..., list[Built]]:
    """Build the embedded sample, or the mirror given, into a folder; keyword arguments go to Request."""

    def run(out: Path | None = None, mirror: Path | None = None, **changes: Any) -> list[Built]:
        return build_into(out or tmp_path / "out", mirror, **changes)

    return run
