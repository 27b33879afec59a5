"""Completions in the true shape, whose text is a pure function of (model, prompt or messages, seed, sampled or not)."""

import json
import math
import re
import time
from hashlib import blake2b
from itertools import count
from typing import Any

from tests.synth.played.options import Options
from tests.synth.played.wire import RefusalError

HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
IN_HAN = re.compile(f"[{HAN}]")
TOKEN = re.compile(f"[{HAN}]|[^\\s{HAN}]+")
TEMPLATE_TOKENS = 3
"""What the played chat template adds to each message."""

NO_TEMPLATE = (
    "As of transformers v4.44, default chat template is no longer allowed, so you must provide a chat template if the "
    "tokenizer does not define one."
)
ZH = re.findall(
    r"\w+",
    "这要看具体的情况 先把问题想清楚 每天花一点时间 可以请教身边的朋友 不妨从小处做起 注意休息和饮食 多读几本好书 "
    "把步骤写在纸上 不要着急下结论 需要准备一些材料 水温不宜太高 春天是最好的季节 比较两种不同的办法 价格并不是全部 "
    "安全总是第一位 记得提前预约 这里有一个例子 结果往往出人意料 经验会慢慢积累 坚持下去就会有收获 可以换一个角度 "
    "最后检查一遍 原因其实很简单 历史上有过先例 科学家做过实验 孩子们都很喜欢 南方和北方不一样 数字能够说明问题 "
    "先煮开再转小火 听听别人的意见 路上要多加小心 答案就在书里",
)
EN = re.findall(
    r"[^|]+",
    "it depends on the weather|start with a small step|write the plan on paper|ask a friend who knows|"
    "the price is not everything|take a short break|compare both of the ways|check the result twice|"
    "a good book helps a lot|the reason is simple|there was a case in history|children like it very much|"
    "keep the water warm|the north is different|an example makes it clear|look at the numbers first|"
    "do not hurry to decide|listen to other people|safety comes before speed|the garden needs some rain|"
    "most of us would agree|prepare the tools today|spring is the best season|the answer is in the book|"
    "experience grows slowly|it works in practice|the road can be slippery|a second view is useful|"
    "cook it on a low fire|scientists have tried it|call them in advance|patience will be rewarded",
)
IDS = count(1)


def token_count(text: str) -> int:
    """Characters for Han, words otherwise."""
    return len(TOKEN.findall(text))


def content_text(content: object) -> str:
    """The text of a message's content, which may come in parts."""
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content)
    return str(content or "")


def prompts_of(body: object) -> list[str]:
    """What a request asks: its prompts, or the content of its last message; nothing when it is no completion."""
    if not isinstance(body, dict):
        return []
    match body.get("messages"), body.get("prompt"):
        case [*_, {"content": content}], _:
            return [content_text(content)]
        case _, str(prompt):
            return [prompt]
        case _, [*prompts]:
            return [str(one) for one in prompts]
    return []


def prompt_tokens(body: dict[str, Any]) -> int:
    """The tokens of all prompts, or of the messages under the played chat template."""
    if "messages" in body:
        return sum(token_count(content_text(one.get("content"))) + TEMPLATE_TOKENS for one in body["messages"])
    return sum(map(token_count, prompts_of(body)))


def answer_text(model: str, asked: str, draw: str, *, han: bool) -> str:
    """Three to ten clauses, drawn by the hash of what was asked."""
    drawn = blake2b(f"{model}\0{asked}\0{draw}".encode("utf-8", "surrogatepass")).digest()
    clauses = dict.fromkeys((ZH if han else EN)[byte % 32] for byte in drawn[1 : 4 + drawn[0] % 8])
    return "，".join(clauses) + "。" if han else ", ".join(clauses).capitalize() + "."


def cut(text: str, body: dict[str, Any], max_tokens: int) -> tuple[str, str, str | None]:
    """The text as far as max_tokens and the stop strings let it; with finish_reason and stop_reason."""
    tokens = list(TOKEN.finditer(text))
    longer = len(tokens) > max_tokens
    kept = text[: tokens[max_tokens - 1].end()] if longer else text
    stops = body.get("stop") or []
    found = [(kept.find(stop), stop) for stop in ([stops] if isinstance(stops, str) else stops) if stop in kept]
    if found:
        at, stop = min(found)
        return kept[: at + len(stop) * bool(body.get("include_stop_str_in_output"))], "stop", stop
    return kept, "length" if longer else "stop", None


