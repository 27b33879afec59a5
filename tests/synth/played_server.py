"""A small OpenAI-compatible server that plays vLLM, OpenAI and their faults: in a thread, or as a process of its own.

    with played_server(rules=[{"match": "你好", "times": 1, "play": 503}], models=("strong", "weak")) as server:
        AsyncOpenAI(base_url=server.url, api_key="none")
        server.log, server.counts

    python tests/synth/played_server.py --port 0 --delay 0.02 --rules '[{"every": 7, "play": "cut"}]' --print-port

The rules are explained in played/faults.py, the options in played/options.py. GET /played gives the counts.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

if not __package__:
    sys.path[0] = str(Path(__file__).parents[2])

from tests.synth.played.faults import Rules
from tests.synth.played.options import Options
from tests.synth.played.server import Server

T = TypeVar("T")
PATIENCE_S = 300
"""How long a call into the server's thread or process may take before the test fails."""


class PlayedServer:
    """A server in a thread of this process; its methods may be called from any other thread."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="played-server", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def log(self) -> list[dict[str, Any]]:
        """What was received: method, path, body (parsed) and headers of each request, up to `log_max`."""
        return self._server.tally.log

    @property
    def counts(self) -> dict[str, Any]:
        """The counts between two steps of the server, so that what a client has received is counted."""
        tally = self._server.tally
        return tally.snapshot() if self._loop.is_closed() else self._do(tally.snapshot)

    def start_listening(self, port: int = 0) -> None:
        """Listen, on the same port as before unless told otherwise."""
        asyncio.run_coroutine_threadsafe(self._server.listen(port), self._loop).result(PATIENCE_S)

    def stop_listening(self) -> None:
        """Be gone: no listener, all connections dropped."""
        self._do(self._server.vanish)

    def hold_after(self, completions: int | None) -> None:
        """Answer so many completions, counted from the server's start, and let all others wait; None: let none wait."""
        self._server.hold_after = completions

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._server.close(), self._loop).result(PATIENCE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    def _do(self, step: Callable[[], T]) -> T:
        """What the step returns, run in the server's thread."""

        async def run() -> T:
            return step()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(PATIENCE_S)


@contextmanager
def played_server(rules: Sequence[Mapping[str, Any]] = (), port: int = 0, **options: Any) -> Iterator[PlayedServer]:
    """A server in a thread, listening; the options are those of `Options`."""
    server = PlayedServer(Server(Options(**options), Rules(rules)))
    try:
        server.start_listening(port)
        yield server
    finally:
        server.close()


class PlayedProcess:
    """A server in a process of its own, which outlives any client that is killed."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}/v1"

    @property
    def counts(self) -> dict[str, Any]:
        return self._ask("")

    def hold_after(self, completions: int | None) -> None:
        """As with the server in a thread."""
        self._ask("/hold_after", json.dumps(completions).encode())

    def _ask(self, path: str, told: bytes | None = None) -> dict[str, Any]:
        address = f"http://127.0.0.1:{self.port}/played{path}"
        with urllib.request.urlopen(address, told, timeout=PATIENCE_S) as answer:
            counts: dict[str, Any] = json.load(answer)
        return counts


@contextmanager
def played_process(rules: Sequence[Mapping[str, Any]] = (), port: int = 0, **options: Any) -> Iterator[PlayedProcess]:
    """A server in a process, listening; killed at the end."""
    told = ["--port", str(port), "--rules", json.dumps(list(rules)), "--options", json.dumps(options), "--print-port"]
    with subprocess.Popen([sys.executable, __file__, *told], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield PlayedProcess(int(process.stdout.readline()))
        finally:
            process.kill()


async def serve_forever(server: Server, port: int, *, print_port: bool) -> None:
    await server.listen(port)
    if print_port:
        print(server.port, flush=True)
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--rules", type=json.loads, default=[], help="a JSON list")
    parser.add_argument("--options", type=json.loads, default={}, help="a JSON object, see played/options.py")
    parser.add_argument("--delay", type=float, help="seconds before each completion; the option delay_s")
    parser.add_argument("--print-port", action="store_true")
    given = parser.parse_args()
    options = {**given.options, **({} if given.delay is None else {"delay_s": given.delay})}
    server = Server(Options(**options), Rules(given.rules))
    with suppress(KeyboardInterrupt):
        asyncio.run(serve_forever(server, given.port, print_port=given.print_port))


if __name__ == "__main__":
    main()
