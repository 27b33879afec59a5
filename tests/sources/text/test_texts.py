"""What checks ask of the texts of a batch."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.text.characters import Kind
from sources.text.codes import Codes
from sources.text.texts import PairTexts, Texts, lang_index

MakeTexts = Callable[..., PairTexts]
MakeColumn = Callable[..., Texts]

ROWS = st.lists(st.tuples(*[st.text("ab 。，中\n1", max_size=8)] * 3), min_size=1, max_size=5)


def string(codes: Codes, text: int) -> str:
    return codes.of(text).astype(np.uint32).tobytes().decode("utf-32-le")


@given(ROWS)
def test_texts_are_interleaved_by_pair(make_texts: MakeTexts, rows: list[tuple[str, str, str]]) -> None:
    assert make_texts(*rows).strings.to_pylist() == [side for row in rows for side in row]


@given(ROWS)
def test_a_batch_says_of_a_pair_what_the_pair_says_alone(
    make_texts: MakeTexts, rows: list[tuple[str, str, str]]
) -> None:
    together = make_texts(*rows)
    for place, row in enumerate(rows):
        alone = make_texts(row)
        assert together.keys[place].tolist() == alone.keys[0].tolist()
        assert together.exact_keys[place].tolist() == alone.exact_keys[0].tolist()
        assert together.counts[3 * place : 3 * place + 3].tolist() == alone.counts.tolist()
        assert [together.tokens.of(3 * place + side).tolist() for side in range(3)] == [
            alone.tokens.of(side).tolist() for side in range(3)
        ]


def test_counts_are_of_characters_by_kind(make_column: MakeColumn) -> None:
    counts = make_column("你好，World 12！").counts[0]
    assert {kind: int(counts[kind]) for kind in Kind if counts[kind]} == {
        Kind.HAN: 2,
        Kind.LIGHT: 1,
        Kind.LATIN: 5,
        Kind.SPACE: 1,
        Kind.DIGIT: 2,
        Kind.STOP: 1,
    }


def test_solid_text_has_no_white_space_and_no_control_characters(make_column: MakeColumn) -> None:
    assert string(make_column(" a\tb\u3000c\x00d\u200b\n").solid, 0) == "abcd"


def test_folded_text_has_no_light_punctuation_and_no_case(make_column: MakeColumn) -> None:
    assert string(make_column("Ｈello， “世界” (A+B)！").folded, 0) == "hello世界a+b!"


def test_full_width_and_half_width_forms_are_one(make_column: MakeColumn) -> None:
    texts = make_column("ＡＢＣ１２３（ｶﾞ）", "ABC123(ガ)")
    assert string(texts.codes, 0) == string(texts.codes, 1)
    assert texts.normal(0) == "ABC123(ガ)"


def test_texts_holding_a_telltale_are_found(make_column: MakeColumn) -> None:
    texts = make_column("a < b", "锟斤拷", "nothing", "＜｜end｜＞", "[INST]")
    assert texts.holding("<[#").tolist() == [0, 3, 4]
    assert texts.holding("\ufffd锟").tolist() == [1]


@pytest.mark.parametrize(
    ("one", "other"),
    [("你好世界", " 你好 世界\n"), ("a b", "ab"), ("ＡＢ", "AB"), ("你好\r\n", "你好\n"), ("e\u0301", "é")],
)
def test_keys_ignore_white_space_and_width(make_texts: MakeTexts, one: str, other: str) -> None:
    keys = make_texts(("问", one, "x"), ("问", other, "x")).keys
    assert keys[0].tolist() == keys[1].tolist()


@pytest.mark.parametrize(("one", "other"), [("你好", "你好。"), ("Ab", "ab"), ("甲乙", "乙甲"), ("1", "2")])
def test_keys_tell_different_texts_apart(make_texts: MakeTexts, one: str, other: str) -> None:
    keys = make_texts(("问", one, "x"), ("问", other, "x")).keys
    assert keys[0, 1] != keys[1, 1]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("new line", "newline", False),
        ("a b c", "a bc", False),
        ("a b", "a  b", False),
        ("  a b \n", "a b", True),
        ("一\n二", "一\n\n二", True),
        ("一\r\n二", "一\n二", True),
        ("ＡＢ c", "AB c", True),
        ("a b\nc", "a\nb c", False),
    ],
)
def test_exact_keys_count_the_spaces_inside_lines(make_texts: MakeTexts, one: str, other: str, same: bool) -> None:
    keys = make_texts(("问", one, "x"), ("问", other, "x")).exact_keys
    assert bool(keys[0, 1] == keys[1, 1]) is same


def test_prompts_of_as_many_words_in_fewer_turns_have_other_keys(make_texts: MakeTexts) -> None:
    several = [("user", "一"), ("assistant", "二"), ("user", "三")]
    texts = make_texts((several, "好", "坏"), ("一\n二\n三", "好", "坏"))
    assert texts.prompt.to_pylist() == ["一\n二\n三"] * 2
    assert texts.keys[0, 0] != texts.keys[1, 0]
    assert texts.keys[0, 1:].tolist() == texts.keys[1, 1:].tolist()


def test_english_ngrams_are_wider_than_chinese_ones(make_texts: MakeTexts) -> None:
    row = ("abcdefghij", "abcdefghij", "abcdefghij")
    texts = make_texts(row, row, lang=["zh", "en"])
    assert np.diff(texts.tokens.offsets).tolist() == [7, 7, 7, 3, 3, 3]


def test_texts_of_a_side_can_be_read_by_row(make_texts: MakeTexts) -> None:
    texts = make_texts(("一", "二", "三"), ("四", "五", "六"))
    assert texts.read([1, 0], 2) == ["六", "三"]
    assert texts.read([], 1) == []
    assert texts.side(0).to_pylist() == ["一", "四"]


def test_a_batch_may_be_empty(make_texts: MakeTexts) -> None:
    texts = make_texts()
    assert len(texts) == 0
    assert texts.keys.shape == texts.exact_keys.shape == (0, 3)
    assert len(texts.tokens.flat) == len(texts.verdicts) == len(texts.holding("<")) == 0


def test_languages_have_places_in_their_order() -> None:
    assert lang_index(pa.array(["en", "zh", "en"])).tolist() == [1, 0, 1]
