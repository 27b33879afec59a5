"""The Hub and the network at their worst: one clear line, the repository as it was, the token nowhere."""

import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from huggingface_hub import constants

from builders.publish_prefs import main
from tests.builders.publishing.conftest import OLD_HTTPX, TOKEN, Done
from tests.forking import Forking, Process
from tests.sources.loopback_hub import Fault, LoopbackHub

Publish = Callable[..., Done]
pytestmark = pytest.mark.filterwarnings(OLD_HTTPX)

PLACES = {
    "whoami": ("GET", "/api/whoami-v2"),
    "look": ("GET", "/api/datasets/me/x"),
    "tree": ("GET", "/tree/"),
    "create": ("POST", "/api/repos/create"),
    "preupload": ("POST", "/preupload/"),
    "batch": ("POST", "/objects/batch"),
    "storage": ("PUT", "/storage/"),
    "validate": ("POST", "/api/validate-yaml"),
    "commit": ("POST", "/commit/"),
}


def is_untouched(hub: LoopbackHub) -> bool:
    """Whether the repository, if there is one, holds nothing but what the Hub puts there itself."""
    repo = hub.state.repos.get("me/x")
    return repo is None or (len(repo.commits) == 1 and set(repo.files) == {".gitattributes"})


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("status", [401, 403, 404, 409, 413, 429, 500, 503])
def test_an_error_that_stays_is_one_line_and_leaves_the_repository_as_it_was(
    hub: LoopbackHub, built: Path, publish: Publish, waited: list[float], trusting: None, place: str, status: int
) -> None:
    method, path = PLACES[place]
    hub.play(Fault(method, path, status=status, times=100, message=f"no: Bearer {TOKEN} is not liked"))
    done = publish(built / "en", "--repo", "me/x")
    if place == "validate" and done.status == 0:
        return  # huggingface_hub goes on without the check when its server is down
    if place in ("look", "create") and status in (404, 409):
        return  # 404: there is none yet; 409: it was made meanwhile
    assert done.status == 1
    error = done.err.splitlines()[-1]
    assert error.startswith("publish-prefs: ")
    assert f"({status}" in error
    assert TOKEN not in done.err + done.out
    assert "Traceback" not in done.err
    assert is_untouched(hub)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("fault", [429, 500, 503, "cut"])
def test_an_error_that_passes_is_borne(
    hub: LoopbackHub, built: Path, publish: Publish, waited: list[float], trusting: None, place: str, fault: object
) -> None:
    method, path = PLACES[place]
    hub.play(Fault(method, path, status=fault if isinstance(fault, int) else 500, cut=fault == "cut", times=2))
    done = publish(built / "en", "--repo", "me/x")
    assert done.status == 0, done.err
    assert len(hub.state.repos["me/x"].commits) == 2


@pytest.mark.parametrize("place", PLACES)
def test_a_connection_that_is_always_cut_is_told(
    hub: LoopbackHub, built: Path, publish: Publish, waited: list[float], trusting: None, place: str
) -> None:
    method, path = PLACES[place]
    hub.play(Fault(method, path, cut=True, times=100))
    done = publish(built / "en", "--repo", "me/x")
    assert done.status == 1
    assert "the Hub cannot be reached or the connection was cut" in done.err.splitlines()[-1]
    assert is_untouched(hub)


def test_the_hub_is_given_the_time_that_it_asks_for(
    hub: LoopbackHub, built: Path, publish: Publish, waited: list[float], trusting: None
) -> None:
    hub.play(Fault("POST", "/commit/", status=429, headers={"Retry-After": "37"}))
    done = publish(built / "en", "--repo", "me/x")
    assert done.status == 0
    assert 37.0 in waited
    assert "the Hub is busy (429); trying again in 37 s" in done.err


@pytest.mark.parametrize("place", ["commit", "storage", "look"])
def test_a_date_is_waited_for_too(
    hub: LoopbackHub, built: Path, publish: Publish, waited: list[float], trusting: None, place: str
) -> None:
    """Some calls are repeated here, some by huggingface_hub."""
    method, path = PLACES[place]
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    hub.play(Fault(method, path, status=429, headers={"Retry-After": when}))
    done = publish(built / "en", "--repo", "me/x")
    assert done.status == 0, done.err
    assert any(60 < seconds < 92 for seconds in waited), waited
    assert "publish-prefs: the Hub is busy" in done.err


