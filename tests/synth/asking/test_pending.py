"""What is still to be asked: everything the journal has no answer to, in the order of the prompts, each once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.asking.pending import AT_ONCE, pending, way_of_journal
from synth.job.completion import Refusal, Writer
from synth.job.prompts import Prompts
from synth.journal.journal import NAME, Entry, Journal
from synth.run.work import Written
from tests.synth.made import TEMPLATE, own, said, user, writer

CHAT, TEXT = writer(), writer(api="completions", template=TEMPLATE)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / NAME)
    yield opened
    opened.close()


def prompts_of(folder: Path, texts: list[str]) -> Prompts:
    return own(folder, [{"prompt": text} for text in texts], writes_chosen=True)


def answer(journal: Journal, one: Writer, text: str, index: int = 0, *, refused: bool = False) -> None:
    outcome = Refusal(400, "no") if refused else said()
    journal.append([Entry(one.request(user(text), index).key, "rejected", "weak", outcome)])


def asked(prompts: Prompts, one: Writer, journal: Journal) -> list[str]:
    """The texts of the pending requests, once they and the known ones have added up."""
    known, every = list[int](), Written(prompts, one).requests()
    found = [request.body["messages"][0]["content"] for request in pending(every, journal, known.append)]
    assert len(found) + sum(known) == len(prompts) * one.answers
    return found


def test_every_prompt_is_asked_in_order(tmp_path: Path, journal: Journal) -> None:
    texts = [f"{number}" for number in range(2 * AT_ONCE + 5)]
    assert asked(prompts_of(tmp_path, texts), CHAT, journal) == texts


def test_what_the_journal_answered_or_refused_is_not_asked(tmp_path: Path, journal: Journal) -> None:
    prompts = prompts_of(tmp_path, ["一", "二", "三", "四"])
    answer(journal, CHAT, "二")
    answer(journal, CHAT, "四", refused=True)
    answer(journal, TEXT, "一")
    assert asked(prompts, CHAT, journal) == ["一", "三"]


def test_equal_prompts_are_asked_once_however_far_apart(tmp_path: Path, journal: Journal) -> None:
    texts = ["一", "一", *(f"{number}" for number in range(AT_ONCE)), "一", "0"]
    found = asked(prompts_of(tmp_path, texts), CHAT, journal)
    assert found == list(dict.fromkeys(texts))


def test_each_of_several_answers_is_asked_by_itself(tmp_path: Path, journal: Journal) -> None:
    one, prompts = writer(answers=3), prompts_of(tmp_path, ["一", "二"])
    answer(journal, one, "一", index=1)
    seeds = [request.body["seed"] for request in pending(Written(prompts, one).requests(), journal)]
    assert seeds == [
        one.request(user(text), index).body["seed"]
        for text, index in (("一", 0), ("一", 2), ("二", 0), ("二", 1), ("二", 2))
    ]


def test_more_answers_than_before_ask_only_for_those_that_are_new(tmp_path: Path, journal: Journal) -> None:
    prompts = prompts_of(tmp_path, ["一", "二"])
    for request in list(pending(Written(prompts, CHAT).requests(), journal)):
        journal.append([Entry(request.key, "rejected", "weak", said())])
    assert [request.key for request in pending(Written(prompts, writer(answers=2)).requests(), journal)] == [
        CHAT.request(user(text), 1).key for text in ("一", "二")
    ]


def test_answers_that_come_while_it_is_asked_do_not_count_twice(tmp_path: Path, journal: Journal) -> None:
    texts, found = [f"{number}" for number in range(AT_ONCE + 20)], list[bytes]()
    for request in pending(Written(prompts_of(tmp_path, texts), CHAT).requests(), journal):
        journal.append([Entry(request.key, "rejected", "weak", said())])
        found.append(request.key)
    assert found == [CHAT.request(user(text), 0).key for text in texts]


@given(st.data())
def test_asked_and_known_together_are_everything(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("law")
    texts = data.draw(st.lists(st.sampled_from("一二三四五六"), min_size=1, max_size=12))
    done = data.draw(st.sets(st.sampled_from(texts)))
    journal = Journal(folder / NAME)
    for text in done:
        answer(journal, CHAT, text)
    found = asked(prompts_of(folder, texts), CHAT, journal)
    journal.close()
    assert found == [text for text in dict.fromkeys(texts) if text not in done]


def test_requests_are_the_same_each_time(tmp_path: Path) -> None:
    prompts = prompts_of(tmp_path, ["一", "二"])
    way = Written(prompts, TEXT)
    assert list(way.requests()) == list(way.requests())


@pytest.mark.parametrize(("by", "expected"), [(CHAT, "chat"), (TEXT, "completions"), (None, None)])
def test_the_interface_of_a_journal_is_that_of_its_answers(
    by: Writer | None, expected: str | None, tmp_path: Path, journal: Journal
) -> None:
    prompts = prompts_of(tmp_path, ["一", "二"])
    if by is not None:
        answer(journal, by, "二")
    answer(journal, CHAT, "别的")
    way = way_of_journal([Written(prompts, CHAT), Written(prompts, TEXT)], journal)
    assert (way and way.api) == expected
