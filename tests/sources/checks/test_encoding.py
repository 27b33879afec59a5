"""Text that is not what its author wrote."""

from collections.abc import Callable

import pytest

from sources.checks import CheckLimits
from sources.checks.encoding import control_characters, mojibake, mojibake_rejected
from sources.text.texts import PairTexts

MakeTexts = Callable[..., PairTexts]
LIMITS = CheckLimits()

BROKEN = [
    "你好\ufffd世界",
    "锟斤拷锟斤拷",
    "手持两把锟斤拷",
    "烫烫烫烫",
    "屯屯屯",
    "ä½\u00a0å¥½",
    "ä¸\u00adæ\u0096\u0087",
    "Itâ€™s a nice day",
    "cafÃ©Ã©",
    "caf\ufffd au lait",
    "绛夌泦鍦熷共閫忎互鍚庡啀娴囷紝涓娆℃祰閫忥紝閬垮紑鍙跺績",
    "µÈÅèÍÁ¸ÉÍ¸ÒÔºóÔÙ½½£¬Ò»´Î½½Í¸£¬±Ü¿ªÒ¶ÐÄ£¬",
    "ш鼴泭汒秞ㄛь毯謹湍隙汒腔珨啜抇賸˙婬艘圖ゆ岆瘁苤奧側ㄛ",
]
WHOLE = [
    "锟铻是一把古剑",
    "水很烫，别烫着",
    "草屯镇在南投县",
    "naïve café, déjà vu, façade, Ångström, æther",
    "São Paulo, Ãrea",
    "ça « va » très bien",
    "中文，English，日本語 😀",
    "â",
]


@pytest.mark.parametrize("text", BROKEN)
def test_broken_encodings_are_found_in_prompt_and_chosen(make_texts: MakeTexts, text: str) -> None:
    hits = mojibake(make_texts(("问", "好", "坏"), (text, "好", "坏"), ("问", text, "坏"), ("问", "好", text)), LIMITS)
    assert {row: evidence.split(":")[0] for row, evidence in hits.items()} == {1: "prompt", 2: "chosen"}


@pytest.mark.parametrize("text", BROKEN)
def test_broken_encodings_of_rejected_alone_are_another_reason(make_texts: MakeTexts, text: str) -> None:
    hits = mojibake_rejected(make_texts(("问", "好", text), ("问", text, text), ("问", text, "坏")), LIMITS)
    assert {row: evidence.split(":")[0] for row, evidence in hits.items()} == {0: "rejected"}


@pytest.mark.parametrize("text", WHOLE)
def test_rare_words_and_accents_are_no_mojibake(make_texts: MakeTexts, text: str) -> None:
    texts = make_texts((text, text, text), (text, text, text), lang=["zh", "en"])
    assert mojibake(texts, LIMITS) == mojibake_rejected(texts, LIMITS) == {}


@pytest.mark.parametrize("control", ["\x00", "\x08", "\x1b", "\x1c", "\x7f", "\x90"])
def test_control_characters_are_found_and_shown_escaped(make_texts: MakeTexts, control: str) -> None:
    hits = control_characters(make_texts(("问", "好", "坏"), ("问", f"好{control}的", "坏")), LIMITS)
    assert list(hits) == [1]
    assert hits[1].startswith("chosen: 好\\x")
    assert control not in hits[1]


@pytest.mark.parametrize("space", ["\t", "\n", "\r\n", "\u3000", "\u00a0", "\u200b", "\u2028", "\x85", "\ufeff"])
def test_white_space_is_no_control_character(make_texts: MakeTexts, space: str) -> None:
    assert control_characters(make_texts((f"问{space}题", f"好{space}", "坏")), LIMITS) == {}
