"""Tool definitions and calls in the one form that chat templates of Hugging Face render.

https://huggingface.co/docs/transformers/chat_extras: a definition is {"type": "function", "function": {name,
description, parameters}}, a call {"type": "function", "function": {name, arguments}} with arguments as an object.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from sources.command.printable import printable, shown
from sources.layouts.layout import NoPairError


def read_tools(value: object, where: str) -> list[Any] | None:
    """The definitions in a column: a list, one, or JSON text of either; None where it has none.

    Raises:
        NoPairError: it is something else.
    """
    if isinstance(value, str):
        if not value.strip():
            return None
        value = _parsed(value, where)
    if isinstance(value, Mapping):
        value = [value]
    if not value:
        return None
    if not isinstance(value, list):
        raise NoPairError("broken_tools", f"{where} is {shown(value)}, expected a list of definitions")
    return [_definition(each, f"{where}[{place}]") for place, each in enumerate(value)]


def _definition(value: object, where: str) -> dict[str, Any]:
    """One definition; a bare function, or one as JSON text, gets the object around it."""
    if isinstance(value, str):
        value = _parsed(value, where)
    if isinstance(value, Mapping):
        if isinstance(value.get("function"), Mapping):
            return {"type": "function", **value}
        if isinstance(value.get("name"), str):
            return {"type": "function", "function": {key: each for key, each in value.items() if key != "type"}}
    raise NoPairError("broken_tools", f"{where} is {shown(value)}, expected a function with a name")


def read_calls(value: object, where: str) -> list[dict[str, Any]]:
    """The calls of a turn: a list of them or one, in the forms of OpenAI and Hugging Face.

    Raises:
        NoPairError: it is something else.
    """
    if isinstance(value, str):
        return calls_in_text(value, where)
    return [_call(each, where) for each in (value if isinstance(value, list) else [value])]


def calls_in_text(text: str, where: str) -> list[dict[str, Any]]:
    """The calls that sharegpt writes as JSON text.

    Raises:
        NoPairError: it is no JSON of calls.
    """
    value = _parsed(text, where)
    return [_call(each, where) for each in (value if isinstance(value, list) else [value])]


def _parsed(text: str, where: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise NoPairError("broken_tools", f"{where} is {printable(text)}, expected JSON ({error})") from None


def _call(value: object, where: str) -> dict[str, Any]:
    function = value.get("function", value) if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping) or not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
        raise NoPairError("broken_tools", f"{where} calls {shown(value)}, expected a function with a name")
    arguments = function.get(_arguments_key(function))
    if isinstance(arguments, str):
        try:
            parsed = orjson.loads(arguments)
        except orjson.JSONDecodeError:
            parsed = arguments
        arguments = parsed if isinstance(parsed, dict) else arguments
    named = {"id": value["id"]} if isinstance(value.get("id"), str) and value["id"] else {}
    return {
        **named,
        "type": "function",
        "function": {"name": function["name"], "arguments": {} if arguments is None else arguments},
    }


def _arguments_key(function: Mapping[str, Any]) -> str:
    return "arguments" if "arguments" in function else "parameters"


def unread_of_call(call: object) -> list[str]:
    """The keys of a call that nothing reads, as `function.strict`; none of what is no object."""
    if not isinstance(call, Mapping):
        return []
    inner = call.get("function")
    function = inner if isinstance(inner, Mapping) else call
    read = {"name", _arguments_key(function)}
    around = {"type", "function"} if function is inner else read | {"type"}
    if isinstance(call.get("id"), str):
        around.add("id")
    unread = [str(key) for key in call if key not in around and call[key] is not None]
    if function is inner:
        unread += [f"function.{key}" for key in function if key not in read and function[key] is not None]
    return unread
