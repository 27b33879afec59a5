"""The id of a pair and the text of a conversation."""

import hashlib
import string

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.pairs.languages import LANGS
from sources.pairs.schema import DROPPED, PAIRS, SIDES, TURNS, content_ids, joined_text, one_turn, turns
from tests.examples import examples

Conversation = list[tuple[str, str]]

CONTENT = st.text(st.sampled_from("ab1\x1f\n中🙂"), max_size=4)
CONVERSATION = st.lists(st.tuples(st.sampled_from(["user", "assistant", "user\x1f1"]), CONTENT), max_size=3)
PAIR = st.tuples(CONVERSATION, CONVERSATION, CONVERSATION)


def ids(pairs: list[tuple[Conversation, Conversation, Conversation]]) -> list[str]:
    columns = [turns([pair[side] for pair in pairs]) for side in range(3)]
    found: list[str] = content_ids(*columns).to_pylist()
    return found


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(PAIR, min_size=2, max_size=5, unique_by=repr))
def test_no_two_different_pairs_have_the_same_id(pairs: list[tuple[Conversation, Conversation, Conversation]]) -> None:
    assert len(set(ids(pairs))) == len(pairs)


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(PAIR, min_size=1, max_size=5))
def test_an_id_does_not_depend_on_the_pairs_beside_it(
    pairs: list[tuple[Conversation, Conversation, Conversation]],
) -> None:
    assert ids(pairs) == [ids([pair])[0] for pair in pairs]


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(PAIR, min_size=2, max_size=5))
def test_a_slice_of_a_column_has_the_ids_of_its_rows(
    pairs: list[tuple[Conversation, Conversation, Conversation]],
) -> None:
    columns = [turns([pair[side] for pair in pairs]) for side in range(3)]
    assert content_ids(*(column.slice(1) for column in columns)).to_pylist() == ids(pairs)[1:]


def test_an_id_is_blake2b_over_the_spelled_pair() -> None:
    spelled = "1\x1fuser\x1f2\x1f你好\x1f1\x1fassistant\x1f1\x1fa\x1f1\x1fassistant\x1f0\x1f"
    expected = hashlib.blake2b(spelled.encode(), digest_size=16).hexdigest()
    found = ids([([("user", "你好")], [("assistant", "a")], [("assistant", "")])])
    assert found == [expected]
    assert len(expected) == 32
    assert set(expected) <= set(string.hexdigits)


def test_swapped_sides_have_another_id() -> None:
    prompt, a, b = [("user", "q")], [("assistant", "a")], [("assistant", "b")]
    assert len(set(ids([(prompt, a, b), (prompt, b, a)]))) == 2


def test_the_role_is_part_of_the_id() -> None:
    a, b = [("assistant", "a")], [("assistant", "b")]
    assert len(set(ids([([("user", "q")], a, b), ([("system", "q")], a, b)]))) == 2


def test_no_pairs_have_no_ids() -> None:
    assert ids([]) == []


def test_one_turn_is_a_conversation_of_one_message() -> None:
    column = one_turn("user", pa.array(["你好", ""]))
    assert column.type == TURNS
    assert column.to_pylist() == [[{"role": "user", "content": "你好"}], [{"role": "user", "content": ""}]]


def test_one_turn_of_no_texts_is_an_empty_column() -> None:
    assert one_turn("user", pa.array([], pa.string())).to_pylist() == []


def test_one_turn_and_turns_give_the_same_column() -> None:
    texts = ["a", "b", "c"]
    assert one_turn("user", pa.array(texts)).equals(turns([[("user", text)] for text in texts]))


def test_one_turn_of_a_slice_holds_the_slice() -> None:
    column = one_turn("user", pa.array(["a", "b", "c"]).slice(1))
    assert [messages[0]["content"] for messages in column.to_pylist()] == ["b", "c"]


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(CONVERSATION, max_size=5), st.integers(0, 2))
def test_the_joined_text_has_one_line_a_message(conversations: list[Conversation], start: int) -> None:
    found = joined_text(turns(conversations).slice(start)).to_pylist()
    assert found == ["\n".join(content for _, content in messages) for messages in conversations[start:]]


def test_dropped_is_pairs_and_the_reason() -> None:
    assert DROPPED.names == [*PAIRS.names, "stage", "reason", "evidence"]
    assert all(PAIRS.field(side).type == TURNS for side in SIDES)
    assert LANGS[:2] == ("zh", "en")
