"""Remarks on answers: refusals, cut ends, lost letters, echoes, names of other models."""

from collections.abc import Callable

import pytest

from sources.checks import CHECKS, CheckLimits
from sources.checks.answers import (
    cut_off_chosen,
    cut_off_rejected,
    first_letter_lost,
    identity_leak,
    prompt_repeated,
    refusal_chosen,
    refusal_rejected,
)
from sources.text.texts import PairTexts

MakeTexts = Callable[..., PairTexts]
LIMITS = CheckLimits()

REFUSALS = [
    "抱歉，我无法回答这个问题。",
    "对不起，这个问题我不能帮助您。",
    "很遗憾，我不能提供这样的信息。",
    "我无法为您提供这方面的帮助。",
    "作为一个人工智能语言模型，我无法给出个人意见。",
    "作为AI，我没有情感。",
    "抱歉，我無法回答這個問題。",
    "對不起，這個我不能幫助您。",
    "作為一個人工智慧語言模型，我無法給出個人意見。",
    "對唔住，我冇辦法答你呢條問題。",
    "我唔可以提供呢啲資料。",
    "作為AI，我沒有情感。",
    "我無法為您提供這方面的幫助。",
    "唔好意思，呢個我唔能夠幫你。",
    "我哋唔會討論呢啲話題。",
    "I'm sorry, but I can't help with that.",
    "Sorry, I cannot answer this question.",
    "I’m sorry, I won’t do that.",
    "I am unable to assist you with this request.",
    "I cannot provide instructions for that.",
    "As an AI language model, I don't have feelings.",
]
ANSWERS = [
    "对不起，我来晚了。",
    "他抱歉地笑了笑。",
    "對不起，我來晚了。",
    "對唔住，我遲到咗。",
    "作為一個廚師，我每天很早起床。",
    "我無法忘記那一天。",
    "人哋話唔可以咁做。",
    "我能回答这个问题：北京。",
    "人们常说，时间就是金钱。",
    "您可以拒绝他的请求。",
    "Sorry to hear that. You should rest.",
    "You can't buy happiness.",
    "The court was unable to decide.",
    "I can help you with that.",
    "As an artist, I do not like it.",
]


@pytest.mark.parametrize("text", REFUSALS)
def test_refusals_are_found_on_their_side(make_texts: MakeTexts, text: str) -> None:
    texts = make_texts(("问", "好", "坏"), ("问", text, "坏"), ("问", "好", text), ("问", text, text))
    assert list(refusal_chosen(texts, LIMITS)) == [1, 3]
    assert list(refusal_rejected(texts, LIMITS)) == [2, 3]


@pytest.mark.parametrize("text", ANSWERS)
def test_apologies_and_answers_are_no_refusals(make_texts: MakeTexts, text: str) -> None:
    texts = make_texts(("问", text, text), ("Q", text, text), lang=["zh", "en"])
    assert refusal_chosen(texts, LIMITS) == refusal_rejected(texts, LIMITS) == {}


def test_a_refusal_stands_at_the_beginning(make_texts: MakeTexts) -> None:
    late = "北京是中国的首都。" * 10 + REFUSALS[0]
    assert refusal_chosen(make_texts(("问", late, "坏")), LIMITS) == {}


def test_an_idiom_is_no_refusal(make_texts: MakeTexts) -> None:
    assert refusal_chosen(make_texts(("Q", "I can't help but admire this painting.", "no"), lang="en"), LIMITS) == {}


LEAKS = [
    "我是ChatGPT，一个由OpenAI训练的语言模型。",
    "我是OpenAI开发的助手",
    "我叫文心一言。",
    "我的名字是Claude",
    "我是由百度开发的语言模型",
    "我来自阿里巴巴研发的团队",
    "我是由深度求索公司開發的語言模型。",
    "我係ChatGPT，由OpenAI開發嘅語言模型。",
    "我係一個Kimi助手",
    "我來自阿里巴巴研發的團隊",
    "我的名字是文心一言",
    "I am Grok, ask me anything.",
    "I am ChatGPT, a language model.",
    "I'm Claude, nice to meet you.",
    "My name is Bard",
    "Hi! I am an assistant trained by OpenAI",
]
NO_LEAKS = [
    "ChatGPT是OpenAI开发的语言模型。",
    "我喜欢用ChatGPT写文章。",
    "我系开设了一门讲ChatGPT的课程。",
    "我唔係好識用ChatGPT。",
    "微軟推出咗一個新嘅語言模型。",
    "我是一名老师，在北京工作。",
    "百度是一家公司。",
    "I am a teacher.",
    "I use ChatGPT for my homework.",
    "I am an alpaca farmer.",
    "OpenAI made GPT-4.",
]


