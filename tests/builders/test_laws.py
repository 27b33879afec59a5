"""Laws of every build: the same bytes, every row accounted for, no leak across the split, planted defects found."""

import csv
import gzip
import hashlib
import json
import lzma
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import builders.gathering.workers
from builders.build_prefs import main
from builders.building.pipeline import Built
from builders.inputs.recipe import RECIPES, Recipe, load_recipe
from sources.fetch.fetcher import SAMPLE
from sources.pairs.languages import Lang
from sources.pairs.schema import DROPPED, PAIRS

Build = Callable[..., list[Built]]
Row = dict[str, Any]

LOCK = ".build-prefs.lock"
TAGGED_BY_SIDE = {"cut_off": ("cut_off_chosen", "cut_off_rejected")}
"""Kinds in planted.jsonl that are not the code of a check."""

ALL_PAIRS = {
    "pairing: first-second ": "pairing: all ",
    "file: 30k ": "file: 330k ",
    "pairs_per_prompt: 1": "pairs_per_prompt: 3",
}


@pytest.fixture
def recipe(tmp_path: Path) -> Callable[[dict[str, str]], Recipe]:
    """The shipped recipe with some of its text replaced."""

    def make(changes: dict[str, str]) -> Recipe:
        text = (RECIPES / "ct-llm.yaml").read_text(encoding="utf-8")
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "recipe.yaml").write_text(text, encoding="utf-8")
        return load_recipe(str(tmp_path / "recipe.yaml"))

    return make


@pytest.fixture
def half_split(recipe: Callable[[dict[str, str]], Recipe]) -> Recipe:
    """So many test pairs that a leak would show."""
    return recipe({"test_share: 0.01": "test_share: 0.4"})


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != LOCK)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def read(folder: Path, pattern: str) -> list[Row]:
    return [row for path in sorted(folder.glob(pattern)) for row in pq.read_table(path).to_pylist()]


def written(folder: Path) -> list[Row]:
    return read(folder, "data/*.parquet")


def upstream_rows(name: str) -> int:
    """How many rows an upstream file of the sample has, counted without the readers of the project."""
    path = SAMPLE / name
    if path.suffix in (".csv", ".tsv"):
        with path.open(encoding="utf-8", newline="") as text:
            return len(list(csv.reader(text, delimiter="\t" if path.suffix == ".tsv" else ","))) - 1
    opener: Any = {".gz": gzip.open, ".xz": lzma.open}.get(path.suffix, open)
    with opener(path, "rt", encoding="utf-8") as text:
        content = text.read()
    return len(json.loads(content)) if content.startswith("[") else len(content.splitlines())


def places(row: Row) -> list[tuple[str, int]]:
    """The upstream rows that a row of the output came from."""
    name, _, numbers = row["source_row"].rpartition(":")
    return [(name, int(number)) for number in numbers.split(",")]


