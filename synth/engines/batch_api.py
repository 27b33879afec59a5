"""OpenAI's Batch API: files of requests that are answered within a day, at a lower price."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO

import openai
import orjson

from synth.completion import PATHS, Api, CompletionRequest, Outcome, Refusal
from synth.engines.server import ServerEngine, read_completion
from synth.failures import REFUSED, RequestError, said_by

METADATA = "build_prefs_batch"
MAX_LISTED = 500
ENDED = ("completed", "expired", "cancelled", "failed")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is; `files` are the ids of those that hold answers, `fault` what the server said is wrong."""

    batch_id: str
    status: str
    done: int
    files: tuple[str, ...]
    fault: str

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.status in ENDED


Line = tuple[bytes, Outcome | str]
"""The key of a request, and its outcome or why there is none yet."""


class BatchApi:
    """The Batch API of one server. Every method raises RequestError where it fails."""

    def __init__(self, engine: ServerEngine) -> None:
        self._engine = engine

    async def submit(self, name: str, requests: Sequence[CompletionRequest]) -> str:
        """Send the requests as one batch under a name that `find` knows; the server's id of it."""
        api = requests[0].api
        with TemporaryFile() as file:
            _write_lines(file, requests)
            try:
                sent = await self._engine.client.files.create(file=("requests.jsonl", file), purpose="batch")
                made = await self._engine.client.batches.create(
                    input_file_id=sent.id,
                    endpoint=_path(api),  # type: ignore[arg-type]
                    completion_window="24h",
                    metadata={METADATA: name},
                )
            except openai.APIError as error:
                raise self._engine.failure(error) from None
        return made.id

    async def find(self, name: str) -> str | None:
        """The id of the batch that was submitted under that name, if it is among the last ones."""
        try:
            seen = 0
            async for batch in self._engine.client.batches.list(limit=100):
                if (batch.metadata or {}).get(METADATA) == name:
                    return str(batch.id)
                seen += 1
                if seen >= MAX_LISTED:
                    break
        except openai.APIError as error:
            raise self._engine.failure(error) from None
        return None

    async def look(self, batch_id: str) -> Progress:
        """How far a batch is."""
        try:
            batch = await self._engine.client.batches.retrieve(batch_id)
        except openai.APIError as error:
            raise self._engine.failure(error) from None
        faults = (batch.errors.data or []) if batch.errors else []
        done = batch.request_counts.completed + batch.request_counts.failed if batch.request_counts else 0
        files = tuple(name for name in (batch.output_file_id, batch.error_file_id) if name)
        return Progress(batch_id, batch.status, done, files, said_by(faults[0].message)[0] if faults else "")

    async def lines(self, file_id: str, api: Api) -> AsyncIterator[Line]:
        """The answers in a file, a line at a time; lines that are none of ours are passed over."""
        with TemporaryFile() as file:
            try:
                async with self._engine.client.files.with_streaming_response.content(file_id) as response:
                    async for chunk in response.iter_bytes():
                        file.write(chunk)
            except openai.APIError as error:
                raise self._engine.failure(error) from None
            file.seek(0)
            for line in file:
                read = _read_line(line, api)
                if read is not None:
                    yield read


def _write_lines(file: IO[bytes], requests: Sequence[CompletionRequest]) -> None:
    for request in requests:
        line = {"custom_id": request.key.hex(), "method": "POST", "url": _path(request.api), "body": request.body}
        file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
    file.seek(0)


def _path(api: Api) -> str:
    return f"/v1{PATHS[api]}"


def _read_line(line: bytes, api: Api) -> Line | None:
    """What a line of an answer file says; None where it is no answer to a request of ours."""
    try:
        said = orjson.loads(line)
        key = bytes.fromhex(said["custom_id"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None
    response = said.get("response") or {}
    status, body = response.get("status_code"), response.get("body")
    if status == 200:
        try:
            return key, read_completion(orjson.dumps(body), api)
        except RequestError as failure:
            return key, str(getattr(failure, "message", failure))
    message = said_by(body)[0] or said_by(said.get("error") or {})[0] or f"HTTP {status}"
    return (key, Refusal(status, message)) if status in REFUSED else (key, message)
