"""Tokens of chat templates that were left in a text, and those that a text speaks of."""

from collections.abc import Callable

import pytest

from sources.checks import CheckLimits
from sources.checks.template_tokens import template_token, template_token_named
from sources.text.texts import PairTexts

MakeTexts = Callable[..., PairTexts]
LIMITS = CheckLimits()

TOKENS = [
    "<|im_end|>",
    "<|endoftext|>",
    "<｜end▁of▁sentence｜>",
    "＜｜end▁of▁sentence｜＞",
    "</s>",
    "[INST]",
    "[/INST]",
    "<<SYS>>",
    "<start_of_turn>",
    "<end_of_turn>",
    "<turn|>",
    "<|turn>",
    "<reserved_106>",
    "<eos>",
    "<eod>",
    "<sop>",
    "<eoa>",
    "<0x0A>",
    "[gMASK]",
    "[unused1]",
    "[TOOL_CALLS]",
    "### Response:",
    "### Instruction：",
    "\n\nHuman: ",
    "\n\nAssistant: ",
]
LEFT = [
    "好的，就这样吧。<|im_end|>",
    "<s>春天来了，花都开了。",
    "这是答案。</s></s></s>",
    "第一段话。\n<|im_start|>assistant\n第二段话。",
    "That is all.[/INST] And another turn begins here.",
    "Use the tag. <|eot_id|>",
    "Good night!<end_of_turn>\n<start_of_turn>user\nWhat?",
    "I like tea.<0x0A>I like coffee too.",
]
NAMED = [
    "BERT 用 [CLS] 作为句首的标记，用 [SEP] 分开两个句子。",
    "在 ChatML 格式里，每一轮以 `<|im_start|>` 开头，以 `<|im_end|>` 结尾。",
    "句子结束时模型会输出“</s>”，这时就停止生成。",
    "```python\nprompt = '[INST] ' + text + ' [/INST]'\n```\n这段代码拼接了提示词。",
    "HTML 里的 <s> 标签表示删除线，例如 <s> 原价 </s> 会画一条横线。",
    "The tokenizer adds the special token <s> before every sequence and the model learns it.",
    'A model stops when it writes "<|endoftext|>", so set it as a stop string.',
    "Wrap the old price like this: `<s>100</s>`.",
    "Llama 2 puts the instruction between the tags [INST] and [/INST], as its template says.",
    "<p>原价 <s>100 元</s>，现价 80 元</p>",
]
INNOCENT = [
    "如果 a < b 且 b > c，那么 a[i] | b",
    "# 标题\n## 小标题\n### 响应时间",
    "<div><span>你好</span></div>",
    "Human: hi",
    "the matrix [1, 2] and [A|B]",
    "x <- c(1, 2); y |> head()",
    "[INSTALL] done",
    "<br/><strong>",
    "数组 [0x0A, 0x0D] 是回车换行",
    "内容见 <附录一> 和 [unused]",
]


@pytest.mark.parametrize("token", TOKENS)
def test_tokens_are_found_on_every_side(make_texts: MakeTexts, token: str) -> None:
    text = f"这是一个答案{token}还有一个"
    texts = make_texts(("问", "好", "坏"), (text, "好", "坏"), ("问", text, "坏"), ("问", "好", text))
    hits = template_token(texts, LIMITS)
    assert {row: evidence.split(" ")[0] for row, evidence in hits.items()} == {1: "prompt", 2: "chosen", 3: "rejected"}
    assert template_token_named(texts, LIMITS) == {}


@pytest.mark.parametrize("text", LEFT)
def test_tokens_at_the_ends_before_roles_or_out_of_place_are_left_there(make_texts: MakeTexts, text: str) -> None:
    texts = make_texts(("问", text, "坏"))
    assert (list(template_token(texts, LIMITS)), list(template_token_named(texts, LIMITS))) == ([0], [])


@pytest.mark.parametrize("text", NAMED)
def test_tokens_in_code_quotes_and_talk_of_templates_are_named(make_texts: MakeTexts, text: str) -> None:
    texts = make_texts(("问", text, "坏"))
    assert (list(template_token(texts, LIMITS)), list(template_token_named(texts, LIMITS))) == ([], [0])


@pytest.mark.parametrize("text", INNOCENT)
def test_markup_code_and_headings_are_no_template_tokens(make_texts: MakeTexts, text: str) -> None:
    texts = make_texts((text, text, text), (text, text, text), lang=["zh", "en"])
    assert template_token(texts, LIMITS) == template_token_named(texts, LIMITS) == {}


def test_the_tokens_of_a_tokenizer_are_found_too(make_texts: MakeTexts) -> None:
    texts = make_texts(("问", "好的。[结束]", "坏"), ("问", "好的(EOT)", "坏"), ("问", "好的", "坏"))
    assert template_token(texts, LIMITS) == {}
    more = CheckLimits(template_tokens=("(EOT)", "[结束]"))
    assert template_token(texts, more) == {0: "chosen has [结束]", 1: "chosen has (EOT)"}
