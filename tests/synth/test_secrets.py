"""Keys and passwords: sent where they belong, and found nowhere else, whatever goes wrong."""

import base64
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from sources.command.errors import PrefsError
from synth.synth_prefs import main
from tests.synth.place import Place, finish, question, wait_until
from tests.synth.played_server import PlayedServer

Start = Callable[..., PlayedServer]

KEY = "sk-secret-7f3a91c2d4e5b6a7"
BASIC = base64.b64encode(b"user:p@ss-word-8812").decode()
MAX_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret in all its spellings, the first as it is sent."""

    spellings: tuple[str, ...]
    userinfo: str = ""

    def url(self, server: PlayedServer) -> str:
        return server.url.replace("://", f"://{self.userinfo}")

    @property
    def echo(self) -> str:
        """What a careless server might say."""
        return f"Refused: Authorization was {' or '.join(self.spellings)}."

    def assert_not_in(self, text: str | bytes) -> None:
        """Nothing of it is there, not even its beginning or end."""
        shown = text if isinstance(text, bytes) else text.encode()
        for spelling in self.spellings:
            assert spelling[:10].encode() not in shown
            assert spelling[-10:].encode() not in shown

    def assert_not_below(self, folder: Path) -> None:
        """No file holds it, nor does a packed one unpacked; the journal's write-ahead log is one of them."""
        for path in folder.rglob("*"):
            if path.is_file():
                self.assert_not_in(path.read_bytes())
            if path.suffix == ".parquet" and path.parent == folder:
                self.assert_not_in(str(pq.read_table(path).to_pylist()))


@pytest.fixture(params=["key", "password"])
def secret(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Secret:
    """A key in the environment, or user and password in the URL."""
    if request.param == "key":
        monkeypatch.setenv("REJECTED_API_KEY", KEY)
        return Secret((KEY,))
    return Secret((BASIC, "p%40ss-word-8812", "p@ss-word-8812"), "user:p%40ss-word-8812@")


def error(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "code": None}}


def echoes(secret: Secret) -> list[dict[str, Any]]:
    """What a server may answer to one request with the secret in it, also where the message is cut in its middle."""
    bodies = [error(secret.echo), secret.echo]
    plays = [{"status": status, "body": body} for status in (400, 409, 413, 422, 500) for body in bodies]
    deep = {"detail": [{"input": {"headers": {"authorization": secret.echo}}}]}
    plays += [{"status": 500, "body": deep}, {"status": 200, "body": {"choices": secret.echo}}]
    plays += [{"status": 200, "body": body} for body in (*bodies, f"<html><title>{secret.echo}</title></html>")]
    for spelling in secret.spellings:
        for start in range(MAX_SHOWN - len(spelling), MAX_SHOWN, 5):
            text = f"{'x' * start}{spelling}"
            plays += [
                {"status": 500, "body": error(text)},
                {"status": 400, "body": text},
                {"status": 200, "body": text},
            ]
    return plays


def test_a_server_that_echoes_the_secret_gives_it_away_nowhere(
    secret: Secret, played: Start, place: Place, quick: None, capfd: pytest.CaptureFixture[str]
) -> None:
    plays = echoes(secret)
    place.write(len(plays) + 3)
    rules = [{"match": question(number), "play": play} for number, play in enumerate(plays)]
    server = played(rules=rules, watch_for=[secret.spellings[0]])
    assert main(place.flags(secret.url(server), "--debug")) == 0
    said = capfd.readouterr()
    secret.assert_not_in(said.out + said.err)
    secret.assert_not_below(place.out)
    assert len(place.lost()) == len(plays)
    assert any("***" in evidence for _, evidence in place.lost().values())
    assert server.counts["watched"][secret.spellings[0]] == ["header authorization"]


@pytest.mark.parametrize("status", [401, 403, 404, 429, 503])
def test_what_ends_a_run_is_said_without_the_secret(
    status: int, secret: Secret, played: Start, place: Place, quick: None, capfd: pytest.CaptureFixture[str]
) -> None:
    for body in (error(secret.echo), secret.echo):
        server = played(rules=[{"play": {"status": status, "body": body}}])
        assert main(place.flags(secret.url(server), "--patience", 0)) == 1
        said = capfd.readouterr()
        secret.assert_not_in(said.out + said.err)
        assert "***" in said.err
        secret.assert_not_below(place.out)


@pytest.mark.parametrize("endpoint", ["/v1/models", "/tokenize", "/openapi.json", "/v1/chat/completions"])
def test_a_traceback_shows_no_secret_either(
    endpoint: str,
    secret: Secret,
    played: Start,
    place: Place,
    quick: None,
    impatient: None,
    capfd: pytest.CaptureFixture[str],
) -> None:
    place.write(3)
    bodies = [{"status": 401, "body": error(secret.echo)}, {"status": 200, "body": secret.echo}]
    for number, play in enumerate([*bodies, 503, "cut", "cut_body", "garbage"]):
        server = played(rules=[{"endpoint": endpoint, "play": play}])
        try:
            main(place.other(f"out-{number}").flags(secret.url(server), "--debug", "--patience", 0))
        except PrefsError as raised:
            secret.assert_not_in("".join(traceback.format_exception(raised)))
    said = capfd.readouterr()
    secret.assert_not_in(said.out + said.err)
    for number in range(len(bodies) + 4):
        secret.assert_not_below(place.other(f"out-{number}").out)


@pytest.mark.parametrize("flags", [["--dry-run"], ["--dry-run", "--json"], ["--json"], []])
def test_what_a_run_says_of_itself_holds_no_secret(
    flags: list[str], secret: Secret, played: Start, place: Place, quick: None, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(place.flags(secret.url(played()), *flags)) == 0
    said = capfd.readouterr()
    assert said.out
    secret.assert_not_in(said.out + said.err)
    secret.assert_not_below(place.out)


def test_a_key_is_not_in_the_process_list_nor_in_what_a_run_writes_meanwhile(
    played: Start, place: Place, start: Callable[..., Any]
) -> None:
    secret = Secret((KEY,))
    rules = [{"match": question(2), "play": {"status": 400, "body": error(secret.echo)}}]
    server = played(key=KEY, hold_after=2, rules=rules)
    process = start(server.url, "--concurrency", 2, REJECTED_API_KEY=KEY, OPENAI_LOG="debug")
    wait_until(place.journal, process)
    secret.assert_not_in(Path(f"/proc/{process.pid}/cmdline").read_bytes())
    secret.assert_not_below(place.out)
    server.hold_after(None)
    said = finish(process)
    assert said.status == 0, said.err
    secret.assert_not_in(said.out + said.err)
    secret.assert_not_below(place.out)
    assert server.counts["served"] == 11


def test_a_key_in_a_file_is_not_in_the_process_list_nor_in_a_traceback(
    played: Start, place: Place, start: Callable[..., Any]
) -> None:
    secret, key_file = Secret((KEY,)), place.write_file("key", f"{KEY}\n")
    server = played(key=KEY, hold_after=0, rules=[{"match": question(7), "play": 401}])
    flags = ("--rejected-key-file", key_file, "--concurrency", 1, "--debug")
    process = start(server.url, *flags, OPENAI_LOG="debug")
    wait_until(lambda: server.counts["started"], process)
    secret.assert_not_in(Path(f"/proc/{process.pid}/cmdline").read_bytes())
    server.hold_after(None)
    said = finish(process)
    assert said.status == 1
    assert "Traceback" in said.err
    secret.assert_not_in(said.out + said.err)
    secret.assert_not_below(place.out)
