"""What the server did: counts for the tests, and the log of what it received."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tests.synth.played.answers import prompts_of
from tests.synth.played.options import Options
from tests.synth.played.wire import Request

NAMED = re.compile(r"(?<=/)(file-|batch_)\w+")


class Tally:
    """A completion has started when its request was read, and is served when all of a good answer is in the socket.

    One is abandoned when the client was gone before. `distinct` and `repeated` count prompts that were served (also
    those in batches): a prompt is the same when the endpoint and all settings of its request are the same too.
    """

    def __init__(self, options: Options) -> None:
        self.log: list[dict[str, Any]] = []
        self.log_max = options.log_max
        self.watched: dict[str, set[str]] = {secret: set() for secret in options.watch_for}
        self.totals = Counter[str]()
        self.endpoints = Counter[str]()
        self.statuses = Counter[str]()
        self.played = Counter[str]()
        self.headers: set[str] = set()
        self.fingerprints = Counter[int]()
        self.in_flight = 0
        self.max_in_flight = 0

    def received(self, request: Request) -> None:
        self.endpoints[f"{request.method} {NAMED.sub('{id}', request.path)}"] += 1
        self.headers.update(request.headers)
        for secret, places in self.watched.items():
            places.update(where(secret, request))
        if len(self.log) < self.log_max:
            heard = {"method": request.method, "path": request.path, "body": request.json, "headers": request.headers}
            self.log.append(heard)

    def served(self, path: str, bodies: Sequence[Any], *, kind: str) -> None:
        """These requests were answered: `kind` is "served" or "batch_lines"."""
        for body in bodies:
            self.totals[kind] += 1
            self.totals["prompts"] += len(prompts_of(body))
            self.fingerprints.update(fingerprints(path, body))

    def snapshot(self) -> dict[str, Any]:
        """The counts as they are now, ready for JSON."""
        names = ("started", "served", "abandoned", "prompts", "batch_lines", "connections")
        prints = self.fingerprints.copy()
        return {
            **{name: self.totals[name] for name in names},
            "distinct": len(prints),
            "repeated": sum(times > 1 for times in prints.values()),
            "per_endpoint": dict(self.endpoints),
            "per_status": dict(self.statuses),
            "played": dict(self.played),
            "in_flight": self.in_flight,
            "max_in_flight": self.max_in_flight,
            "headers": sorted(self.headers),
            "watched": {secret: sorted(places) for secret, places in self.watched.items()},
        }


def where(secret: str, request: Request) -> list[str]:
    """The parts of the request that hold the secret."""
    parts = {"path": f"{request.path} {request.query}", **{f"header {k}": v for k, v in request.headers.items()}}
    found = [name for name, text in parts.items() if secret in text]
    return [*found, f"body {request.path}"] if secret.encode() in request.body else found


def fingerprints(path: str, body: dict[str, Any]) -> list[int]:
    """One number for each prompt of the request: the same for the same prompt asked in the same way."""
    rest = {key: value for key, value in body.items() if key not in ("prompt", "messages")}
    settings = json.dumps(rest, sort_keys=True)
    asked = [json.dumps(body["messages"])] if "messages" in body else prompts_of(body)
    return [hash((path, settings, one)) for one in asked]