@pytest.mark.parametrize("text", LEAKS)
def test_answers_that_name_a_model_as_themselves_leak_it(make_texts: MakeTexts, text: str) -> None:
    hits = identity_leak(make_texts(("你是谁", "好", "坏"), ("你是谁", text, "坏"), ("你是谁", "好", text)), LIMITS)
    assert hits == {1: "chosen names a model as itself", 2: "rejected names a model as itself"}


@pytest.mark.parametrize("text", NO_LEAKS)
def test_answers_about_models_leak_nothing(make_texts: MakeTexts, text: str) -> None:
    assert identity_leak(make_texts(("问", text, text), ("Q", text, text), lang=["zh", "en"]), LIMITS) == {}


def test_prompts_may_name_a_model(make_texts: MakeTexts) -> None:
    texts = make_texts((LEAKS[0], "好", "坏"), (REFUSALS[0], "好", "坏"))
    assert identity_leak(texts, LIMITS) == refusal_chosen(texts, LIMITS) == refusal_rejected(texts, LIMITS) == {}


ZH_PROSE = "北京是中华人民共和国的首都，有着悠久的历史和灿烂的文化。它位于华北平原的北部，"
TRADITIONAL_PROSE = "臺北是一座山水環抱的城市，有著悠久的歷史和熱鬧的夜市。它位於盆地的中央，四周都是山，"
CANTONESE_PROSE = "香港有好多地方值得行下，唔使擔心冇嘢玩。如果你鍾意行山，可以去大嶼山睇日落，如果鍾意食，"
EN_PROSE = (
    "The city lies in the north of the plain, and it has a long history. Many people visit it each year to see "
    "the old palaces and the temples, and they all say that"
)


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        (ZH_PROSE + "每年都有来自世界各地的游客来到这里参观", "zh"),
        (ZH_PROSE + "每年都有来自世界各地的游客来到这里，", "zh"),
        (TRADITIONAL_PROSE + "每年都有來自世界各地的遊客來到這裡參觀", "zh"),
        (CANTONESE_PROSE + "就可以去深水埗搵啲老字號嘅車仔麵同埋豆腐", "zh"),
        (EN_PROSE, "en"),
        (EN_PROSE + " they,  \n", "en"),
    ],
)
def test_prose_that_ends_in_a_sentence_is_cut_off(make_texts: MakeTexts, text: str, lang: str) -> None:
    texts = make_texts(("问", "好", "坏"), ("问", text, "坏"), ("问", "好", text), lang=lang)
    assert list(cut_off_chosen(texts, LIMITS)) == [1]
    assert list(cut_off_rejected(texts, LIMITS)) == [2]
    assert cut_off_chosen(texts, LIMITS)[1].startswith("chosen ends with …")


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        (ZH_PROSE + "每年都有来自世界各地的游客来到这里参观。", "zh"),
        (ZH_PROSE + "人们都说：“每年都有很多游客来到这里参观”", "zh"),
        (ZH_PROSE + "每年都有来自世界各地的游客来到这里（包括外国人）", "zh"),
        (ZH_PROSE + "\n3. 每年都有来自世界各地的游客来到这里参观", "zh"),
        (ZH_PROSE + "\n祝您旅途愉快", "zh"),
        (ZH_PROSE + "\n更多信息请看 https://example.org/beijing", "zh"),
        (TRADITIONAL_PROSE + "人們都說：「每年都有很多遊客來到這裡參觀」", "zh"),
        (TRADITIONAL_PROSE + "\n祝您旅途愉快", "zh"),
        (CANTONESE_PROSE + "就可以去深水埗食車仔麵㗎喇！", "zh"),
        (CANTONESE_PROSE + "就可以去深水埗食車仔麵～", "zh"),
        ("北京是中国的首都。它很大", "zh"),
        (EN_PROSE + " it is great.", "en"),
        (EN_PROSE + " it is great!\nYours,\nAnna", "en"),
        (EN_PROSE + ":\n- the old palaces and the temples of the city", "en"),
        (EN_PROSE + ":\nresult = palace(temple)", "en"),
    ],
)
def test_whole_prose_lists_and_short_lines_are_not_cut_off(make_texts: MakeTexts, text: str, lang: str) -> None:
    texts = make_texts(("问", text, text), lang=lang)
    assert cut_off_chosen(texts, LIMITS) == cut_off_rejected(texts, LIMITS) == {}


