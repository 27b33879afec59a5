"""OpenAI's Batch API: files of requests that are answered within a day, at a lower price."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Any, Protocol

import aiohttp
import httpx2
import openai
import orjson

from synth.engines.failures import REFUSED, RequestError, RetryError, said_by, shorten
from synth.engines.read_completion import read_completion
from synth.engines.server import ServerEngine
from synth.job.completion import PATHS, Api, CompletionRequest, Outcome, Refusal

METADATA = "build_prefs_batch"
MAX_LISTED, PAGE = 500, 100
SHOWN_BYTES = 4096
ENDED = ("completed", "expired", "cancelled", "failed")


@dataclass(frozen=True, slots=True)
class Progress:
    """The state of a batch; `files` are the ids of the files with answers, `fault` is the server's error message."""

    batch_id: str
    status: str
    done: int
    files: tuple[str, ...]
    fault: str

    @property
    def ended(self) -> bool:
        """Whether no more answers will come."""
        return self.status in ENDED


Line = tuple[bytes, Outcome | str]
"""The key of a request, and its outcome or why there is none yet."""


class Raw(Protocol):
    """The unparsed reply; the client's own models do not validate what they parse."""

    @property
    def content(self) -> bytes: ...


class BatchApi:
    """The Batch API of one server. Every method raises RequestError where it fails."""

    def __init__(self, engine: ServerEngine) -> None:
        self._engine = engine
        self._files, self._batches = engine.client.files, engine.client.batches.with_raw_response

    async def submit(self, name: str, requests: Sequence[CompletionRequest]) -> str:
        """The server's id of a new batch with these requests; `find` finds it by its name."""
        with TemporaryFile() as file:
            _write_lines(file, requests)
            content = ("requests.jsonl", file)
            sent = await self._said(self._files.with_raw_response.create(file=content, purpose="batch"))
        made = await self._said(
            self._batches.create(
                input_file_id=sent["id"],
                endpoint=_path(requests[0].api),  # type: ignore[arg-type]
                completion_window="24h",
                metadata={METADATA: name},
            )
        )
        return str(made["id"])

    async def find(self, name: str) -> str | None:
        """The id of the batch that was submitted under that name, if it is among the last ones."""
        after: str | openai.Omit = openai.omit
        for _ in range(MAX_LISTED // PAGE):
            page = await self._said(self._batches.list(limit=PAGE, after=after), "data", list)
            for batch in map(_fields, page["data"]):
                if _fields(batch.get("metadata")).get(METADATA) == name:
                    return str(batch["id"])
                after = str(batch.get("id"))
            if not page["data"] or not page.get("has_more"):
                break
        return None

    async def look(self, batch_id: str) -> Progress:
        """The state of a batch."""
        batch = await self._said(self._batches.retrieve(batch_id), "status")
        faults = _fields(batch.get("errors")).get("data") or []
        counts = _fields(batch.get("request_counts"))
        files = tuple(str(batch[name]) for name in ("output_file_id", "error_file_id") if batch.get(name))
        return Progress(
            batch_id=batch_id,
            status=shorten(batch["status"]),
            done=sum(counts.get(name) or 0 for name in ("completed", "failed")),
            files=files,
            fault=said_by(self._engine.hide_in(faults[0]))[0] if faults else "",
        )

    async def _said(self, call: Awaitable[Raw], name: str = "id", kind: type = str) -> dict[str, Any]:
        """The JSON object that the server answers with, once it has a field of that name and kind."""
        try:
            content = (await call).content
        except openai.APIError as error:
            raise self._engine.failure(error) from None
        try:
            said = orjson.loads(content)
        except orjson.JSONDecodeError:
            said = None
        found = _fields(said).get(name)
        if isinstance(found, kind) and not said.get("error") and (not isinstance(found, str) or found.isprintable()):
            return _fields(said)
        raise self._not_ours(content)

    def _not_ours(self, content: bytes) -> RetryError:
        shown = shorten(str(self._engine.hide_in(content.decode(errors="replace"))))
        return RetryError(f"no answer of a Batch API: {shown or 'nothing'}", own=True, maybe_paid=True)

    async def download(self, file_id: str, file: IO[bytes]) -> None:
        """Copy a file of the server into `file`, and seek to its start."""
        file.seek(0)
        file.truncate()
        try:
            async with self._files.with_streaming_response.content(file_id) as response:
                async for chunk in response.iter_bytes():
                    file.write(chunk)
        except openai.APIError as error:
            raise self._engine.failure(error) from None
        except (httpx2.HTTPError, aiohttp.ClientError, TimeoutError) as error:  # the client translates none of a stream
            raise RetryError(f"{shorten(str(error))} ({type(error).__name__})") from None
        size = file.tell()
        file.seek(0)
        if size and not any(b'"custom_id"' in line for line in file):
            file.seek(0)
            raise self._not_ours(file.read(SHOWN_BYTES))
        file.seek(0)

    def lines(self, file: IO[bytes], api: Api) -> Iterator[Line]:
        """The answers in a file, a line at a time; lines that do not belong to our requests are skipped."""
        for line in file:
            read = _read_line(line, api, self._engine.hide_in)
            if read is not None:
                yield read


def _write_lines(file: IO[bytes], requests: Sequence[CompletionRequest]) -> None:
    for request in requests:
        line = {"custom_id": request.key.hex(), "method": "POST", "url": _path(request.api), "body": request.body}
        file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
    file.seek(0)


def _fields(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _path(api: Api) -> str:
    return f"/v1{PATHS[api]}"


def _read_line(line: bytes, api: Api, hide: Callable[[object], object]) -> Line | None:
    """The key and outcome in a line of an answer file; None if it does not belong to one of our requests."""
    try:
        said = orjson.loads(line)
        key = bytes.fromhex(said["custom_id"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None
    response = _fields(said.get("response"))
    status, body = response.get("status_code"), response.get("body")
    if status == 200:
        try:
            return key, read_completion(orjson.dumps(body), api, hide)
        except RequestError as failure:
            return key, str(getattr(failure, "message", failure))
    otherwise = "its line holds no answer" if status is None else f"HTTP {status}"
    message = said_by(hide(body))[0] or said_by(hide(said.get("error") or {}))[0] or otherwise
    return (key, Refusal(status, message)) if status in REFUSED else (key, message)
