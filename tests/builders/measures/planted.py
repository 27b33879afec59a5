"""Pairs with a planted giveaway, or with none: filler words, so that nothing else tells the answers apart."""

import random
from collections.abc import Callable
from functools import partial

Answers = tuple[str, str]
"""The one that is chosen, the other."""

ZH = "天地日月山水花木春夏秋冬风雨云雪江河湖海东西南北书画琴棋茶酒诗歌鸟鱼虫草"
EN = ("river", "stone", "cloud", "paper", "light", "winter", "garden", "music", "silver", "window", "forest", "bridge")


def filler(draw: random.Random, lang: str, words: int) -> str:
    """So many words."""
    if lang == "zh":
        return "".join(draw.choice(ZH) + draw.choice(ZH) for _ in range(words)) + "。"
    return " ".join(f"the {draw.choice(EN)} of" for _ in range(words)) + " it."


def nothing(draw: random.Random, lang: str) -> Answers:
    one, other = (filler(draw, lang, draw.randint(8, 16)) for _ in range(2))
    return one, other


def longer(draw: random.Random, lang: str) -> Answers:
    return filler(draw, lang, draw.randint(20, 30)), filler(draw, lang, draw.randint(5, 12))


def marked_up(draw: random.Random, lang: str) -> Answers:
    """Chosen has a heading and a list, and is as long as the other."""
    one, other = nothing(draw, lang)
    return f"## {one[:6]}\n- {one[6:12]}\n- {one[12:]}", f"{other}"[: len(one) + 9]


def with_emoji(draw: random.Random, lang: str) -> Answers:
    one, other = nothing(draw, lang)
    return f"{one}😀", other


def other_language(draw: random.Random, lang: str) -> Answers:
    """Rejected is in the other of the two languages."""
    return filler(draw, lang, 12), filler(draw, "en" if lang == "zh" else "zh", 12)


def phrase(draw: random.Random, lang: str) -> Answers:
    """Chosen begins with words that only a look at the text can find."""
    one, other = nothing(draw, lang)
    return ("当然可以，" if lang == "zh" else "Sure thing, ") + one, other


def refusing(draw: random.Random, lang: str) -> Answers:
    """Rejected refuses."""
    refusal = "抱歉，我无法回答这个问题。" if lang == "zh" else "I'm sorry, but I can't help with that. "
    one, other = nothing(draw, lang)
    return one, refusal + other


Plant = Callable[[random.Random, str], Answers]


def rows(plant: Plant, count: int, lang: str, share: float = 1.0, per_prompt: int = 1) -> list[tuple[str, str, str]]:
    """(prompt, chosen, rejected): in `share` of the pairs the planted answer is chosen, in the others rejected."""
    draw = random.Random(f"{plant.__name__} {count} {lang} {share}")
    say = partial(filler, draw, lang)
    found = []
    for row in range(count):
        if row % per_prompt == 0:
            prompt = f"{row // per_prompt} {say(6)}"
        one, other = plant(draw, lang)
        found.append((prompt, one, other) if draw.random() < share else (prompt, other, one))
    return found
