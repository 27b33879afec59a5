"""The ids are TRL's, whatever the tokenizer, the template and the text."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trl.data_utils import _tokenize, common_prefix_length

from sources.command.errors import BrokenFileError
from train.data.encode import make_encoder
from train.data.tokenize_pairs import _bounds, tokenize_pairs

Pairs = Callable[..., pa.Table]
IDS = ("prompt_ids", "chosen_ids", "rejected_ids")

TRICKY = [
    ("夸夸这只猫。", "它的尾巴真漂亮。", "猫就是猫。"),
    ("夸夸这只猫。", "", "猫就是猫。"),
    ("Why?", "", ""),
    ("", "because", "be"),
    ("  two spaces  ", "  two spaces  ", " \n"),
    ("👩‍👩‍👧 emoji", "😀😀\u200d", "e\u0301"),
    ("\n\n", "\n", "\n\n\n"),
    ("<|im_end|> in the text <|im_start|>assistant\n", "<|im_start|>user\n", "</s><s>[INST]"),
    ("你", "你好。<|im_end|>", "。<|im_end"),
    ("<reserved_107>", "<reserved_106>", "<unk>"),
    ("same", "same prefix and more", "same prefix and other"),
    ([("system", "你是一个助手。"), ("user", "你好")], "你好！", "走开"),
    ([("system", ""), ("user", "a")], "b", "c"),
    ([("user", "一"), ("assistant", "二"), ("user", "三")], "四", "五"),
    ([("user", "one"), ("assistant", " "), ("user", "two")], "three " * 40, "four"),
]


def test_ids_equal_those_of_trl(any_tokenizer: Any, make_pairs: Pairs, by_trl: Callable[..., Any]) -> None:
    pairs = make_pairs(TRICKY)
    ours, theirs = tokenize_pairs(pairs, any_tokenizer, cache=None), by_trl(pairs, any_tokenizer)
    assert {name: ours[name].to_pylist() for name in IDS} == theirs


def test_the_table_says_where_each_row_is_from_and_has_no_text(chatml: Any, make_pairs: Pairs) -> None:
    pairs = make_pairs(TRICKY)
    tokens = tokenize_pairs(pairs, chatml, cache=None)
    assert tokens.column_names == [
        "id",
        "source",
        "source_row",
        "lang",
        *IDS,
        "prompt_cut",
        "answers_differ",
        "answer_lost",
    ]
    assert tokens.select(["id", "source", "source_row", "lang"]) == pairs.select(["id", "source", "source_row", "lang"])
    assert tokens.schema.field("chosen_ids").type == pa.list_(pa.int32())


texts = st.text(
    st.one_of(st.sampled_from("的是我你。，！？ \n\tabc<|>_im s/[]INST"), st.characters(codec="utf-8")), max_size=30
)
turns = st.one_of(
    texts,
    st.tuples(texts, texts).map(lambda said: [("system", said[0]), ("user", said[1])]),
    st.tuples(texts, texts, texts).map(lambda said: list(zip(("user", "assistant", "user"), said, strict=True))),
)


def by_row(pair: dict[str, Any], tokenizer: Any) -> tuple[list[int], ...]:
    """What TRL's tokenize_fn does with one pair, in its words."""
    prompt = _tokenize(tokenizer, pair["prompt"], add_generation_prompt=True)["input_ids"]
    sides = [_tokenize(tokenizer, pair["prompt"] + pair[side])["input_ids"] for side in ("chosen", "rejected")]
    length = min(common_prefix_length(prompt, side) for side in sides)
    return prompt[:length], *(side[length:] for side in sides)


@settings(max_examples=25)
@given(rows=st.lists(st.tuples(turns, texts, texts), min_size=1, max_size=6))
def test_ids_equal_those_of_trl_on_any_text(any_tokenizer: Any, make_pairs: Pairs, rows: list[Any]) -> None:
    pairs = make_pairs(rows)
    tokens = tokenize_pairs(pairs, any_tokenizer, cache=None)
    for pair, row in zip(pairs.to_pylist(), tokens.to_pylist(), strict=True):
        assert tuple(row[name] for name in IDS) == by_row(pair, any_tokenizer)


def test_a_prompt_that_reads_otherwise_alone_is_counted(make_kind: Callable[[str], Any], make_pairs: Pairs) -> None:
    tokenizer = make_kind("byte level, thinking")
    tokens = tokenize_pairs(make_pairs([("为什么？", "因为。", "不知道。")]), tokenizer, cache=None)
    alone = tokenizer.apply_chat_template([{"role": "user", "content": "为什么？"}], add_generation_prompt=True)
    assert tokens["prompt_cut"].to_pylist() == [len(alone["input_ids"]) - len(tokens["prompt_ids"][0])]
    assert tokens["prompt_cut"][0].as_py() > 0


def test_only_tokens_that_are_found_whatever_stands_around_them_cut_a_text(make_kind: Callable[[str], Any]) -> None:
    assert "<|im_start|>" in make_encoder(make_kind("byte level, ChatML")).cut_tokens
    assert make_encoder(make_kind("tokens that take spaces")).cut_tokens == ()
    within = make_encoder(make_kind("tokens in one another")).cut_tokens
    assert "<|im_start|>" not in within
    assert "<|im_end|>" in within
    assert make_encoder(make_kind("in Python")).cut_tokens == ()


def test_equal_prompts_are_rendered_once(chatml: Any, make_pairs: Pairs, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered = []
    apply = chatml.apply_chat_template

    def count(conversations: list[Any], **kwargs: Any) -> Any:
        rendered.append(len(conversations))
        return apply(conversations, **kwargs)

    monkeypatch.setattr(chatml, "apply_chat_template", count)
    tokenize_pairs(make_pairs([("一样", str(row), "x") for row in range(7)]), chatml, cache=None)
    assert sorted(rendered) == [1, 7, 7]


def test_a_table_of_many_chunks_and_no_rows(chatml: Any, make_pairs: Pairs) -> None:
    pairs = make_pairs(TRICKY)
    chunked = pa.concat_tables([pairs.slice(0, 3), pairs.slice(3, 1), pairs.slice(4)])
    assert tokenize_pairs(chunked, chatml, cache=None) == tokenize_pairs(pairs, chatml, cache=None)
    assert tokenize_pairs(pairs.slice(0, 0), chatml, cache=None).num_rows == 0


def test_a_pair_that_the_template_refuses_is_named(chatml: Any, make_pairs: Pairs) -> None:
    pairs = make_pairs([("a", "b", "c"), ([("tool", "x")], "b", "c")])
    with pytest.raises(BrokenFileError, match="no such role in this template: tool"):
        tokenize_pairs(pairs, chatml, cache=None)


@given(st.lists(st.uuids().map(str), max_size=200), st.integers(0, 200))
def test_batches_cover_every_row_once(ids: list[str], put: int) -> None:
    bounds = list(_bounds(ids))
    assert [row for start, stop in bounds for row in range(start, stop)] == list(range(len(ids)))


def test_pairs_put_in_between_leave_the_batches_after_them_as_they_were() -> None:
    ids = [f"{row:032x}" for row in range(20_000)]
    before = {tuple(ids[start:stop]) for start, stop in _bounds(ids)}
    more = [*ids[:100], *(f"{row:031x}n" for row in range(50)), *ids[100:]]
    after = {tuple(more[start:stop]) for start, stop in _bounds(more)}
    assert len(before) > 5
    assert len(before - after) <= 2