@pytest.mark.parametrize(
    "text",
    [
        "ophie sat at her desk. She looked at the clock.",
        "nce upon a time, there was a king. He had a daughter.",
        "ure, here is a list of names. The first is Anna.",
    ],
)
def test_an_english_answer_that_lost_its_first_letter_is_found(make_texts: MakeTexts, text: str) -> None:
    texts = make_texts(("Q", text, "no"), ("问", text, "坏"), ("Q", "Yes.", text), lang=["en", "zh", "en"])
    assert first_letter_lost(texts, LIMITS) == {0: f"chosen begins with {text[:12]!r}"}


@pytest.mark.parametrize(
    "text",
    [
        "Sophie sat at her desk. She looked at the clock.",
        "print(add(1, 2)). This prints the sum.",
        "a cat",
        "x = 3, and so on. Then y = 4.",
        "iPhone\nA phone made by Apple. It is nice.",
    ],
)
def test_english_answers_with_their_first_letter_pass(make_texts: MakeTexts, text: str) -> None:
    assert first_letter_lost(make_texts(("Q", text, "no"), lang="en"), LIMITS) == {}


def test_an_answer_in_lower_case_throughout_lost_no_letter(make_texts: MakeTexts) -> None:
    text = "sure, here you go. it is a nice city. many people visit it."
    assert first_letter_lost(make_texts(("Q", text, "no"), lang="en"), LIMITS) == {}


@pytest.mark.parametrize(
    ("prompt", "answer", "lang"),
    [
        ("请介绍一下北京的历史和文化", "请介绍一下北京的历史和文化。北京是首都。", "zh"),
        ("请介绍一下北京的历史和文化？", "您问：“请介绍 一下北京的历史，和文化？”好的。", "zh"),
        ("What is the capital of France?", "what is the capital of France? It is Paris.", "en"),
        ("ＡＢＣ公司的股票今天涨了多少", "ABC公司的股票今天涨了多少？我不知道", "zh"),
    ],
)
def test_an_answer_that_repeats_the_prompt_is_found(make_texts: MakeTexts, prompt: str, answer: str, lang: str) -> None:
    texts = make_texts((prompt, "好", "坏"), (prompt, answer, "坏"), (prompt, "好", answer), lang=lang)
    assert prompt_repeated(texts, LIMITS) == {1: "chosen repeats the prompt", 2: "rejected repeats the prompt"}


@pytest.mark.parametrize(
    ("prompt", "answer", "lang"),
    [
        ("你好", "你好，很高兴见到你。", "zh"),
        ("请介绍一下北京的历史和文化", "北京的历史和文化非常丰富。", "zh"),
        ("请介绍一下北京的历史和文化", "请介绍一下北京的历史。", "zh"),
        ("What is the capital of France?", "The capital of France is Paris.", "en"),
    ],
)
def test_an_answer_that_takes_up_the_prompt_repeats_it_not(
    make_texts: MakeTexts, prompt: str, answer: str, lang: str
) -> None:
    assert prompt_repeated(make_texts((prompt, answer, answer), lang=lang), LIMITS) == {}


@pytest.mark.parametrize("code", CHECKS)
def test_a_check_finds_in_a_batch_what_it_finds_alone(make_texts: MakeTexts, code: str) -> None:
    rows = [("What is the capital of France?", text, other) for text in REFUSALS for other in (LEAKS[6], EN_PROSE)]
    together = CHECKS[code](make_texts(*rows, lang="en"), LIMITS)
    alone = {
        place: hits[0] for place, row in enumerate(rows) if (hits := CHECKS[code](make_texts(row, lang="en"), LIMITS))
    }
    assert together == alone
