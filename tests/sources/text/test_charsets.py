"""The way back from a wrong charset."""

import pytest

from sources.text.charsets import WAYS_BACK, way_back

SIMPLIFIED = "等盆土干透以后再浇，一次浇透，避开叶心，冬天减少次数。这样根就不会烂。"
TRADITIONAL = "因為大氣分子散射短波長的藍光比紅光多，所以我們看到的天空是藍色的。"
WHOLE = [
    SIMPLIFIED,
    TRADITIONAL,
    "唔使帶嘢，落雨行快啲就得㗎喇。",
    "饕餮、貔貅、魑魅魍魉都是传说中的怪物。",
    "雨の日は家で本を読むのがおすすめです。",
    "비 오는 날에는 집에서 책을 읽으세요.",
    "Ça va très bien, déjà vu, naïve café, Ångström, façade",
    "Größe, Übung, Straße, Äpfel, schön, müde",
    "Это очень длинное предложение на русском языке.",
    "Η γλώσσα είναι ελληνική",
    "H₂O、CO₂、α 粒子、β 衰变、5 μm、30 ℃",
    "①②③④⑤ ☆★○● 【注意】",
    "€£¥§°±²³¼½¾",
    "plain words",
    "",
]


def read_wrongly(text: str, written_as: str, read_as: str) -> str:
    """The text as a program shows it that takes it for another charset; what that charset has not is U+FFFD."""
    if read_as == "cp1252":
        return "".join(
            bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in text.encode(written_as, "ignore")
        )
    return text.encode(written_as, "ignore").decode(read_as, "ignore" if read_as in ("cp932", "gb18030") else "replace")


@pytest.mark.parametrize(("read_as", "written_as"), [way for way in WAYS_BACK if way != ("big5", "utf-8")])
def test_text_read_by_the_wrong_charset_is_led_back(read_as: str, written_as: str) -> None:
    text = TRADITIONAL if written_as == "big5" else SIMPLIFIED
    again = way_back(read_wrongly(text, written_as, read_as))
    assert again is not None
    assert sum(char in again for char in text) > 0.6 * len(text)


@pytest.mark.parametrize("text", WHOLE)
def test_text_of_any_language_stays_what_it_is(text: str) -> None:
    assert way_back(text) is None