def assert_accounted_for(folder: Path) -> None:
    """Every number of the manifest, counted again from the Parquet files and from the upstream files."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    pairs, dropped = written(folder), read(folder, "dropped.parquet")
    for account in manifest["sources"]:
        name = account["source"]
        kept = [row for row in pairs if row["source"] == name]
        lost = [row for row in dropped if row["source"] == name and row["prompt"] is not None]
        skipped = [row for row in dropped if row["source"] == name and row["prompt"] is None]
        assert account["pairs_made"] == len(kept) + len(lost)
        assert account["train"] + account["test"] == len(kept)
        assert reasons(account["pairs_dropped"]) == Counter((row["stage"], row["reason"]) for row in lost)
        assert reasons(account["rows_skipped"]) == Counter((row["stage"], row["reason"]) for row in skipped)
        assert account["tags"] == dict(sorted(Counter(tag for row in kept for tag in row["tags"]).items()))
        used = {place for row in kept + lost for place in places(row)}
        unused = [place for row in skipped for place in places(row)]
        inputs = [entry["file"] for entry in manifest["inputs"] if entry["source"] == name]
        assert used.isdisjoint(unused)
        assert used | set(unused) == {(file, row) for file in inputs for row in range(upstream_rows(file))}
        assert (account["rows_used"], account["rows_read"]) == (len(used), len(used) + len(unused))
        assert len(set(unused)) == len(unused)


def reasons(counts: dict[str, dict[str, int]]) -> Counter[tuple[str, str]]:
    return Counter({(stage, reason): n for stage, found in counts.items() for reason, n in found.items()})


@pytest.mark.parametrize("workers", [2, 3])
def test_the_bytes_are_the_same_for_any_number_of_workers(
    workers: int, build_sample: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builders.gathering.workers, "SMALL_BYTES", 0)  # so that the sample too is read by processes
    for name, count in (("one", 1), ("several", workers)):
        build_sample(tmp_path / name, langs=("zh", "en"), workers=count, report=True)
    one, several = files(tmp_path / "one"), files(tmp_path / "several")
    assert len(one) == 12
    assert one == several


def test_building_twice_gives_the_same_bytes(build_sample: Build, tmp_path: Path) -> None:
    for out in ("first", "second", "second"):
        build_sample(tmp_path / out, langs=("zh", "en"))
    assert files(tmp_path / "first") == files(tmp_path / "second")


def test_no_clock_and_no_path_of_this_machine_is_in_the_output(build_sample: Build, tmp_path: Path) -> None:
    build_sample(tmp_path / "out")
    for name in ("manifest.json", "README.md"):
        text = (tmp_path / "out/zh" / name).read_text(encoding="utf-8")
        assert str(tmp_path) not in text
        assert str(SAMPLE) not in text


def test_the_manifest_names_every_file_with_its_hash(build_sample: Build, tmp_path: Path) -> None:
    build_sample(tmp_path / "out")
    manifest = json.loads((tmp_path / "out/zh/manifest.json").read_text(encoding="utf-8"))
    found = files(tmp_path / "out/zh")
    listed = {entry["path"]: (entry["bytes"], entry["sha256"]) for entry in manifest["outputs"]}
    assert set(found) - set(listed) == {"manifest.json", "README.md", "LICENSE.md"}
    assert listed == {name: (len(found[name]), hashlib.sha256(found[name]).hexdigest()) for name in listed}
    for entry in manifest["inputs"]:
        assert entry["sha256"] == hashlib.sha256((SAMPLE / entry["file"]).read_bytes()).hexdigest()


@pytest.mark.parametrize("changes", [{}, ALL_PAIRS], ids=["as shipped", "all pairs of all answers"])
def test_every_row_and_every_pair_is_accounted_for(
    changes: dict[str, str], build_sample: Build, recipe: Callable[[dict[str, str]], Recipe], tmp_path: Path
) -> None:
    build_sample(tmp_path / "out", langs=("zh", "en"), recipe=recipe(changes))
    for lang in ("zh", "en"):
        assert_accounted_for(tmp_path / "out" / lang)


def test_no_group_of_prompts_is_on_both_sides_of_the_split(
    build_sample: Build, half_split: Recipe, tmp_path: Path
) -> None:
    build_sample(tmp_path / "out", langs=("zh", "en"), recipe=half_split)
    train, test = read(tmp_path / "out", "*/data/train-*"), read(tmp_path / "out", "*/data/test-*")
    assert min(len(train), len(test)) > 50
    for what in ("prompt_group", "prompt"):
        on_train, on_test = ({json.dumps(row[what]) for row in rows} for rows in (train, test))
        assert on_train.isdisjoint(on_test)


def test_the_two_languages_of_one_item_are_on_the_same_side(
    build_sample: Build, half_split: Recipe, tmp_path: Path
) -> None:
    build_sample(tmp_path / "out", langs=("zh", "en"), recipe=half_split)
    sides: dict[int, dict[str, str]] = {}
    for split in ("train", "test"):
        for row in read(tmp_path / "out", f"*/data/{split}-*"):
            if row["source"].startswith("comparison_gpt4_"):
                ((_, number),) = places(row)
                sides.setdefault(number, {})[row["lang"]] = split
    both = [found for found in sides.values() if len(found) == 2]
    assert len(both) > 15
    assert {found["zh"] for found in both} == {"train", "test"}
    assert [found for found in both if found["zh"] != found["en"]] == []


def test_an_id_is_unique_and_the_hash_of_the_content(build_sample: Build, tmp_path: Path) -> None:
    build_sample(tmp_path / "out", langs=("zh", "en"))
    pairs = written(tmp_path / "out/zh") + written(tmp_path / "out/en")
    assert len({row["id"] for row in pairs}) == len(pairs)
    dropped = [row for row in read(tmp_path / "out", "*/dropped.parquet") if row["prompt"] is not None]
    for row in pairs + dropped:
        assert row["id"] == content_hash(row)


def content_hash(row: Row) -> str:
    parts: list[str] = []
    for side in ("prompt", "chosen", "rejected"):
        parts.append(str(len(row[side])))
        for message in row[side]:
            parts += [message["role"], str(len(message["content"])), message["content"]]
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def test_the_files_have_the_promised_columns(build_sample: Build, tmp_path: Path) -> None:
    build_sample(tmp_path / "out")
    for path in (tmp_path / "out/zh/data").iterdir():
        assert pq.read_schema(path).equals(PAIRS)
    assert pq.read_schema(tmp_path / "out/zh/dropped.parquet").equals(DROPPED)


@pytest.mark.parametrize(("lang", "test_share"), [("zh", "0.3"), pytest.param("zh", "0.0")])
def test_datasets_reads_the_folder_with_its_features(
    lang: Lang,
    test_share: str,
    build_sample: Build,
    recipe: Callable[[dict[str, str]], Recipe],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    build_sample(tmp_path / "out", langs=(lang,), recipe=recipe({"test_share: 0.01": f"test_share: {test_share}"}))
    folder = tmp_path / "out" / lang
    by_card = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    paths = {split: str(folder / f"data/{split}-*.parquet") for split in by_card}
    by_path = datasets.load_dataset("parquet", data_files=paths, cache_dir=str(tmp_path / "cache"))
    for loaded in (by_card, by_path):
        assert "train" in loaded
        assert sum(map(len, loaded.values())) == len(written(folder))
        for split in loaded.values():
            assert split.features.arrow_schema.equals(PAIRS)
            assert split[0]["chosen"][0]["role"] == "assistant"


def planted() -> list[Row]:
    """The planted defects that lie in files of the build."""
    rows = [json.loads(line) for line in (SAMPLE / "planted.jsonl").read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if "alpaca_gpt4" not in row["file"] and "330k" not in row["file"]]


@pytest.fixture(scope="module")
def sample_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample in both languages."""
    out = tmp_path_factory.mktemp("sample") / "out"
    assert main(["--lang", "all", "--sample", "--workers", "1", "--out", str(out)]) == 0
    return out


