"""The converted model on a real vLLM server: token for token what the original computes."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.synth.vllm.plain_baichuan import continue_greedily
from tests.synth.vllm.tiny_baichuan import CONFIG

PROMPTS = (
    "今天天气很好，",
    "请用三句话介绍一下北京的历史。\n",
    "小明有五个苹果，给了小红两个，还剩几个？答：",
    "The first step in learning to program",
    "Why is the sky blue? Because",
    "  用Python写一个add函数：\ndef add(a, b):\n\t",
    "稀有字𠮷和龘，emoji🙂。",
)
COUNT = 32


def post(url: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)


@pytest.mark.parametrize("prompt", PROMPTS)
def test_the_served_conversion_continues_as_the_original_does(
    prompt: str, baichuan_url: str, baichuan_weights: Any, sentencepiece_model: Any
) -> None:
    from sentencepiece import SentencePieceProcessor

    known = SentencePieceProcessor()
    known.LoadFromSerializedProto(sentencepiece_model.SerializeToString())
    ids = known.encode(prompt)
    wanted = continue_greedily(baichuan_weights, CONFIG, ids, COUNT)
    assert wanted.smallest_lead > 1e-3, "two tokens nearly as likely: the comparison would say nothing"
    body = {"model": "baichuan-7b", "prompt": prompt, "temperature": 0, "max_tokens": COUNT}
    got = post(f"{baichuan_url}/completions", {**body, "ignore_eos": True, "return_token_ids": True})["choices"][0]
    assert got["prompt_token_ids"] == ids
    assert got["token_ids"] == wanted.ids
    assert len(set(wanted.ids)) > 8, "a model that repeats itself compares little"


def test_a_base_model_is_refused_as_a_chat(baichuan_url: str) -> None:
    body = {"model": "baichuan-7b", "messages": [{"role": "user", "content": "你好"}]}
    with pytest.raises(urllib.error.HTTPError) as refused:
        post(f"{baichuan_url}/chat/completions", body)
    assert refused.value.code == 400
    assert "chat template" in refused.value.read().decode()


def test_the_tiny_chat_model_answers_both_ways(chat_url: str) -> None:
    said = {"messages": [{"role": "user", "content": "你好"}]}
    chat = post(f"{chat_url}/chat/completions", {"model": "tiny-chat", "max_tokens": 8, "seed": 1, **said})
    text = post(f"{chat_url}/completions", {"model": "tiny-chat", "max_tokens": 8, "prompt": "你好", "seed": 1})
    assert chat["choices"][0]["message"]["role"] == "assistant"
    assert text["usage"]["completion_tokens"] > 0
