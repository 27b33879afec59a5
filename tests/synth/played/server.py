"""The server: connections kept alive, each request answered truly or as a rule plays it, and counted."""

import asyncio
import socket
import struct
from asyncio import StreamReader, StreamWriter
from hashlib import blake2b

from tests.synth.played.answers import prompts_of
from tests.synth.played.faults import COMPLETIONS, SILENT, WHOLE, Play, Rules, label, spoil, status_response
from tests.synth.played.options import Options
from tests.synth.played.routes import Routes
from tests.synth.played.tally import Tally
from tests.synth.played.wire import Request, Response, read_request, reply

LOOK_EVERY_S = 0.005
LINGER_NOT = struct.pack("ii", 1, 0)


class Server:
    """One server on the loopback; everything but `tally` and `port` belongs to its event loop."""

    def __init__(self, options: Options, rules: Rules) -> None:
        self.options = options
        self.rules = rules
        self.hold_after = options.hold_after
        self.tally = Tally(options)
        self.routes = Routes(options, self.tally)
        self.port = 0
        self.listener: asyncio.Server | None = None
        self.connections: set[StreamWriter] = set()

    async def listen(self, port: int = 0) -> None:
        """Listen on the port; on the port as before when none is given."""
        at = port or self.port
        self.listener = await asyncio.start_server(self._serve, "127.0.0.1", at, backlog=4096, limit=2**20)
        self.port = self.listener.sockets[0].getsockname()[1]

    def vanish(self) -> None:
        """Close the listener and drop all connections, as a server that was killed."""
        if self.listener:
            self.listener.close()
            self.listener = None
        for writer in self.connections:
            writer.transport.abort()

    async def close(self) -> None:
        """Vanish, and end all that is still under way."""
        self.vanish()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)  # the last transports close their sockets in a callback of their own

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """One connection, request after request."""
        writer.transport.set_write_buffer_limits(0)  # so that drain() waits until the socket has taken all
        self.connections.add(writer)
        self.tally.totals["connections"] += 1
        try:
            while (request := await read_request(reader)) and await self._exchange(request, reader, writer):
                pass
        except (ConnectionError, ValueError, asyncio.LimitOverrunError):
            pass
        finally:
            self.connections.discard(writer)
            writer.close()

    async def _exchange(self, request: Request, reader: StreamReader, writer: StreamWriter) -> bool:
        """Answer one request; False when the connection is at its end."""
        if request.path == "/played/hold_after":
            self.hold_after = request.json
        if request.path.startswith("/played"):
            await send(reply(self.tally.snapshot()), writer)
            return True
        tally = self.tally
        tally.received(request)
        tally.in_flight += 1
        tally.max_in_flight = max(tally.max_in_flight, tally.in_flight)
        try:
            return await self._answer(request, reader, writer)
        finally:
            tally.in_flight -= 1

    async def _answer(self, request: Request, reader: StreamReader, writer: StreamWriter) -> bool:
        completion = request.path in COMPLETIONS
        self.tally.totals["started"] += completion
        number = self.tally.totals["started"]
        play = self.rules.pick(request, prompts_of(request.json)) if self.rules.rules else {}
        if delay_s := play.get("slow", 0) + (self._delay_s(request) if completion else 0):
            await asyncio.sleep(delay_s)
        while completion and self._holds(number) and not (reader.at_eof() or reader.exception()):
            await asyncio.sleep(LOOK_EVERY_S)
        if reader.at_eof():
            self.tally.totals["abandoned"] += completion
            return False
        if any(name in play for name in SILENT):
            self.tally.played[label(play)] += 1
            await self._fall_silent(play, reader, writer)
            return False
        response = status_response(play) if "status" in play else spoil(self.routes.answer(request, play), play)
        try:
            await send(response, writer, half="cut_body" in play)
        except ConnectionError:
            self.tally.totals["abandoned"] += completion
            return False
        self.tally.statuses[str(response.status)] += 1
        if play:
            self.tally.played[label(play)] += 1
        if completion and response.status == 200 and set(play) <= WHOLE:
            self.tally.served(request.path, [request.json], kind="served")
        return "cut_body" not in play and request.headers.get("connection", "").lower() != "close"

    def _holds(self, number: int) -> bool:
        """Whether the completion of that number has to wait."""
        return self.hold_after is not None and number > self.hold_after

    def _delay_s(self, request: Request) -> float:
        if isinstance(self.options.delay_s, int | float):
            return self.options.delay_s
        low, high = self.options.delay_s
        drawn = int.from_bytes(blake2b(request.body, digest_size=4).digest())
        return low + (high - low) * drawn / 2**32

    async def _fall_silent(self, play: Play, reader: StreamReader, writer: StreamWriter) -> None:
        if "hang" in play:
            await reader.read()
        elif "refuse_all" in play:
            self.vanish()
        elif "reset" in play:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
            writer.transport.abort()


async def send(response: Response, writer: StreamWriter, *, half: bool = False) -> None:
    """Hand the response to the socket; of its body only the first half if asked."""
    body = response.body[: len(response.body) // 2] if half else response.body
    writer.write(response.head() + body)
    await writer.drain()
