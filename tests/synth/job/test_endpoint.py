"""Where a key comes from, where it goes, and where it never goes."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest

from sources.command.errors import MissingFileError, UsageError
from synth.job.endpoint import Endpoint, make_endpoint

LOOPBACK = "http://127.0.0.1:8000/v1"

PUBLIC = "https://models.example.com/v1"

KEY = "sk-0123456789abcdef"


def endpoint(url: str | None, key_file: Path | None = None, **environment: str) -> Endpoint:
    return make_endpoint("rejected", url, key_file, environment)


@pytest.mark.parametrize("url", [LOOPBACK, PUBLIC])
def test_the_key_comes_from_the_side_s_own_variable(url: str) -> None:
    assert endpoint(url, REJECTED_API_KEY=f" {KEY}\n", CHOSEN_API_KEY="other").key == KEY
    assert make_endpoint("chosen", url, None, {"CHOSEN_API_KEY": KEY, "REJECTED_API_KEY": "other"}).key == KEY
    assert endpoint(url, REJECTED_API_KEY="  ").key is None


def test_a_key_file_goes_before_the_environment(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"  {KEY}\n\n")
    assert endpoint(PUBLIC, tmp_path / "key", REJECTED_API_KEY="other").key == KEY


def test_the_key_of_openai_is_for_openai_only() -> None:
    assert endpoint(None, OPENAI_API_KEY=KEY).key == KEY
    assert endpoint("https://eu.api.openai.com/v1", OPENAI_API_KEY=KEY).key == KEY
    assert endpoint(None, OPENAI_API_KEY="other", REJECTED_API_KEY=KEY).key == KEY
    others = (LOOPBACK, PUBLIC, "https://api.openai.com.evil.example/v1", "https://evil-api.openai.com.example/v1")
    assert [endpoint(url, OPENAI_API_KEY=KEY).key for url in others] == [None] * 4


def test_a_host_that_only_ends_like_openai_s_is_not_openai() -> None:
    assert not Endpoint("https://evilapi.openai.com/v1", None).is_openai
    assert endpoint("https://evilapi.openai.com/v1", OPENAI_API_KEY=KEY).key is None


def test_openai_without_a_key_is_refused_at_once() -> None:
    with pytest.raises(UsageError, match=r"no key for OpenAI.*OPENAI_API_KEY.*--rejected-key-file"):
        endpoint(None)


@pytest.mark.parametrize(
    "url",
    [
        "http://user:secret@models.example.com/v1",
        "http://models.example.com:8000/v1",
        "http://8.8.8.8/v1",
        "http://[2001:4860:4860::8888]/v1",
        "http://api.openai.com/v1",
    ],
)
def test_a_key_or_a_password_does_not_cross_an_open_network_in_the_clear(url: str) -> None:
    with pytest.raises(UsageError, match=r"in the clear.*https") as caught:
        endpoint(url, REJECTED_API_KEY=KEY)
    assert "secret" not in str(caught.value)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        LOOPBACK,
        PUBLIC,
        "http://localhost:8000/v1",
        "http://gpu.localhost/v1",
        "http://10.1.2.3:8000/v1",
        "http://192.168.0.7/v1",
        "http://[::1]:8000/v1",
        "http://[fd00::7]/v1",
        "HTTP://LOCALHOST:8000/v1",
    ],
)
def test_a_key_is_sent_to_one_s_own_machines_and_over_https(url: str) -> None:
    assert endpoint(url, REJECTED_API_KEY=KEY).key == KEY


def test_without_a_key_http_is_no_trouble() -> None:
    assert endpoint("http://models.example.com/v1").key is None


NO_URLS = [
    " ",
    "127.0.0.1:8000/v1",
    "localhost:8000",
    "ftp://127.0.0.1/v1",
    "http://",
    "http:///v1",
    "http://h:port/v1",
    "http://h:99999/v1",
    "http://h:0/v1",
    "http://[::1/v1",
    "http://[zz]/v1",
    "http://a b/v1",
    "http://h/v1\x1b[31m",
    "file:///etc/hostname",
    "http://ex\u2100mple.com/v1",
]


@pytest.mark.parametrize("url", NO_URLS)
def test_what_is_no_url_is_said_to_be_none(url: str) -> None:
    with pytest.raises(UsageError, match="--rejected-url: is no http or https URL; expected something like http://"):
        endpoint(url)


@pytest.mark.parametrize("ending", ["?key=secret", "#secret"])
def test_a_query_in_a_url_is_refused_and_not_shown(ending: str) -> None:
    with pytest.raises(UsageError, match=r"has a query.*environment or file") as caught:
        endpoint(f"{PUBLIC}{ending}")
    assert "secret" not in str(caught.value)


KEY_FILES: list[Any] = [
    pytest.param(b"", "holds no key", id="empty"),
    pytest.param(b" \n\n", "holds no key", id="blank"),
    pytest.param(b"sk-one\nsk-two\n", "holds no key", id="two lines"),
    pytest.param(b"KEY = secret\n", "holds no key", id="an assignment"),
    pytest.param("schl\u00fcssel".encode(), "holds no key", id="not ASCII"),
    pytest.param(b"sk-\x00\x01", "holds no key", id="control characters"),
    pytest.param(b"\xff\xfe\x00", "cannot be read", id="no text"),
    pytest.param(None, "cannot be read", id="missing"),
]


@pytest.mark.parametrize(("content", "found"), KEY_FILES)
def test_a_key_file_without_one_key_is_named_and_not_quoted(content: bytes | None, found: str, tmp_path: Path) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises((UsageError, MissingFileError)) as caught:
        endpoint(LOOPBACK, path)
    assert str(caught.value).startswith(f"--rejected-key-file {path}: {found}")
    assert not re.search("secret|two|schl|sk-", str(caught.value))


def test_a_key_file_that_is_a_folder_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="cannot be read"):
        endpoint(LOOPBACK, tmp_path)


@pytest.mark.parametrize("key", ["two words", "two\nlines", "schl\u00fcssel", "nul\x00", "\u65e0"])
def test_a_variable_that_holds_no_key_is_named_and_not_quoted(key: str) -> None:
    with pytest.raises(UsageError, match="REJECTED_API_KEY: holds no key") as caught:
        endpoint(LOOPBACK, REJECTED_API_KEY=key)
    assert key not in str(caught.value)
    assert repr(key)[1:-1] not in str(caught.value)


def test_a_url_is_shown_without_user_and_password() -> None:
    shown = Endpoint("https://user:p%40ss@models.example.com:444/api/v1", KEY).shown
    assert shown == "https://models.example.com:444/api/v1"
    assert Endpoint("http://u:p@[fd00::1]:80/v1", None).shown == "http://[fd00::1]:80/v1"


def test_the_repr_of_an_endpoint_shows_no_secret() -> None:
    shown = repr(Endpoint("http://user:p%40ss@127.0.0.1/v1", KEY))
    assert "user" not in shown
    assert "p%40ss" not in shown
    assert KEY not in shown


def test_every_spelling_of_a_secret_is_hidden() -> None:
    one = Endpoint("http://user:p%40ss@127.0.0.1/v1", KEY)
    basic = base64.b64encode(b"user:p@ss").decode()
    text = f"Bearer {KEY} p%40ss 'p@ss' Basic {basic} http://user:p%40ss@127.0.0.1/v1/models"
    assert one.hide(text) == "Bearer *** *** '***' Basic *** http://127.0.0.1/v1/models"
    assert one.hide_in({"a": [KEY, {"b": "p@ss"}], "c": 1}) == {"a": ["***", {"b": "***"}], "c": 1}


def test_a_user_without_a_password_is_a_secret_too() -> None:
    one = Endpoint("http://token-1@127.0.0.1/v1", None)
    basic = base64.b64encode(b"token-1:").decode()
    assert one.hide(f"token-1 {basic} {one.url}") == "*** *** http://127.0.0.1/v1"
