"""What chosen and rejected share."""

from hypothesis import given
from hypothesis import strategies as st

from builders.report.marks import shared_runs

WORDS = st.lists(
    st.sampled_from(["我们", "the ", "今天天气", "x", "\U0001f600", "\n", "model ", "很好。"]), max_size=30
)


def triples(runs: list[int]) -> list[tuple[int, int, int]]:
    return list(zip(runs[::3], runs[1::3], runs[2::3], strict=True))


@given(WORDS.map("".join), WORDS.map("".join))
def test_runs_are_equal_in_both_texts_and_in_the_same_order(chosen: str, rejected: str) -> None:
    left = right = 0
    for a, b, size in triples(shared_runs(chosen, rejected)):
        assert chosen[a : a + size] == rejected[b : b + size] != ""
        assert (a, b) >= (left, right)
        left, right = a + size, b + size


def test_a_change_in_the_middle_is_all_that_is_left() -> None:
    assert triples(shared_runs("今天的天气非常好，适合出门。", "今天的天气非常差，适合出门。")) == [
        (0, 0, 7),
        (8, 8, 6),
    ]


def test_english_is_compared_by_words() -> None:
    chosen, rejected = "The cat sat on the mat today.", "The cat sat on the moon today."
    assert [chosen[a : a + n] for a, _, n in triples(shared_runs(chosen, rejected))] == [
        "The cat sat on the ",
        " today.",
    ]


def test_texts_with_chance_characters_in_common_share_nothing() -> None:
    assert shared_runs("我喜欢在春天去公园散步", "他的电脑昨天坏了，去修了") == []
