"""One look at every source there is."""

import dataclasses
import pickle
import re
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
import pytest

import sources
from sources.command.errors import UsageError
from sources.fetch.fetcher import SAMPLE, sample
from sources.files.read_whole import whole_rows, with_columns
from sources.files.rows import Limits
from sources.pairs.languages import LANGS
from sources.pairs.schema import Signal
from sources.pairs.source import WHOLE_ROW, Source
from sources.registry import SOURCES, find_sources

CARDS = Path(__file__).parent.parent.parent / "data_cards"
HEADINGS = ("Rows", "What this project does with it", "Known faults", "Licence", "Citation")
SPDX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")


def card(source: Source) -> Path:
    return CARDS / ("synth.md" if source.name.startswith("synth_") else f"{source.name}.md")


def test_no_two_sources_of_a_language_have_one_name() -> None:
    names = [(source.name, source.lang) for source in SOURCES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_a_source_says_all_that_a_build_and_a_reader_need(source: Source) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", source.name)
    assert SPDX.fullmatch(source.license)
    assert source.commercial_use == ("-NC-" not in source.license and not source.license_note)
    assert source.lang in LANGS
    assert source.signal in set(get_args(Signal)) - {"unknown"}
    assert source.makes in ("pairs", "prompts")
    assert source.layouts
    assert all(isinstance(layout, pa.Schema) for layout in source.layouts)
    assert dataclasses.is_dataclass(source.options)
    assert source.options.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert bool(source.columns) == (source.layouts == (WHOLE_ROW,))
    assert card(source).is_file()
    words = card(source).read_text("utf-8")
    assert source.license in words
    assert [heading for heading in HEADINGS if f"\n## {heading}\n" not in words] == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_a_source_goes_to_another_process_and_back(source: Source) -> None:
    again = pickle.loads(pickle.dumps(source))
    assert again.name == source.name
    assert again.files(again.options()) == source.files(source.options())


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_every_file_is_pinned_and_lies_in_the_sample(source: Source) -> None:
    files = source.files(source.options())
    assert bool(files) != source.name.startswith("synth_")
    for file in files:
        assert file.host in ("hub", "github")
        assert re.fullmatch(r"[^/]+/[^/]+", file.repository)
        assert file.is_pinned or file.revision == "main"
        assert file.sha256 is None or re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        assert file.host == "hub" or len(file.revision) == 40
        assert file.mirror_path == f"{file.repository}/{file.path}"
        assert [each for each in sample().name_all(file) if not (SAMPLE / each.mirror_path).is_file()] == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
@pytest.mark.parametrize("place", [0, 1])
def test_no_rows_give_no_pairs(source: Source, place: int) -> None:
    layout: Any = source.layouts[min(place, len(source.layouts) - 1)]
    plain = [pa.field(f.name, pa.string() if f.type == pa.json_() else f.type) for f in layout]
    adapted = source.adapt(pa.schema([*plain, pa.field("row", pa.int64())]).empty_table(), source.options())
    assert len(adapted.pairs) == 0
    assert len(adapted.skipped) == 0
    assert not any(adapted.repairs.values())


def test_the_sources_of_one_name_differ_in_their_language_only() -> None:
    told = {source.name: (source.license, source.commercial_use, source.signal, source.options) for source in SOURCES}
    assert all(told[each.name] == (each.license, each.commercial_use, each.signal, each.options) for each in SOURCES)


@pytest.mark.parametrize("source", [each for each in SOURCES if each.columns], ids=lambda s: f"{s.name}-{s.lang}")
def test_the_sample_of_a_source_gives_pairs_in_its_language(source: Source) -> None:
    read = [
        batch
        for named in source.files(source.options())
        for file in sample().name_all(named)
        for batch in with_columns(
            whole_rows(SAMPLE / file.mirror_path, file.path, Limits(), None), source.columns, file.path
        )
    ]
    adapted = [source.adapt(batch.rows, source.options()) for batch in read]
    assert sum(len(batch) for batch in read) in (10, 20)
    assert sum(len(each.pairs) for each in adapted) >= 2
    assert {reason for each in adapted for reason in each.skipped["reason"].to_pylist()} <= {"other_language_file"}
    assert {lang for each in adapted for lang in each.pairs["lang"].to_pylist()} == {source.lang}


@pytest.mark.parametrize("name", sorted({source.name for source in SOURCES if source.columns}))
def test_an_adapter_of_rows_in_a_documented_layout_is_short(name: str) -> None:
    """What several of them do is in sources/layouts."""
    lines = (Path(sources.__file__).parent / f"{name}.py").read_text("utf-8").count("\n")
    assert lines <= 75


def test_a_source_is_found_by_its_name() -> None:
    assert all(source in find_sources(source.name, "recipe") for source in SOURCES)


def test_an_unknown_name_lists_the_known_ones_and_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        find_sources("beavertail", "recipe.yaml")
    assert str(caught.value).startswith("recipe.yaml: no source is called beavertail; expected one of cvalues_rlhf, ")
    assert str(caught.value).endswith("Did you mean beavertails?")


def test_a_name_like_no_other_gets_no_guess() -> None:
    with pytest.raises(UsageError) as caught:
        find_sources("xyzzy", "recipe.yaml")
    assert "Did you mean" not in str(caught.value)
