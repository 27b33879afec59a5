"""A server on this machine that plays GitHub or the Hub, one answer a path."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass(frozen=True)
class Answer:
    """What the server says: `length` is the Content-Length that it claims, `then` what it says to the next request."""

    status: int
    body: bytes = b""
    length: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    then: "Answer | None" = None


@dataclass
class Site:
    """A server on this machine and the requests that it saw."""

    url: str
    answers: dict[str, Answer] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)


@contextmanager
def open_site() -> Iterator[Site]:
    """The server, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            here.seen.append(f"{self.command} {path}")
            here.ranges.append(self.headers.get("Range", ""))
            answer = here.answers.get(path, Answer(404, b"not here"))
            here.answers[path] = answer.then or answer
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(answer.body) if answer.length is None else answer.length))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(answer.body)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here = Site(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield here
    server.shutdown()
    thread.join()
    server.server_close()
