"""What the Hub or the network said, as one line that says what to do. A token is shown nowhere."""

import re

from sources.command.errors import PrefsError, PublishError
from sources.fetch.retry_after import BUSY, MAX_WAIT_S, asked_wait_s

MASK = "***"
MAX_SAID_CHARS = 300
TOKENS_PAGE = "settings/tokens on the Hub"
AS_IT_WAS = "The repository is as it was"

HINTS = {
    400: "This may be a fault of publish-prefs; please report it.",
    401: f"Set HF_TOKEN to a valid token ({TOKENS_PAGE}), or log in with: hf auth login",
    403: f"Use a token with write access to that name ({TOKENS_PAGE}), or another --repo.",
    404: "Check the name; the token may not see it, or HF_ENDPOINT is no Hub.",
    409: f"Somebody else changes it now. {AS_IT_WAS} or as they left it; run the command again.",
    412: f"Somebody else changed it meanwhile. {AS_IT_WAS} or as they left it; run the command again.",
    413: "The Hub takes no files of that size from this account.",
    429: f"{AS_IT_WAS}. Wait some minutes and run the command again.",
}
SAYS = {
    401: "the token is not valid",
    403: "the token may not do that",
    404: "not found",
    409: "the Hub has a conflict",
    412: "the repository is not what it was a moment ago",
    429: "too many requests",
}


def hide(text: str, token: str | None) -> str:
    """`text` without the token, passwords in URLs and the queries of signed URLs."""
    if token:
        text = text.replace(token, MASK)
    text = re.sub(r"\bhf_[A-Za-z0-9]{16,}", MASK, text)
    text = re.sub(r"//[^/\s@]*@", f"//{MASK}@", text)
    text = re.sub(r"(?i)\b(x-amz-[\w-]+|signature)=[^\s&)]+", rf"\1={MASK}", text)
    return re.sub(r"(https?://[^\s?'\"]+)\?[^\s'\"]+", rf"\1?{MASK}", text)


def explain(error: BaseException, where: str, token: str | None) -> PrefsError:
    """The error of a call to the Hub, `where` what was wanted."""
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    if isinstance(error, RuntimeError) and error.__cause__ is not None:
        return explain(error.__cause__, where, token)  # huggingface_hub says which file; the cause says why
    if isinstance(error, OfflineModeIsEnabled):
        return PublishError(where, "HF_HUB_OFFLINE is set", hint="Publishing needs the Hub; unset it.")
    if isinstance(error, HfHubHTTPError):
        return _answered(error, where, token)
    if isinstance(error, ValueError):  # what huggingface_hub makes of a card or of an answer that it cannot take
        said = hide(" ".join(str(error).split()), token)[:MAX_SAID_CHARS]
        return PublishError(where, f"the Hub does not take it ({said})", hint=f"{AS_IT_WAS}. {HINTS[400]}")
    return error if isinstance(error, PrefsError) else _unreachable(error, where, token)


def status(error: BaseException) -> int:
    """The HTTP status that the Hub answered with; 0 where it gave no answer."""
    from huggingface_hub.errors import HfHubHTTPError

    return error.response.status_code if isinstance(error, HfHubHTTPError) else 0


def is_passing(error: BaseException) -> bool:
    """Whether it may work in a moment."""
    import httpx2

    return status(error) in BUSY or (isinstance(error, httpx2.TransportError) and status(error) == 0)


def may_retry(error: BaseException) -> bool:
    """Whether to try again: it may work in a moment, and the Hub does not ask for too long a wait."""
    return is_passing(error) and (asked_wait_s(error) or 0.0) <= MAX_WAIT_S


def _answered(error: BaseException, where: str, token: str | None) -> PublishError:
    code = status(error)
    said = hide((getattr(error, "server_message", None) or "").strip(), token)[:MAX_SAID_CHARS]
    says = SAYS.get(code, "the Hub has a fault" if code >= 500 else "the Hub refuses")
    found = f"{says} ({code}{': ' * bool(said)}{said})"
    if (asked_s := asked_wait_s(error) or 0.0) > MAX_WAIT_S:
        return PublishError(
            where, found, hint=f"{AS_IT_WAS}. Run the command again in {asked_s:,.0f} s, as the Hub asks."
        )
    default = f"{AS_IT_WAS}. Try again later." if code >= 500 else "See what the Hub says."
    return PublishError(where, found, hint=HINTS.get(code, default))


def _unreachable(error: BaseException, where: str, token: str | None) -> PublishError:
    first = next(iter(hide(str(error).strip(), token).splitlines()), "")[:MAX_SAID_CHARS]
    return PublishError(
        where,
        f"the Hub cannot be reached or the connection was cut ({type(error).__name__}{': ' * bool(first)}{first})",
        hint=f"{AS_IT_WAS}. Check the network, the proxy (HTTPS_PROXY) and HF_ENDPOINT, and run the command again; "
        "where Xet storage is blocked, with HF_HUB_DISABLE_XET=1.",
    )
