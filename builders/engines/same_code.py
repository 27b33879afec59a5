"""Whether another machine gives the same bytes: it must have the same code and the same packages."""

from collections.abc import Sequence
from functools import cache

from builders.caching.identity import code_sha256, surroundings
from sources.command.errors import BuildError


@cache
def installed() -> list[str]:
    """The version of Python, the kind of machine, the versions of packages, and a hash of our own code."""
    return [*surroundings(), f"code of build-prefs {code_sha256()[:12]}"]


def check_same(expected: Sequence[str], where: str) -> None:
    """Nothing, if this machine has what `expected` says; `where` names it.

    Raises:
        BuildError: it has not, and might give other bytes.
    """
    for wanted, found in zip(expected, installed(), strict=True):
        if found != wanted:
            hint = "Install the same build-prefs with the same packages on every node."
            raise BuildError(where, f"has {found}", expected=wanted, hint=hint)
