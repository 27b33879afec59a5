"""Where a key comes from, where it goes, and where it never goes."""

import base64
import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from sources.command.errors import MissingFileError, UsageError
from synth.engines.server import authorities, make_client
from synth.job.endpoint import Endpoint, make_endpoint
from tests.synth.place import Place, Said
from tests.synth.played.options import PLAIN_OPENAI
from tests.synth.played_server import PlayedServer

Start = Callable[..., PlayedServer]
Synth = Callable[..., Said]

LOOPBACK = "http://127.0.0.1:8000/v1"
PUBLIC = "https://models.example.com/v1"
KEY = "sk-0123456789abcdef"


def endpoint(url: str | None, key_file: Path | None = None, **environment: str) -> Endpoint:
    return make_endpoint("rejected", url, key_file, environment)


def headers(server: PlayedServer) -> list[dict[str, str]]:
    assert server.log
    return [request["headers"] for request in server.log]


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


def test_the_key_is_sent_and_nothing_else_of_the_environment(
    played: Start, synth: Synth, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = played(key=KEY)
    monkeypatch.setenv("REJECTED_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-of-admin")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-mine")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-mine")
    monkeypatch.setenv("OPENAI_WEBHOOK_SECRET", "secret-of-hook")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    synth(server.url)
    assert {told["authorization"] for told in headers(server)} == {f"Bearer {KEY}"}
    assert not re.search("of-openai|of-admin|of-mine|of-hook", str(server.log))
    assert not {name for told in headers(server) for name in told if name.startswith("openai-")}


def test_the_key_of_openai_is_not_sent_to_another_server(
    played: Start, synth: Synth, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = played(watch_for=[KEY])
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    synth(server.url)
    assert server.counts["watched"] == {KEY: []}


def test_each_side_gets_its_own_key(played: Start, place: Place, synth: Synth, monkeypatch: pytest.MonkeyPatch) -> None:
    strong, weak = (played(models=["strong"], key="sk-strong", watch_for=["sk-weak"]), played(key="sk-weak"))
    monkeypatch.setenv("REJECTED_API_KEY", "sk-weak")
    key_file = place.write_file("key", "sk-strong\n")
    synth(weak.url, "--chosen-model", "strong", "--chosen-url", strong.url, "--chosen-key-file", key_file)
    assert strong.counts["watched"] == {"sk-weak": []}
    assert (strong.counts["served"], weak.counts["served"]) == (12, 12)


def test_organization_and_project_are_for_openai(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-mine")
    client = make_client(Endpoint("https://api.openai.com/v1", KEY), 1, 1)
    assert client.organization == "org-of-mine"
    assert client.default_headers["OpenAI-Organization"] == "org-of-mine"


def test_user_and_password_of_a_url_are_sent_and_no_made_up_key(played: Start, synth: Synth) -> None:
    server = played()
    synth(server.url.replace("://", "://user:p%40ss@"))
    basic = base64.b64encode(b"user:p@ss").decode()
    assert {told["authorization"] for told in headers(server)} == {f"Basic {basic}"}


def test_a_key_and_a_password_at_once_are_one_too_many() -> None:
    with pytest.raises(UsageError, match="both a key and a password") as caught:
        endpoint("http://user:p%40ss@127.0.0.1/v1", REJECTED_API_KEY=KEY)
    assert "p%40ss" not in str(caught.value)


def test_no_proxy_lies_between_a_machine_and_itself(
    played: Start, synth: Synth, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    server = played()
    synth(server.url)
    assert server.counts["served"] == 12


def test_a_proxy_is_used_for_a_server_elsewhere(played: Start, synth: Synth, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = played()
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", proxy.url.removesuffix("/v1"))
    synth("http://models.example.com/v1", code=2)
    assert {told["host"] for told in headers(proxy)} == {"models.example.com"}


def test_a_server_that_sends_elsewhere_does_not_send_the_key_there(
    speaks: Callable[[bytes], Any], synth: Synth, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = speaks(b"HTTP/1.1 400 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
    away = f"HTTP/1.1 307 Away\r\nlocation: {other.url}/models\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    one = speaks(away.encode())
    monkeypatch.setenv("REJECTED_API_KEY", KEY)
    synth(one.url, code=1)
    monkeypatch.delenv("REJECTED_API_KEY")
    synth(one.url.replace("://", "://user:secret@"), code=1)
    basic = base64.b64encode(b"user:secret")
    assert [KEY.encode() in one.heard[0], basic in one.heard[1]] == [True, True]
    assert len(other.heard) == 2
    assert not any(b"authorization" in heard.lower() for heard in other.heard)


def test_a_missing_key_and_a_wrong_one_are_told_apart(
    played: Start, synth: Synth, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = played(key=KEY)
    for given in ("", "sk-wrong-wrong-wrong"):
        monkeypatch.setenv("REJECTED_API_KEY", given)
        said = synth(server.url, code=1).err
        assert f"--rejected-url {server.url}: HTTP 401: Incorrect API key provided" in said
        assert "Set REJECTED_API_KEY or give --rejected-key-file." in said
        assert "sk-wrong-wrong-wrong" not in said
    assert server.counts["started"] == 0


@pytest.fixture
def https(tmp_path: Path) -> Iterator[tuple[str, list[bytes]]]:
    """A server with a certificate that it signed itself, which is in tmp_path/own.pem: its URL, and what it heard."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "own.pem"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*made, *names], cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "own.pem", tmp_path / "key.pem")
    heard: list[bytes] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection = listener.accept()[0]
                with suppress(OSError), connection, context.wrap_socket(connection, server_side=True) as one:
                    heard.append(one.recv(65536))
                    one.sendall(b'HTTP/1.1 200 OK\r\ncontent-length: 29\r\n\r\n{"data": [{"id": "another"}]}')

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"https://localhost:{listener.getsockname()[1]}/v1", heard
        listener.shutdown(socket.SHUT_RDWR)


def test_https_is_checked_and_the_key_not_sent_to_an_unknown_server(
    https: tuple[str, list[bytes]], synth: Synth, impatient: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url, heard = https
    monkeypatch.setenv("REJECTED_API_KEY", KEY)
    said = synth(url, code=1).err
    assert "certificate verify failed" in said
    assert "HTTPS is checked; SSL_CERT_FILE names authorities of one's own." in said
    assert heard == []
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "own.pem"))
    authorities.cache_clear()
    assert "serves no played; expected another" in synth(url, code=2).err
    authorities.cache_clear()
    assert KEY.encode() in heard[0]


def test_openai_is_asked_for_nothing_that_it_does_not_have(
    played: Start, synth: Synth, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = played(**PLAIN_OPENAI, key=KEY)
    monkeypatch.setattr(Endpoint, "is_openai", True)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-mine")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-mine")
    synth(server.url)
    assert set(server.counts["per_endpoint"]) == {"GET /v1/models", "POST /v1/chat/completions"}
    assert {told["openai-organization"] for told in headers(server)} == {"org-of-mine"}
    assert {told["openai-project"] for told in headers(server)} == {"project-of-mine"}
    assert server.counts["started"] == 12
