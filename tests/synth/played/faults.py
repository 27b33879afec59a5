"""What goes wrong: rules that say when, and what is then played instead of the true answer.

    {"match": "你好", "times": 1, "play": {"status": 429, "retry_after": "0.05"}}

A rule fires when all its conditions hold; the first that fires is played. Conditions:
    match     a substring of a prompt or of the last message's content
    endpoint  a pattern of paths ("/v1/batches/*"), or of "METHOD path"; without it both completion endpoints
    times     how often it fires for each distinct prompt (elsewhere: for each path)
    every     on each k-th request of its endpoint       first, after    up to, or only past, the n-th of them
A play is a status, a name of NAMES or a dict: {"status": 429, "retry_after": ..., "body": text or JSON}, {"slow": s},
{"text": "fixed answer"}; {"message": {...}, "finish": "length"}: fields of the message and the finish reason of a chat.
`slow` goes with any other.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from tests.synth.played.wire import Request, Response, error_payload, reply

REWARDS = ("/pooling", "/classify")
COMPLETIONS = ("/v1/completions", "/v1/chat/completions", *REWARDS)
SILENT = ("hang", "cut", "reset", "refuse_all")
"""No byte is answered: never and until the client goes, connection closed, reset, or the whole server gone."""
SPOILED = ("cut_body", "garbage", "bad_utf8", "html", "error_body", "empty_choices", "null_text", "no_usage")
NAMES = (*SILENT, *SPOILED)
WHOLE = {"slow", "text", "no_usage", "message", "finish"}
"""Plays whose answer is still a completion, and counts as served."""

CONDITIONS = {"match", "endpoint", "times", "every", "first", "after", "play"}
PARTS = {"status", "retry_after", "body", "slow", "text", "message", "finish", *NAMES}
KINDS = {
    400: "BadRequestError",
    401: "AuthenticationError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    408: "RequestTimeoutError",
    409: "ConflictError",
    413: "RequestEntityTooLargeError",
    422: "UnprocessableEntityError",
    429: "RateLimitError",
}
Play = Mapping[str, Any]


def as_play(given: object) -> Play:
    """The play as a dict.

    Raises:
        ValueError: nothing of this name can be played.
    """
    play: Play
    match given:
        case dict():
            play = given
        case int():
            play = {"status": given}
        case _:
            play = {str(given): True}
    if unknown := set(play) - PARTS:
        raise ValueError(f"cannot play {sorted(map(str, unknown))}; known: {sorted(PARTS)}")
    return play


class Rules:
    """The rules of one server, and how often each has seen a request and fired."""

    def __init__(self, rules: Sequence[Mapping[str, Any]]) -> None:
        for rule in rules:
            if unknown := set(rule) - CONDITIONS:
                raise ValueError(f"a rule has no {sorted(unknown)}; known: {sorted(CONDITIONS)}")
        self.rules = [(rule, as_play(rule["play"])) for rule in rules]
        self.seen = Counter[int]()
        self.fired = Counter[tuple[int, str]]()

    def pick(self, request: Request, prompts: Sequence[str]) -> Play:
        """What is to be played on this request; empty for the true answer."""
        picked: Play = {}
        asked = "\n".join(prompts) if prompts else request.path
        for index, (rule, play) in enumerate(self.rules):
            if not concerns(rule, request):
                continue
            self.seen[index] += 1
            if not picked and self._fires(index, rule, prompts, asked):
                self.fired[index, asked] += 1
                picked = play
        return picked

    def _fires(self, index: int, rule: Mapping[str, Any], prompts: Sequence[str], asked: str) -> bool:
        number = self.seen[index]
        return (
            ("match" not in rule or any(rule["match"] in prompt for prompt in prompts))
            and (rule.get("times") is None or self.fired[index, asked] < rule["times"])
            and (rule.get("every") is None or number % rule["every"] == 0)
            and (rule.get("first") is None or number <= rule["first"])
            and (rule.get("after") is None or number > rule["after"])
        )


def concerns(rule: Mapping[str, Any], request: Request) -> bool:
    if (pattern := rule.get("endpoint")) is None:
        return request.path in COMPLETIONS
    return fnmatchcase(request.path, pattern) or fnmatchcase(f"{request.method} {request.path}", pattern)


def label(play: Play) -> str:
    """The play's name in the counts."""
    if "status" in play:
        return f"status {play['status']}"
    return next((name for name in play if name != "slow"), "slow")


def status_response(play: Play) -> Response:
    """The error asked for, in the OpenAI shape unless the play brings its own body."""
    status = play["status"]
    headers = (("retry-after", str(play["retry_after"])),) if "retry_after" in play else ()
    if isinstance(body := play.get("body"), str):
        return Response(status, body.encode(), "text/plain", headers)
    kind = KINDS.get(status, "InternalServerError")
    default = error_payload(f"Played status {status}.", kind, param=None, code=status)
    return reply(default if body is None else body, status, headers)


def spoil(response: Response, play: Play) -> Response:
    """The response as the play spoils it; a refusal stays as it is."""
    if response.status != 200:
        return response
    if "garbage" in play:
        return Response(200, b'{"id": "cmpl-1", "choices": [{"text": "cut')
    if "bad_utf8" in play:
        return Response(200, b'{"id": "cmpl-1", "choices": [{"text": "\xe4\xbd"}]}')
    if "html" in play:
        return Response(200, b"<html><body><h1>Welcome to nginx!</h1></body></html>", "text/html")
    if "error_body" in play:
        return reply(error_payload("Played error in a 200.", "InternalServerError", param=None, code=500))
    if not {"empty_choices", "null_text", "no_usage", "message", "finish"} & set(play):
        return response
    payload = json.loads(response.body)
    if "no_usage" in play:
        del payload["usage"]
    if "data" in payload:
        return reply({**payload, "data": []} if {"empty_choices", "null_text"} & set(play) else payload)
    if "empty_choices" in play:
        payload["choices"] = []
    for choice in payload["choices"]:
        choice.get("message", {}).update(play.get("message", {}))
        choice["finish_reason"] = play.get("finish", choice["finish_reason"])
    for choice in payload["choices"] if "null_text" in play else []:
        choice.get("message", choice)["content" if "message" in choice else "text"] = None
    return reply(payload)
