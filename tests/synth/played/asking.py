"""Asking a played server with the real openai client."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from openai import AsyncOpenAI


def ask(url: str, work: Callable[[AsyncOpenAI], Awaitable[Any]], key: str = "none", timeout_s: float = 300) -> Any:
    """What the client gets, without any retry."""

    async def run() -> Any:
        async with AsyncOpenAI(base_url=url, api_key=key, max_retries=0, timeout=timeout_s) as client:
            return await work(client)

    return asyncio.run(run())


def completion(prompt: str | list[str] = "你好", model: str = "played", **more: Any) -> Callable[..., Awaitable[Any]]:
    return lambda client: client.completions.create(model=model, prompt=prompt, **more)


def chat(*contents: str, **more: Any) -> Callable[..., Awaitable[Any]]:
    messages = [{"role": "user", "content": content} for content in contents]
    return lambda client: client.chat.completions.create(model="played", messages=messages, **more)


def text(answer: Any) -> str:
    return str(answer.choices[0].text)
