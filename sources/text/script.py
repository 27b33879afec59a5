"""Which of the two languages a text is in, for rows that do not say: by the share of Han characters."""

import re

from sources.schema import Lang

HAN = re.compile("[\u2e80-\u2fdf\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
LATIN_WORD = re.compile("[A-Za-z]+")
LOOKED_AT = 2000


def script_language(*texts: str) -> Lang:
    """zh where there are at least half as many Han characters as Latin words in the texts together, else en."""
    beginning = "\n".join(text[:LOOKED_AT] for text in texts)
    return "zh" if 2 * len(HAN.findall(beginning)) >= max(len(LATIN_WORD.findall(beginning)), 1) else "en"
