"""Laws of the sources whose rows are looked at whole: whatever stands in a row, it gives pairs or is skipped."""

import json
from collections.abc import Iterator
from typing import Any

import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.pairs.assemble import assemble, check_every_row
from sources.pairs.source import WHOLE_ROW, Adapted, Source
from sources.registry import SOURCES
from tests.examples import examples
from tests.upstreams.layouts import EN, LAYOUTS, ZH

TODAY = [source for source in SOURCES if source.columns]
SECRET = "f00d" * 16

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
messages = st.fixed_dictionaries({}, optional=dict.fromkeys(("role", "content", "from", "value", "id"), scalars))
values = st.recursive(
    scalars | messages,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def paths(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a value, itself left out."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*here, key)
        yield from paths(inner, (*here, key))


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copied = dict(value) if isinstance(value, dict) else list(value)
    copied[path[0]] = changed(value[path[0]], path[1:], new)
    return copied


def adapt(source: Source, rows: list[dict[str, Any]]) -> Adapted:
    texts = pa.array([orjson.dumps(row) for row in rows], pa.binary())
    table = pa.table({WHOLE_ROW.names[0]: texts, "row": pa.array(range(len(rows)), pa.int64())})
    adapted = source.adapt(table, source.options())
    check_every_row(table, adapted, source.name)
    assemble(adapted, source, "file")
    return adapted


def true_row(source: Source, number: int) -> dict[str, Any]:
    item = (ZH if source.lang == "zh" else EN).numbered(number)
    return LAYOUTS[source.name](item)


@pytest.mark.parametrize("source", TODAY, ids=lambda source: f"{source.name}-{source.lang}")
@settings(max_examples=examples(12))
@given(st.data())
def test_a_change_anywhere_in_a_row_costs_at_most_that_row(source: Source, data: st.DataObject) -> None:
    row = true_row(source, data.draw(st.integers(0, 2)))
    broken = changed(row, data.draw(st.sampled_from(list(paths(row)))), data.draw(values))
    adapted = adapt(source, [row, broken, row])
    assert set(adapted.pairs["row"].to_pylist()) >= {0, 2}
    assert all(evidence for evidence in adapted.skipped["evidence"].to_pylist())


@pytest.mark.parametrize("source", TODAY, ids=lambda source: f"{source.name}-{source.lang}")
@settings(max_examples=examples(6))
@given(st.data())
def test_a_row_that_is_nothing_like_it_costs_itself_at_most(source: Source, data: st.DataObject) -> None:
    row, value = true_row(source, 0), data.draw(values)
    missing = data.draw(st.sampled_from(list(row)))
    others = [dict.fromkeys(row, value), {"something": value}, {key: row[key] for key in row if key != missing}]
    assert 0 in adapt(source, [row, *others]).pairs["row"].to_pylist()


@pytest.mark.parametrize("source", [each for each in TODAY if each.name == "dolci_dpo"], ids=lambda each: each.lang)
@given(st.data())
def test_what_a_message_says_of_a_visitor_reaches_nothing(source: Source, data: st.DataObject) -> None:
    """Neither the pairs nor the evidence of a skipped row, whatever else is broken."""
    row = true_row(source, 1)
    left = {"hashed_ip": SECRET, "country": SECRET, "header": {"user-agent": SECRET}}
    marked = row | {side: [turn | left for turn in row[side]] for side in ("chosen", "rejected")}
    places = [path for path in paths(marked) if not set(path) & {*left, "user-agent"}]
    broken = changed(marked, data.draw(st.sampled_from(places)), data.draw(scalars))
    adapted = adapt(source, [marked, broken])
    assert SECRET not in json.dumps([adapted.pairs.to_pylist(), adapted.skipped.to_pylist(), dict(adapted.unused)])