def check(body: object, options: Options, *, chat: bool) -> dict[str, Any]:
    """The body, once it is one that vLLM would accept.

    Raises:
        RefusalError: as vLLM would refuse it.
    """
    asks = isinstance(body, dict) and ("messages" if chat else "prompt") in body and prompts_of(body)
    if not isinstance(body, dict) or not asks or body.get("stream"):
        raise RefusalError(400, "The request body is not one that is played here.", "BadRequestError")
    if (model := body.get("model")) not in options.models:
        message = f"The model `{model}` does not exist. Valid aliases: {', '.join(options.models)}."
        raise RefusalError(404, message, "NotFoundError", param="model")
    if chat and not options.chat_template and not body.get("chat_template"):
        raise RefusalError(400, NO_TEMPLATE, "BadRequestError")
    if body.get("max_tokens") is not None and body["max_tokens"] < 1:
        raise RefusalError(400, "max_tokens must be at least 1.", "BadRequestError", param="max_tokens")
    limit = options.max_model_len
    used = prompt_tokens(body) if chat else max(map(token_count, prompts_of(body)), default=0)
    if used > limit:
        message = (
            f"This model's maximum context length is {limit} tokens. However, your prompt contains {used} input "
            "tokens, which exceeds this limit even without any output tokens. Please reduce the length of the input "
            f"prompt. (parameter=input_tokens, value={used})"
        )
        raise RefusalError(400, message, "BadRequestError", param="input_tokens")
    return body


def complete(body: object, options: Options, *, chat: bool, text: str | None = None) -> dict[str, Any]:
    """The response to a request, its text drawn or as given.

    Raises:
        RefusalError: as vLLM would refuse the request.
    """
    body = check(body, options, chat=chat)
    sampled = (1.0 if body.get("temperature") is None else body["temperature"]) > 0
    asked = [json.dumps(body["messages"], ensure_ascii=False)] if chat else prompts_of(body)
    choices: list[dict[str, Any]] = []
    made = 0
    for one, shown in zip(asked, prompts_of(body), strict=True):
        room = options.max_model_len - (prompt_tokens(body) if chat else token_count(one))
        wanted = body.get("max_completion_tokens") or body.get("max_tokens") or (room if chat else 16)
        for index in range(body.get("n") or 1):
            draw = f"{body.get('seed')} {index}" if sampled else "greedy"
            drawn = text if text is not None else answer_text(body["model"], one, draw, han=bool(IN_HAN.search(shown)))
            kept, finish, stop = cut(drawn, body, max(1, min(wanted, room)))
            made += token_count(kept)
            said = {"message": {"role": "assistant", "content": kept, "refusal": None}} if chat else {"text": kept}
            told = {"logprobs": None, "finish_reason": finish, "stop_reason": stop}
            choices.append({"index": len(choices), **said, **told})
    used = prompt_tokens(body)
    return {
        "id": f"{'chatcmpl' if chat else 'cmpl'}-{next(IDS):032x}",
        "object": "chat.completion" if chat else "text_completion",
        "created": int(time.time()),
        "model": body["model"],
        "choices": choices,
        "system_fingerprint": None,
        "usage": {"prompt_tokens": used, "completion_tokens": made, "total_tokens": used + made},
    }


def reward(body: object, options: Options, *, pooling: bool) -> dict[str, Any]:
    """The response of a reward model: the raw number, or between 0 and 1 where nobody asks for the raw one.

    Raises:
        RefusalError: as vLLM would refuse the request.
    """
    asked = check(body, options, chat=True)
    assert options.rewards is not None
    given = options.rewards(asked)
    values = given if isinstance(given, list) else [given]
    if asked.get("use_activation") is not False:
        values = [1 / (1 + math.exp(-value)) for value in values]
    used = prompt_tokens(asked)
    item = {"object": "pooling", "data": values} if pooling else {"probs": values, "num_classes": len(values)}
    return {
        "id": f"pooling-{next(IDS):016x}",
        "object": "list",
        "created": int(time.time()),
        "model": asked["model"],
        "data": [{"index": 0, **item}],
        "usage": {"prompt_tokens": used, "total_tokens": used, "completion_tokens": 0},
    }
