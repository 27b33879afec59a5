"""The plan of a build from sources that are not pinned, or that are tables in several parts."""

import shutil
from pathlib import Path

import pytest

from builders.inputs.inputs import Request, find_inputs, select
from builders.inputs.plan import Plan, make_plan
from builders.inputs.recipe import add_sources, load_recipe
from sources.command.progress import Silent
from sources.fetch.download import Download
from sources.fetch.fetcher import SAMPLE, Fetcher, Mirror, sample
from sources.pairs.languages import Lang


def plan(fetcher: Fetcher, *only: str, langs: tuple[Lang, ...] = ("zh",)) -> Plan:
    recipe = add_sources(load_recipe("ct-llm"), only, "test")
    return make_plan(Request(langs=langs, recipe=recipe, fetcher=fetcher, out=Path("out"), only=only))


@pytest.fixture
def download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Download:
    """What has downloaded nothing yet."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return Download(tmp_path / "cache")


@pytest.mark.parametrize(
    ("name", "file", "where"),
    [
        ("coig_p", "m-a-p/COIG-P/data/*.parquet", "download (main as it is then)"),
        ("cheems", "AlignRM/CheemsRM/data/cheems_preference.jsonl", "download"),
    ],
)
def test_a_branch_is_said_to_be_one(download: Download, name: str, file: str, where: str) -> None:
    (found,) = plan(download, name).files
    assert (found.file, found.where) == (file, where)


def test_a_mirror_shows_every_part_with_its_size(tmp_path: Path) -> None:
    folder = tmp_path / "m-a-p/COIG-P/data"
    folder.mkdir(parents=True)
    for part in range(2):
        (folder / f"train-0000{part}-of-00002.parquet").write_bytes(b"x" * (part + 1))
    files = plan(Mirror(tmp_path), "coig_p").files
    assert [(file.file.rpartition("/")[2], file.bytes, file.where) for file in files] == [
        ("train-00000-of-00002.parquet", 1, "mirror"),
        ("train-00001-of-00002.parquet", 2, "mirror"),
    ]


def test_a_mirror_without_any_part_shows_what_is_missing(tmp_path: Path) -> None:
    (file,) = plan(Mirror(tmp_path), "coig_p").files
    assert (file.file, file.where, file.bytes) == ("m-a-p/COIG-P/data/*.parquet", "missing", None)


def test_a_source_in_two_languages_stands_there_for_each_that_is_built() -> None:
    assert [file.lang for file in plan(sample(), "helpsteer3", langs=("zh", "en")).files] == ["zh", "en"]
    assert [file.lang for file in plan(sample(), "helpsteer3", langs=("en",)).files] == ["en"]


def test_a_source_that_the_recipe_has_is_not_taken_twice() -> None:
    assert len(plan(sample(), "huozi", "huozi").files) == 1


def test_parts_that_a_mirror_lacks_are_told(tmp_path: Path) -> None:
    repository = "lmarena-ai/arena-human-preference-140k/data"
    shutil.copytree(SAMPLE / repository, tmp_path / repository)
    assert warnings(Mirror(tmp_path)) == [
        f"{repository}/train-0000{part}-of-00007.parquet: not there, so its rows are in no account"
        for part in range(1, 7)
    ]
    assert warnings(sample()) == []


def warnings(fetcher: Fetcher) -> list[str]:
    recipe = add_sources(load_recipe("ct-llm"), ("arena_140k",), "test")
    request = Request(langs=("en",), recipe=recipe, fetcher=fetcher, out=Path("out"), only=("arena_140k",))
    return find_inputs(select(request), request, Silent()).warnings()
