"""Who publishes where: the name of a repository, and the token that may write to it."""

from typing import Any

from builders.publishing.hub_errors import TOKENS_PAGE, explain
from sources.command.errors import PublishError, UsageError

HOW_TO_LOG_IN = f"Set HF_TOKEN ({TOKENS_PAGE}), or log in with: hf auth login"


def checked_name(repo: str, flag: str = "--repo") -> str:
    """The name of the repository, given with that flag.

    Raises:
        UsageError: it is none.
    """
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils._validators import validate_repo_id

    try:
        validate_repo_id(repo)
        if repo.count("/") != 1:
            raise HFValidationError
    except HFValidationError:
        hint = "Give NAME/x: your name or your organisation's, and the dataset's, without https://."
        raise UsageError(flag, f"{repo!r} is no name of a repository", hint=hint) from None
    return repo


def find_token(repo: str) -> str:
    """The token of HF_TOKEN or `hf auth login`; empty if there is none.

    Raises:
        PublishError: what is there is no token.
    """
    from huggingface_hub import get_token

    try:
        token = get_token() or ""
    except Exception as error:
        raise explain(error, repo, None) from None
    if token and not (token.isascii() and token.isprintable() and " " not in token):
        raise PublishError(repo, "HF_TOKEN holds no token", expected="something like hf_…, on one line")
    return token


def may_write(me: dict[str, Any]) -> bool:
    """Whether the token that `whoami` describes may write to any repository; to which one, the Hub says when tried."""
    token = (me.get("auth") or {}).get("accessToken") or {}
    if token.get("role") != "fineGrained":
        return token.get("role") != "read"
    scopes = (token.get("fineGrained") or {}).get("scoped") or []
    return any("repo.write" in (scope.get("permissions") or []) for scope in scopes)
