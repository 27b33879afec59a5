"""Whether the chat template of a model has a switch for thinking, found out by applying it with both settings."""

from typing import Any

import orjson

from sources.command.errors import UsageError
from synth.engines.failures import RequestError
from synth.engines.first_contact import FirstContact
from synth.job.completion import CompletionRequest
from synth.job.model import settings_of
from synth.job.recipe import KWARGS, SWITCHES

ASKED = [{"role": "user", "content": "Hello"}]


async def check_switch(contact: FirstContact, request: CompletionRequest) -> None:
    """Nothing, if the template has a switch, or the request sets none, or the server cannot apply the template (vLLM
    can: /tokenize).

    Raises:
        UsageError: the template has no switch, so that thinking would be as it is, whatever is asked.
    """
    made = []
    for told in both_ways(request):
        body = {"model": request.body["model"], "messages": ASKED, KWARGS: told}
        try:
            made.append(orjson.loads(await contact.ask_aside("/tokenize", body))["tokens"])
        except (RequestError, orjson.JSONDecodeError, KeyError, TypeError):
            return
    check_differ(made, request, contact.endpoint.shown)


def both_ways(request: CompletionRequest) -> list[dict[str, Any]]:
    """The arguments of the template with thinking on, and off; none where the request does not set it."""
    told = request.body.get(KWARGS)
    if not isinstance(told, dict) or not set(SWITCHES) & set(told):
        return []
    return [{**told, **dict.fromkeys(SWITCHES, on)} for on in (True, False)]


def check_differ(made: list[Any], request: CompletionRequest, where: str) -> None:
    """Nothing, if the template made different tokens of both settings; `made` is empty where none was tried.

    Raises:
        UsageError: it made the same.
    """
    if made and made[0] == made[1]:
        raise UsageError(
            f"--thinking ({settings_of(request.side)}thinking)",
            f"the chat template of {request.body['model']} at {where} has no switch for it",
            expected=f"a template that reads {' or '.join(SWITCHES)}",
            hint="Leave it out.",
        )
