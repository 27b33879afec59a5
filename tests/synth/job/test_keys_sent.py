"""Which key and which headers a server is sent, and which it is not."""

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

from sources.command.errors import UsageError
from synth.engines.server import authorities, make_client
from synth.job.endpoint import Endpoint, make_endpoint
from tests.synth.place import Place, Said
from tests.synth.played.options import PLAIN_OPENAI
from tests.synth.played_server import PlayedServer

Start = Callable[..., PlayedServer]

Synth = Callable[..., Said]

KEY = "sk-0123456789abcdef"


def endpoint(url: str | None, key_file: Path | None = None, **environment: str) -> Endpoint:
    return make_endpoint("rejected", url, key_file, environment)


def headers(server: PlayedServer) -> list[dict[str, str]]:
    assert server.log
    return [request["headers"] for request in server.log]


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
    assert "The server's certificate is verified. To trust your own authority, set SSL_CERT_FILE." in said
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