@pytest.mark.parametrize("place", ["commit", "storage", "look"])
def test_a_hub_that_asks_for_too_long_a_wait_is_not_waited_for(
    hub: LoopbackHub, built: Path, publish: Publish, waited: list[float], trusting: None, place: str
) -> None:
    method, path = PLACES[place]
    hub.play(Fault(method, path, status=429, times=100, headers={"Retry-After": "7200"}))
    done = publish(built / "en", "--repo", "me/x")
    assert done.status == 1
    assert "Run the command again in 7,200 s, as the Hub asks" in done.err.splitlines()[-1]
    assert not waited
    assert is_untouched(hub)


def test_a_commit_whose_answer_is_lost_is_not_made_twice(
    hub: LoopbackHub, built: Path, publish: Publish, waited: list[float], trusting: None
) -> None:
    hub.play(Fault("POST", "/commit/", cut=True, after=True))
    done = publish(built / "en", "--repo", "me/x")
    assert done.status == 0
    assert hub.count("POST", "/commit/") == 1
    assert len(hub.state.repos["me/x"].commits) == 2
    assert hub.state.repos["me/x"].head[:12] in done.out


def test_somebody_else_commits_meanwhile(
    hub: LoopbackHub, built: Path, publish: Publish, waited: list[float], trusting: None
) -> None:
    hub.play(
        Fault("POST", "/commit/", status=0, before=lambda: hub.state.repos["me/x"].write(a__txt=b"theirs") and None)
    )
    done = publish(built / "en", "--repo", "me/x")
    assert done.status == 1
    assert "the repository is not what it was a moment ago (412" in done.err
    assert set(hub.state.repos["me/x"].files) == {".gitattributes", "a.txt"}


def test_no_network_and_offline_mode_are_told(
    hub: LoopbackHub, built: Path, publish: Publish, waited: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    assert "the Hub cannot be reached" in publish(built, "--repo", "me/x").err.splitlines()[-1]
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "me/x: HF_HUB_OFFLINE is set" in publish(built, "--repo", "me/x").err


def test_a_card_that_the_hub_does_not_take_is_told(
    hub: LoopbackHub, built: Path, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builders.publishing.contents.render_card", lambda *given: "---\nlicense: mine\n---\n# x\n")
    done = publish(built, "--repo", "me/x")
    assert done.status == 1
    assert '"license" must be one of' in done.err
    assert is_untouched(hub)


@pytest.mark.parametrize(
    ("place", "sign"), [("storage", signal.SIGINT), ("commit", signal.SIGINT), ("storage", signal.SIGKILL)]
)
def test_an_interrupted_run_leaves_the_repository_as_it_was_and_the_next_one_finishes(
    hub: LoopbackHub, built: Path, publish: Publish, trusting: None, place: str, sign: signal.Signals, forking: Forking
) -> None:
    running: list[Process] = []
    method, path = PLACES[place]
    hub.play(Fault(method, path, cut=True, before=lambda: running[0].send_signal(sign)))
    running.append(forking.start("builders.publish_prefs", built / "en", "--repo", "me/x"))
    out, err = running[0].communicate()
    assert running[0].returncode == (130 if sign == signal.SIGINT else -9), err
    if sign == signal.SIGINT:
        assert err.splitlines()[-1].startswith("publish-prefs: interrupted; the repository is as it was")
    assert TOKEN not in out + err
    assert is_untouched(hub)
    assert publish(built / "en", "--repo", "me/x").status == 0


def test_the_token_goes_to_the_hub_only_and_is_shown_nowhere(
    hub: LoopbackHub, built: Path, publish: Publish, tmp_path: Path
) -> None:
    done = publish(built, "--repo", "me/x")
    assert done.status == 0
    assert TOKEN not in done.out + done.err
    for blob in hub.state.repos["me/x"].files.values():
        assert TOKEN.encode() not in blob.content
    for method, path, headers in hub.log:
        assert TOKEN not in path
        if headers["Host"].startswith("localhost"):
            assert "Authorization" not in headers or method == "HEAD", path
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]
    assert not kept


@pytest.mark.parametrize("extra", [[], ["--debug"]])
def test_neither_token_nor_signature_is_in_an_error(
    hub: LoopbackHub, built: Path, waited: list[float], capfd: pytest.CaptureFixture[str], extra: list[str]
) -> None:
    hub.play(Fault("PUT", "/storage/", status=403, times=9, message=f"{TOKEN} X-Amz-Signature=sig-secret-4711"))
    arguments = [str(built / "en"), "--repo", "me/x", *extra]
    if extra:
        import traceback

        with pytest.raises(Exception, match="403") as caught:
            main(arguments)
        shown = "".join(traceback.format_exception(caught.value))
    else:
        assert main(arguments) == 1
        shown = capfd.readouterr().err
    assert TOKEN not in shown
    assert "sig-secret-4711" not in shown
