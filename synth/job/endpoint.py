"""Where a model is served, and the key for it, which is sent there and never shown."""

import ipaddress
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from sources.command.errors import MissingFileError, UsageError
from synth.job.completion import Side

OPENAI_URL = "https://api.openai.com/v1"
OWN_NETWORK = (".local", ".lan", ".internal", ".home.arpa")
"""Endings of private host names; a name without a dot is private too."""

MASK = "***"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The base URL of an OpenAI-compatible server (it ends with /v1), and secrets that are never shown."""

    url: str = field(repr=False)
    key: str | None = field(repr=False)

    @property
    def shown(self) -> str:
        """The URL without user name, password and query."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        host = f"[{host}]" if ":" in host else host
        port = f":{parts.port}" if parts.port else ""
        return urlunsplit((parts.scheme, f"{host}{port}", parts.path, "", ""))

    @property
    def root(self) -> str:
        """The URL above /v1, where vLLM answers more than OpenAI does."""
        return self.shown.removesuffix("/v1")

    @property
    def user_and_password(self) -> tuple[str, str] | None:
        """User name and password of the URL, decoded; a request carries these or a key."""
        parts = urlsplit(self.url)
        return None if parts.username is None else (unquote(parts.username), unquote(parts.password or ""))

    @property
    def is_loopback(self) -> bool:
        """Whether the server is on this machine, so that no proxy is used."""
        return _address(self.url, "is_loopback")

    @property
    def is_private(self) -> bool:
        """Whether the server is on this machine or in a private network, where answers cost nothing."""
        return self.is_loopback or _address(self.url, "is_private")

    @property
    def is_openai(self) -> bool:
        """Whether this is OpenAI's own server, which refuses options that it does not know."""
        return f".{urlsplit(self.url).hostname or ''}".endswith(".api.openai.com")

    def hide(self, text: str) -> str:
        """`text` with every secret of this endpoint masked, a password also in its URL-encoded form."""
        parts = urlsplit(self.url)
        text = text.replace(self.url, self.shown)
        told = parts.password or parts.username or ""
        basic = b64encode(":".join(self.user_and_password or ()).encode()).decode()
        for secret in (self.key, basic, told, unquote(told)):
            if secret:
                text = text.replace(secret, MASK)
        return text

    def hide_in(self, body: object) -> object:
        """`body`, as JSON gives it, with every secret in its texts masked."""
        if isinstance(body, str):
            return self.hide(body)
        if isinstance(body, dict):
            return {name: self.hide_in(value) for name, value in body.items()}
        return [self.hide_in(value) for value in body] if isinstance(body, list) else body


def _address(url: str, kind: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return bool(getattr(ipaddress.ip_address(host), kind))
    except ValueError:
        return kind == "is_private" and ("." not in host or host.endswith(OWN_NETWORK))


def make_endpoint(side: Side, url: str | None, key_file: Path | None, environment: Mapping[str, str]) -> Endpoint:
    """The endpoint of one side. The key is that of the file, or of REJECTED_API_KEY or CHOSEN_API_KEY; OPENAI_API_KEY
    is for OpenAI's own server, and sent to no other.

    Raises:
        UsageError: the URL is invalid, or a key would be sent unencrypted over a public network.
    """
    url = (url or OPENAI_URL).rstrip("/")
    flag = url_flag(side)
    if not _is_whole(url):
        raise UsageError(flag, "is no http or https URL", expected="something like http://127.0.0.1:8000/v1")
    bare, parts = Endpoint(url, None), urlsplit(url)
    if parts.query or parts.fragment:
        raise UsageError(flag, f"{bare.shown} has a query", hint="Give keys by environment or file, not in a URL.")
    key = _key(side, bare, key_file, environment)
    if parts.scheme == "http" and (key or parts.username) and not bare.is_private:
        raise UsageError(flag, f"{bare.shown}: the key would be sent in the clear", expected="https")
    if key and parts.username is not None:
        raise UsageError(
            flag, f"{bare.shown} is given both a key and a password", hint="A request carries only one of them."
        )
    if bare.is_openai and not key:
        raise UsageError(flag, "no key for OpenAI", hint=f"Set OPENAI_API_KEY, or give --{side}-key-file.")
    return Endpoint(url, key)


def url_flag(side: Side) -> str:
    """The option that says where a model is served."""
    return "--candidate-model" if side == "candidate" else f"--{side}-url"


def _is_whole(url: str) -> bool:
    """Whether it is a complete http or https URL without spaces or control characters."""
    try:
        parts = urlsplit(url)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return whole and url.isprintable() and not any(char.isspace() for char in url)


def _key(side: Side, endpoint: Endpoint, key_file: Path | None, environment: Mapping[str, str]) -> str | None:
    names = [f"{side.upper()}_API_KEY", *(["OPENAI_API_KEY"] if endpoint.is_openai else [])]
    where = next((name for name in names if environment.get(name, "").strip()), None)
    text = environment[where].strip() if where else None
    if key_file is not None:
        where = f"--{side}-key-file {key_file}"
        try:
            text = key_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise MissingFileError(where, "cannot be read") from error
    if text is not None and not (text.isascii() and text.isprintable() and len(text.split()) == 1):
        raise UsageError(where, "holds no key", expected="one line with the key only")
    return text
