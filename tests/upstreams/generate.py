"""The datasets of today at any size, as a mirror: random texts in the true layouts, with planted faults and truth.

    python -m tests.upstreams.generate MIRROR --rows 1000 --only coig_p

writes MIRROR/<owner>/<repository>/<path> and MIRROR/truth.jsonl: file, row, lang and reason of every planted fault.
"""

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from sources.registry import find_sources
from tests.upstreams.faults import OF_ALL, OF_ONE, Fault
from tests.upstreams.layouts import LAYOUTS, Item, Row
from tests.upstreams.write import open_table, place

EVERY = 25
"""Of so many rows one has a fault."""

REPEATED = "exact_duplicate"
TELLS_LANGUAGE = ("helpsteer3", "arena_140k")
"""Whose rows say their language, so that it is looked at before any fault."""

ZH_TEXT = """
春天 河水 书桌 邻居 车站 豆腐 棋盘 台灯 雨伞 木匠 茶馆 月光 石桥 麦田 风筝 钢琴 地图 邮差 船夫
竹林 灯笼 锅炉 梯子 画家 走向 打开 修理 记住 尝到 数清 画出 唤醒 搬走 挂上 擦亮 种下 听见 收起
绕过 抬头 煮熟 折好 补上 量过 写完 借来 翻开 等到 慢慢 忽然 已经 仍然 悄悄 一起 常常 终于 刚刚
偶尔 明亮 安静 温热 古老 细小 结实 酸甜 潮湿 整齐 遥远 松软 清凉 厚重 陌生
"""
EN_TEXT = """
river lantern table orchard ladder violin market harbour blanket kettle garden window carpenter meadow bridge
letter pocket mountain candle basket stable copper ribbon island needle feather bottle mirror saddle whistle
carries repairs opens gathers measures follows paints remembers folds lifts waters counts borrows crosses mends
slowly quietly together again often never already almost barely gently bright narrow ancient steady hollow crisp
distant woollen shallow wooden silver bitter golden muddy gentle
"""
WORDS = {"zh": ZH_TEXT.split(), "en": EN_TEXT.split()}
SMALL_WORDS = ("the", "and", "of", "to", "in", "with")
"""As English prose has them."""


@dataclass(frozen=True)
class Truth:
    """What was planted in a row; `lang` is that of the row, and `by_layout` says that no check is needed to find it."""

    source: str
    file: str
    row: int
    lang: str
    reason: str
    by_layout: bool

    def reason_for(self, lang: str) -> str:
        """Under which reason a build of that language must have it."""
        is_seen = self.by_layout and self.source not in TELLS_LANGUAGE
        return self.reason if lang == self.lang or is_seen else "other_language_file"


def said(rng: random.Random, lang: str, words: int) -> str:
    """A text of random words, so that no two are near duplicates."""
    chosen = rng.choices(WORDS[lang], k=words)
    if lang == "zh":
        return "".join(chosen) + "。"
    small = rng.choices(SMALL_WORDS, k=words)
    chosen = [f"{small[place]} {word}" if place % 3 == 0 else word for place, word in enumerate(chosen)]
    return " ".join(chosen).capitalize() + "."


def items(name: str, seed: int, langs: Sequence[str]) -> Iterator[Item]:
    """Questions with three answers each, without end; where a source is in several languages, in turn."""
    rng = random.Random(f"{name} {seed}")
    number = 0
    while True:
        lang = langs[number % len(langs)]
        yield Item(number, lang, said(rng, lang, 12), tuple(said(rng, lang, words) for words in (24, 18, 14)))
        number += 1


def rows(name: str, seed: int, langs: Sequence[str]) -> Iterator[tuple[Row, str, Fault | None]]:
    """Rows without end, each with its language and what is wrong with it."""
    faults = (*OF_ALL, *OF_ONE[name], Fault(REPEATED))
    before: Item | None = None
    for item in items(name, seed, langs):
        turn, is_faulty = item.number // EVERY, item.number % EVERY == EVERY - 1
        fault = faults[turn % len(faults)] if is_faulty and before else None
        asked = before if fault and before and fault.reason == REPEATED else item
        if fault and fault.item:
            asked = fault.item(asked)
        row = LAYOUTS[name](asked)
        yield fault.row(row) if fault and fault.row else row, asked.lang, fault
        if fault is None:
            before = item


def write_upstream(mirror: Path, name: str, count: int, seed: int = 0) -> list[Truth]:
    """So many rows of a dataset over its files, and what was planted in them."""
    sources = find_sources(name, "--only")
    files = {source.lang: source.files(source.options()) for source in sources}
    apart = len(set(files.values())) == len(sources) > 1
    truth = []
    for lang, mine in files.items() if apart else [("", files[sources[0].lang])]:
        stream = rows(name, seed, [lang] if apart else [source.lang for source in sources])
        for number, file in enumerate(mine):
            share = count * (number + 1) // len(mine) - count * number // len(mine)
            with open_table(mirror / place(file)) as table:
                for row, (content, spoken, fault) in enumerate(islice(stream, share)):
                    table.append(content)
                    if fault:
                        by_layout = fault.row is not None
                        truth.append(Truth(name, place(file), row, spoken, fault.reason, by_layout))
    return truth


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mirror", type=Path)
    parser.add_argument("--rows", type=int, default=1000, help="of each dataset")
    parser.add_argument("--only", action="append", choices=list(LAYOUTS), help="one dataset (repeatable)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    names = options.only or list(LAYOUTS)
    planted = [one for name in names for one in write_upstream(options.mirror, name, options.rows, options.seed)]
    lines = "".join(json.dumps(asdict(one)) + "\n" for one in planted)
    (options.mirror / "truth.jsonl").write_text(lines, encoding="utf-8")


if __name__ == "__main__":
    main()
