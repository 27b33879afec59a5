"""HTTP/1.1 as far as the played server needs it: requests with a Content-Length, responses, one multipart form."""

import json
from asyncio import IncompleteReadError, StreamReader
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote

PHRASES = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True)
class Request:
    """Header names are in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @cached_property
    def json(self) -> Any:
        """The parsed body; None where it is no JSON."""
        try:
            return json.loads(self.body) if self.body else None
        except ValueError:
            return None

    def form(self) -> dict[str, tuple[str, bytes]]:
        """The fields of a multipart form: name to (file name or "", content)."""
        kind = BytesHeaderParser().parsebytes(b"Content-Type: " + self.headers.get("content-type", "").encode())
        boundary = b"--" + str(kind.get_boundary("")).encode()
        fields = {}
        for part in (b"\r\n" + self.body).split(b"\r\n" + boundary)[1:-1]:
            head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
            told = BytesHeaderParser().parsebytes(head)
            name = told.get_param("name", header="content-disposition")
            fields[str(name)] = (told.get_filename(""), content)
        return fields


async def read_request(reader: StreamReader) -> Request | None:
    """The next request of a connection; None when the client is done.

    Raises:
        ValueError: it is no request that this server can read.
    """
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head[:-4].split("\r\n")
        method, target, _ = first.split(" ")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        if "transfer-encoding" in headers:
            raise ValueError("bodies come with a Content-Length")
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    except IncompleteReadError:
        return None
    path, _, query = target.partition("?")
    return Request(method, unquote(path), dict(parse_qsl(query)), headers, body)


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()

    def head(self) -> bytes:
        extra = "".join(f"{name}: {value}\r\n" for name, value in self.headers)
        return (
            f"HTTP/1.1 {self.status} {PHRASES.get(self.status, 'Status')}\r\ncontent-type: {self.content_type}\r\n"
            f"content-length: {len(self.body)}\r\n{extra}\r\n"
        ).encode("latin-1")


def reply(payload: object, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """The payload as JSON."""
    return Response(status, json.dumps(payload, ensure_ascii=False).encode(), headers=headers)


NOT_FOUND = reply({"detail": "Not Found"}, 404)


class RefusalError(Exception):
    """A request that is answered by an error in the OpenAI shape."""

    def __init__(
        self, status: int, message: str, kind: str, *, param: str | None = None, code: int | str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.payload = error_payload(message, kind, param=param, code=status if code is None else code)


def error_payload(message: str, kind: str, *, param: str | None, code: int | str | None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}
