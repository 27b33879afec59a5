"""The ways to a worse answer: what is asked, and what the pair says of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from builders.build_prefs import main as build_prefs
from synth.job.rejected_from import first_half
from tests.synth.made import own, user
from tests.synth.place import Place, Said, question
from tests.synth.played_server import PlayedServer

Start = Callable[..., PlayedServer]
Synth = Callable[..., Said]


HOTTER = ("--rejected-from", "hotter", "--rejected-temperature")


def pairs(place: Place) -> list[dict[str, Any]]:
    return place.rows("pairs")


@pytest.mark.parametrize(
    ("way", "more", "model", "signal"),
    [
        ("weaker", (), "played", "synthetic"),
        ("smaller", (), "played (smaller model)", "synthetic"),
        ("checkpoint", (), "played (earlier checkpoint)", "synthetic"),
        ("hotter", ("--rejected-temperature", 1.6), "played (temperature 1.6)", "degraded"),
        ("truncated", (), "played (asked the first half of the prompt)", "degraded"),
        ("off-topic", (), "played (asked another prompt)", "degraded"),
    ],
)
def test_a_pair_says_how_its_rejected_answer_came_about(
    way: str, more: tuple[object, ...], model: str, signal: str, played: Start, synth: Synth, place: Place
) -> None:
    synth(played().url, "--rejected-from", way, *more)
    assert {(row["rejected_model"], row["signal"]) for row in pairs(place)} == {(model, signal)}
    assert [row["prompt"] for row in pairs(place)] == [user(question(n)) for n in range(12)]


def test_the_same_model_is_asked_at_the_temperature_that_is_given(played: Start, synth: Synth) -> None:
    server = played()
    synth(server.url, *HOTTER, 1.6, "--chosen-model", "played", "--chosen-url", server.url)
    asked = [one["body"] for one in server.log if one["path"] == "/v1/chat/completions"]
    assert sorted(body["temperature"] for body in asked) == [1.0] * 12 + [1.6] * 12


def test_the_first_half_of_the_last_turn_is_asked(played: Start, synth: Synth) -> None:
    server = played()
    synth(server.url, "--rejected-from", "truncated")
    asked = {one["body"]["messages"][-1]["content"] for one in server.log if "messages" in (one["body"] or {})}
    assert asked == {question(n)[: (len(question(n)) + 1) // 2] for n in range(12)} | {"Hello"}
    assert first_half([*user("前文"), *user("一二三")])[0] == user("前文")[0]


def test_an_answer_to_another_prompt_is_paired_with_each(played: Start, synth: Synth, place: Place) -> None:
    server = played()
    synth(server.url)
    plain = {row["source_row"]: row["rejected"] for row in pairs(place)}
    synth(server.url, "--rejected-from", "off-topic")
    for row in pairs(place):
        assert row["rejected"] in plain.values()
        assert row["rejected"] != plain[row["source_row"]]
    assert server.counts["served"] == 12


def test_equal_prompts_are_not_taken_for_another(tmp_path: Path, played: Start, synth: Synth, place: Place) -> None:
    prompts = own(tmp_path, [{"prompt": text, "chosen": "好"} for text in ("一", "二", "一", "三")], name="own.jsonl")
    assert [(one[0]["content"], other[0]["content"]) for one, other in zip(prompts, prompts.others(), strict=True)] == [
        ("一", "三"), ("二", "三"), ("一", "二"), ("三", "二"),
    ]  # fmt: skip
    place.write_rows(
        [{"prompt": "一", "chosen": "好的，就这样。"}] * 2 + [{"prompt": "二", "chosen": "好的，那样吧。"}] * 2
    )
    synth(played().url, "--rejected-from", "off-topic", "--limit", 3)
    assert {reason for reason, _ in place.lost().values()} <= {"no_other_prompt", "nearly_identical"}
    place.write(1)
    assert "no prompt has answers on both sides" in synth(played().url, "--rejected-from", "off-topic", code=1).err


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("--rejected-from", "hotter"), "--rejected-temperature: is missing"),
        (("--rejected-temperature", 1.2), "--rejected-temperature: says nothing without --rejected-from hotter"),
        ((*HOTTER, 3), "--rejected-temperature: is 3"),
        (
            (
                "--rejected-from",
                "hotter",
                "--rejected-temperature",
                0.9,
                "--chosen-model",
                "played",
                "--chosen-url",
                "URL",
            ),
            "--rejected-temperature: is 0.9; expected above 1 (that of chosen), at most 2",
        ),
    ],
)
def test_a_temperature_that_makes_nothing_worse_is_refused(
    given: tuple[object, ...], words: str, played: Start, synth: Synth
) -> None:
    url = played().url
    assert words in synth(url, *(url if each == "URL" else each for each in given), code=2).err


def test_the_card_of_a_build_says_what_degraded_means(
    played: Start, synth: Synth, place: Place, tmp_path: Path
) -> None:
    synth(played().url, "--rejected-from", "truncated")
    out = tmp_path / "prefs"
    build = [
        "--lang",
        "zh",
        "--sample",
        "--only",
        "synth_zh",
        "--synth",
        str(place.out),
        "--out",
        str(out),
        "--no-report",
    ]
    assert build_prefs(build) == 0
    card = (out / "zh" / "README.md").read_text(encoding="utf-8")
    assert "made worse on purpose" in card
    rows = pq.read_table(out / "zh" / "data").to_pylist()
    assert {row["signal"] for row in rows} == {"degraded"}
