"""The Batch API of the played server, as the real openai client sees it."""

import json
from collections.abc import Callable
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI

from tests.synth.played.asking import ask, completion, text
from tests.synth.played.options import PLAIN_OPENAI
from tests.synth.played_server import PlayedServer

Start = Callable[..., PlayedServer]


def line(number: int, url: str = "/v1/completions") -> dict[str, Any]:
    body = {"model": "played", "prompt": f"第{number}个", "messages": [{"role": "user", "content": "你好"}]}
    del body["messages" if url == "/v1/completions" else "prompt"]
    return {"custom_id": f"id-{number}", "method": "POST", "url": url, "body": body}


def run_batch(url: str, lines: list[dict[str, Any]], *, cancel: bool = False) -> tuple[Any, list[str], Any, Any]:
    """The batch at its end, the states it went through, and the lines of its two files."""

    async def work(client: AsyncOpenAI) -> Any:
        content = "".join(json.dumps(line) + "\n" for line in lines).encode()
        file = await client.files.create(file=("in.jsonl", content), purpose="batch")
        assert (await client.files.retrieve(file.id)).bytes == len(content)
        assert (await client.files.content(file.id)).content == content
        batch = await client.batches.create(
            input_file_id=file.id, endpoint="/v1/completions", completion_window="24h", metadata={"shard": "1"}
        )
        states = [batch.status]
        if cancel:
            states.append((await client.batches.cancel(batch.id)).status)
        while batch.status not in ("completed", "failed", "expired", "cancelled"):
            batch = await client.batches.retrieve(batch.id)
            states.append(batch.status)
        files = []
        for name in (batch.output_file_id, batch.error_file_id):
            raw = (await client.files.content(name)).text if name else ""
            files.append([json.loads(row) for row in raw.splitlines()])
        return batch, states, *files

    return ask(url, work)  # type: ignore[no-any-return]


def test_a_batch_ripens_and_answers_as_the_endpoint_does(played: Start) -> None:
    server = played(**PLAIN_OPENAI, batch_polls=3, batch_shuffled=True, batch_fail=("id-3",))
    batch, states, done, bad = run_batch(server.url, [line(number) for number in range(10)])
    assert states == ["validating", "in_progress", "in_progress", "completed"]
    assert (batch.request_counts.completed, batch.request_counts.failed, batch.metadata) == (9, 1, {"shard": "1"})
    assert sorted(row["custom_id"] for row in done) == [f"id-{number}" for number in range(10) if number != 3]
    assert [row["custom_id"] for row in done] != sorted(row["custom_id"] for row in done)
    assert [(row["custom_id"], row["response"]["status_code"]) for row in bad] == [("id-3", 400)]
    body = next(row for row in done if row["custom_id"] == "id-1")["response"]["body"]
    assert (server.counts["batch_lines"], server.counts["repeated"]) == (9, 0)
    assert body["choices"][0]["text"] == text(ask(server.url, completion("第1个")))
    assert server.counts["repeated"] == 1


def test_a_batch_may_expire_or_be_cancelled_half_way(played: Start) -> None:
    server = played(batches=True, batch_expire=("第2个",))
    batch, _, done, bad = run_batch(server.url, [line(number) for number in range(4)])
    assert (batch.status, len(done)) == ("expired", 3)
    assert (bad[0]["response"], bad[0]["error"]["code"]) == (None, "batch_expired")
    batch, states, done, bad = run_batch(server.url, [line(number) for number in range(4)], cancel=True)
    assert states == ["validating", "cancelling", "cancelled"]
    assert (len(done), {row["error"]["code"] for row in bad}) == (2, {"batch_cancelled"})


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([], "empty_file"),
        ([line(1), line(1)], "duplicate_custom_id"),
        ([line(1), line(2, "/v1/chat/completions")], "url_mismatch"),
        ([{"custom_id": "a"}], "invalid_json_line"),
        ([line(number) for number in range(4)], "too_many_tasks"),
    ],
)
def test_a_batch_may_fail_its_validation(played: Start, lines: list[dict[str, Any]], code: str) -> None:
    batch, states, _, _ = run_batch(played(batches=True, batch_max_lines=3).url, lines)
    assert states == ["validating", "failed"]
    assert batch.errors.data[0].code == code
    assert batch.output_file_id is None


def test_a_batch_may_be_refused_whatever_it_holds(played: Start) -> None:
    error = {"code": "token_limit_exceeded", "message": "Enqueued token limit reached."}
    server = played(batches=True, batch_invalid=error, batch_invalid_times=1)
    assert run_batch(server.url, [line(1)])[0].errors.data[0].code == "token_limit_exceeded"
    assert run_batch(server.url, [line(1)])[0].status == "completed"


def test_batches_are_listed_in_pages_newest_first(played: Start) -> None:
    server = played(batches=True)
    ended = [run_batch(server.url, [line(1)])[0].id for _ in range(3)]

    async def listed(client: AsyncOpenAI) -> list[str]:
        return [batch.id async for batch in client.batches.list(limit=2)]

    assert ask(server.url, listed) == ended[::-1]


def test_vllm_knows_no_batches(played: Start) -> None:
    with pytest.raises(openai.NotFoundError):
        ask(played().url, lambda client: client.batches.list())
