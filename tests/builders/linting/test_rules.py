"""Each rule: what it finds, and what is nearly so and is not found; in small files of several layouts."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders.inputs.recipe import load_recipe
from builders.linting.rules import RULES
from sources.checks import CHECKS

ROOT = Path(__file__).parents[3]

PROSE_ZH = (
    "长城是中国古代的伟大建筑。它东起山海关，西到嘉峪关，全长两万多公里，是世界文化遗产，每年都吸引着许多来自世界各地的"
)
PROSE_EN = (
    "The garden was quiet in the morning. A robin sat on the old fence and sang, and the dew on the grass shone in the "
    "light of the early sun, while far away a train was passing through the"
)
IN_ENGLISH = "You should go to bed early and avoid looking at your phone in the evening."
FRENCH = "Le jardin était calme ce matin et les oiseaux chantaient doucement sous les grands arbres de la place."
SPRING = "江南的春天细雨绵绵，小桥流水，杨柳依依，白墙黑瓦倒映在河里，非常好看。"
ASK = "请用三句话介绍一下春天的江南水乡。"
LIST = "水果很多，各有各的味道，人人都喜欢，下面列出三种最常见的来给你看看。\n- 苹果和梨子以及别的水果"
PLAIN = "江南在南方，春天会下雨，没有什么特别的。"

Sides = tuple[str, str, str]

FOUND: list[Any] = [
    ("empty_side", ("", "它的尾巴真漂亮。", "猫。")),
    ("empty_side", ("夸夸这只猫。", "\u3000\n", "猫。")),
    ("empty_side", ("夸夸这只猫。", "真漂亮。", "")),
    ("identical_sides", ("一年有几个季节？", "四个，ABC。", "四个，ＡＢＣ 。")),
    ("mojibake", ("介绍西湖。", "景色锟斤拷优美。", "不知道。")),
    ("mojibake", ("介绍\ufffd湖。", "景色优美。", "不知道。")),
    ("mojibake", ("Say it.", "It is calledå¤§å­¦ in Chinese.", "No.")),
    ("mojibake_rejected", ("介绍西湖。", "景色优美。", "不\ufffd道。")),
    ("control_characters", ("Name a colour.", "\x1b[32mGreen\x1b[0m", "Seven.")),
    ("control_characters", ("Name a colour.", "Green.", "Sev\0en.")),
    ("template_token", ("Say good night.", "Good night!<|im_end|>", "No.")),
    ("template_token", ("Say good night.", "Good night!", "<｜end▁of▁sentence｜>")),
    ("template_token", ("Say good night.", "Good night!\n\nHuman: And now?", "No.")),
    ("over_length", ("Tell a story.", "A fox.", "x" * 12_001)),
    ("over_length", ("好" * 12_001, "好。", "不好。")),
    ("wrong_language", (FRENCH, FRENCH + " Merci.", "Non.")),
    ("answer_language", ("怎样才能睡得更好？", "固定作息，睡前少看手机。", IN_ENGLISH)),
    (
        "answer_language",
        ("How can I sleep better at night when it is hot?", "Open the window.", "晚上早点睡觉就可以了。"),
    ),
    ("prompt_repeated", ("请问北京的秋天适合去哪里玩？", "去香山。", "请问，北京的秋天适合去哪里玩？我也想知道。")),
    ("prompt_repeated", ("Where does the river begin?", "WHERE DOES THE RIVER BEGIN? In the hills.", "Here.")),
    ("refusal_chosen", ("写一张生日卡。", "抱歉，我无法帮助您完成这个请求。", "生日快乐！")),
    ("refusal_rejected", ("How do I boil an egg?", "Seven minutes.", "I'm sorry, but I can't help with that.")),
    ("cut_off_chosen", ("介绍一下长城。", PROSE_ZH, "一堵墙。")),
    ("cut_off_chosen", ("Describe a garden.", PROSE_EN, "Green.")),
    ("cut_off_rejected", ("介绍一下长城。", "一堵墙。", PROSE_ZH)),
    ("first_letter_lost", ("Tell me a story.", "ophie sat at her desk. Then the bell rang.", "No.")),
    ("identity_leak", ("你是谁？", "我是ChatGPT，很高兴见到你。", "不告诉你。")),
    ("identity_leak", ("Who are you?", "A helper.", "I am Claude, made by Anthropic.")),
]

MISSED: list[Any] = [
    ("empty_side", ("夸夸这只猫。", "。", "猫。")),
    ("identical_sides", ("一年有几个季节？", "四个。", "四个！")),
    ("identical_sides", ("一年有几个季节？", "", " ")),
    ("mojibake", ("介绍西湖。", "景色优美。", "锟斤拷")),
    ("mojibake", ("Where is Ærø?", "In Denmark: Ærø, près de Fünen.", "No.")),
    ("mojibake_rejected", ("介绍\ufffd湖。", "景色优美。", "不\ufffd道。")),
    ("control_characters", ("Name a colour.", "Green.\r\n\tYes.", "Seven.")),
    ("template_token", ("Is a < b | c > d?", "If [a] < [b], yes.", "### no")),
    ("over_length", ("好" * 12_000, "x" * 12_000, "不好。")),
    ("wrong_language", ("1+1=?", "2", "3")),
    ("wrong_language", ("おすすめの本を教えてください。", "それなら、この小説がとてもおもしろいですよ。", "いいえ。")),
    ("wrong_language", ("用Python打印你好。", 'print("你好")', "不会。")),
    ("answer_language", ("把“你好”翻译成英文，并写一句话。", "Hello, how are you doing on this fine day?", "不会。")),
    ("answer_language", ("怎样才能睡得更好？", "固定作息。", "OK.")),
    ("answer_language", ("fine这个词怎么用？", "The weather is fine today and we are all very happy.", "不会。")),
    ("prompt_repeated", ("春天来了吗？", "春天来了吗？来了。", "没有。")),
    ("refusal_chosen", ("写一张生日卡。", "好的。" * 30 + "抱歉，我无法写得更长。", "不。")),
    ("refusal_chosen", ("写一张生日卡。", "对不起，昨天太忙了。生日快乐！", "不。")),
    ("cut_off_chosen", ("介绍一下长城。", PROSE_ZH + "游客。", "一堵墙。")),
    ("cut_off_chosen", ("介绍一下长城。", "长城在北京，它很长", "一堵墙。")),
    ("cut_off_chosen", ("列出三种水果。", LIST, "没有。")),
    ("first_letter_lost", ("Tell me a story.", "iPhone users sat there. and then they left. the end.", "No.")),
    ("first_letter_lost", ("讲个故事。", "ophie坐在桌前。后来铃响了，她站起来走了出去。", "不。")),
    ("identity_leak", ("Who made ChatGPT?", "ChatGPT was made by OpenAI.", "A baker.")),
]  # fmt: skip


@pytest.mark.parametrize(("code", "sides"), FOUND, ids=[f"{code}-{n}" for n, (code, _) in enumerate(FOUND)])
def test_a_rule_finds_what_it_is_for(
    code: str, sides: Sides, lint: Any, write: Callable[..., Path], pair: Any, clean_rows: Any
) -> None:
    linted = lint(write([*clean_rows, pair(*sides)]))
    assert linted.counts.get(code) == 1
    ((where, evidence),) = linted.examples(code)
    assert where.startswith(f"data.jsonl:{len(clean_rows)} (")
    assert evidence


@pytest.mark.parametrize(("code", "sides"), MISSED, ids=[f"{code}-{n}" for n, (code, _) in enumerate(MISSED)])
def test_a_rule_passes_over_what_is_only_nearly_so(
    code: str, sides: Sides, lint: Any, write: Callable[..., Path], pair: Any, clean_rows: Any
) -> None:
    assert code not in lint(write([*clean_rows, pair(*sides)])).counts


def test_clean_rows_have_no_finding(lint: Any, write: Callable[..., Path], clean_rows: Any) -> None:
    linted = lint(write(clean_rows), "--fail-on", "info")
    assert (linted.status, linted.said["findings"]) == (0, [])


def messages(*contents: str) -> list[dict[str, str]]:
    return [{"role": ("user", "assistant")[place % 2], "content": content} for place, content in enumerate(contents)]


def answer(content: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": content}]


BROKEN_TURNS: list[Any] = [
    ("ends with the assistant", messages("问？", "答。"), 1),
    ("an empty turn", messages("问？", " ", "再问？"), 1),
    ("two turns of the user", [*messages("问？"), *messages("再问？")], 1),
    ("the system last", [{"role": "system", "content": "好好答。"}], 1),
    ("an exchange before", messages("问？", "答。", "再问？"), 0),
    ("the system first", [{"role": "system", "content": "好好答。"}, *messages("问？")], 0),
]


@pytest.mark.parametrize(("prompt", "count"), [case[1:] for case in BROKEN_TURNS], ids=[c[0] for c in BROKEN_TURNS])
def test_turns_in_the_wrong_order_are_found(prompt: Any, count: int, lint: Any, write: Callable[..., Path]) -> None:
    row = {"prompt": prompt, "chosen": answer("是这样的。"), "rejected": answer("不是这样。")}
    assert lint(write([row])).counts.get("broken_turns", 0) == count


def test_a_contradiction_counts_both_pairs_and_names_the_other(
    lint: Any, write: Callable[..., Path], pair: Any, clean_rows: Any
) -> None:
    rows = [pair("茶还是咖啡？", "茶。", "咖啡。"), *clean_rows, pair("茶还是咖啡？", "咖啡。", "茶。")]
    linted = lint(write(rows))
    assert linted.counts == {"contradiction": 2}
    assert linted.examples("contradiction") == [
        ("data.jsonl:0 (茶还是咖啡？)", f"like data.jsonl:{len(rows) - 1}"),
        (f"data.jsonl:{len(rows) - 1} (茶还是咖啡？)", "like data.jsonl:0"),
    ]


def test_a_ranking_is_no_contradiction(lint: Any, write: Callable[..., Path], pair: Any) -> None:
    rows = [pair("茶还是水？", *sides) for sides in (("茶。", "水。"), ("水。", "酒。"), ("茶。", "酒。"))]
    assert lint(write(rows)).counts == {}


def test_duplicates_are_counted_but_for_the_first(
    lint: Any, write: Callable[..., Path], pair: Any, clean_rows: Any
) -> None:
    rows = [pair(), *clean_rows, pair("夸夸这只猫。\n"), pair(), pair(rejected="另一个回答。")]
    linted = lint(write(rows))
    assert linted.counts == {"exact_duplicate": 2}
    assert linted.examples("exact_duplicate")[0][1] == "like data.jsonl:0"


def test_near_duplicates_are_found_side_by_side(
    lint: Any, write: Callable[..., Path], pair: Any, clean_rows: Any
) -> None:
    first, near = pair(ASK, SPRING, PLAIN), pair(ASK[:-1] + "！", SPRING[:-1] + "呢。", PLAIN)
    other_answer = pair(ASK, "水乡的人划着船去买菜，一路上都能听见吴侬软语和橹声。", PLAIN)
    linted = lint(write([first, *clean_rows, near, other_answer]))
    assert linted.counts == {"near_duplicate": 1}
    ((where, evidence),) = linted.examples("near_duplicate")
    assert where.startswith(f"data.jsonl:{1 + len(clean_rows)} (")
    assert evidence.startswith("like data.jsonl:0, similarity 0.8")


@pytest.mark.parametrize(
    ("count", "longer", "found"),
    [(100, 65, True), (100, 64, False), (99, 99, False), (100, 35, True), (100, 36, False)],
)
def test_length_bias_needs_pairs_enough_and_a_share_far_enough_from_half(
    count: int, longer: int, found: bool, lint: Any, write: Callable[..., Path], pair: Any
) -> None:
    long, short = "这是一个比较长的回答，一共有好几句。", "短短一句。"
    rows = [pair(f"第{n}个问题是什么？", *((long, short) if n < longer else (short, long))) for n in range(count)]
    linted = lint(write(rows))
    assert ("length_bias" in linted.counts) is found
    assert linted.said["length_auc"] == pytest.approx(longer / count, abs=1e-4)
    if found:
        assert linted.counts["length_bias"] == count
        which = "longer" if longer > count / 2 else "shorter"
        assert linted.examples("length_bias") == [
            ("", f"taking the {which} answer for chosen is right 65% of the time")
        ]


def test_the_same_fault_is_found_in_every_layout(lint: Any, write: Callable[..., Path]) -> None:
    ask, good, bad = "一年有几个季节？", "有四个。", "有 四个。"
    layouts = {
        "trl": {"prompt": messages(ask), "chosen": answer(good), "rejected": answer(bad)},
        "trl-standard": {"prompt": ask, "chosen": good, "rejected": bad},
        "trl-implicit": {"chosen": messages(ask, good), "rejected": messages(ask, bad)},
        "ultrafeedback": {"prompt": ask, "chosen": messages(ask, good), "rejected": messages(ask, bad)},
        "hh": {
            "chosen": f"\n\nHuman: {ask}\n\nAssistant: {good}",
            "rejected": f"\n\nHuman: {ask}\n\nAssistant: {bad}",
        },
        "llamafactory": {"instruction": ask, "input": "", "chosen": good, "rejected": bad},
        "llamafactory-old": {"instruction": ask, "input": "", "output": [good, bad]},
        "sharegpt": {
            "conversations": [{"from": "human", "value": ask}],
            "chosen": {"from": "gpt", "value": good},
            "rejected": {"from": "gpt", "value": bad},
        },
        "ms-swift": {"messages": messages(ask, good), "rejected_response": bad},
        "medicalgpt": {"question": ask, "response_chosen": good, "response_rejected": bad},
        "axolotl": {"system": "", "question": ask, "chosen": good, "rejected": bad},
    }
    for name, row in layouts.items():
        linted = lint(write([row], f"{name}.jsonl"))
        (file,) = linted.said["files"]
        assert (file["layout"], linted.counts) == (name, {"identical_sides": 1})


def test_no_rule_is_there_twice_and_every_code_is_a_word() -> None:
    codes = [rule.code for rule in RULES]
    assert len(set(codes)) == len(codes)
    assert all(code.replace("_", "").isalpha() and code == code.lower() for code in codes)


def test_every_check_has_a_rule_a_page_a_line_in_the_recipe_and_one_in_the_docs() -> None:
    """A check without a rule would be found and not shown; one that the recipe does not name would not run."""
    rules = {rule.code for rule in RULES}
    recipe = load_recipe("ct-llm").checks
    reasons = (ROOT / "docs" / "reasons.md").read_text(encoding="utf-8")
    for code in CHECKS:
        assert code in rules, f"give {code} a Rule in builders/linting/rules.py"
        assert code in recipe, f"say in builders/recipes/ct-llm.yaml what {code} does"
        assert re.search(rf"\b{code}\b", reasons), f"explain {code} in docs/reasons.md"
    for code in rules:
        assert (ROOT / "docs" / "rules" / f"{code}.md").is_file(), f"write docs/rules/{code}.md"