@pytest.mark.parametrize(
    "defect",
    [
        pytest.param(
            row,
            id=f"{row['file'].rpartition('/')[2]}:{row['row']}:{row['kind']}",
        )
        for row in planted()
    ],
)
def test_a_planted_defect_of_the_sample_is_dropped_or_tagged(defect: Row, sample_build: Path) -> None:
    rows = read(sample_build, "*/data/*") + read(sample_build, "*/dropped.parquet")
    (row,) = [row for row in rows if (defect["file"], defect["row"]) in places(row)]
    codes = set(TAGGED_BY_SIDE.get(defect["kind"], (defect["kind"],)))
    assert codes & {*(row["tags"] or []), row.get("reason")}


def test_no_clean_row_of_the_sample_is_dropped(sample_build: Path) -> None:
    known = {(row["file"], row["row"]) for row in planted()}
    lost = [
        (row["source_row"], row["reason"])
        for row in read(sample_build, "*/dropped.parquet")
        if row["prompt"] is not None and row["reason"] != "contradiction" and known.isdisjoint(places(row))
    ]
    assert lost == []


def test_a_twin_of_a_dropped_pair_is_named_and_was_kept(sample_build: Path) -> None:
    ids = {row["id"] for row in read(sample_build, "*/data/*")}
    twins = [
        row["evidence"].split(",")[0]
        for row in read(sample_build, "*/dropped.parquet")
        if row["reason"] in ("exact_duplicate", "near_duplicate")
    ]
    assert twins
    assert set(twins) <= ids
