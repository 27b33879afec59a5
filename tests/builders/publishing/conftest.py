"""A built sample, a Hub on loopback, and the command run against it with the true clients."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from huggingface_hub import close_session, constants

from builders.building.pipeline import build
from builders.inputs.inputs import Request
from builders.inputs.recipe import load_recipe
from builders.publish_prefs import main
from builders.publishing.publish import load_back
from sources.command.progress import Silent
from sources.fetch.fetcher import SAMPLE, sample
from tests.sources.loopback_hub import LoopbackHub, loopback_hub

OLD_HTTPX = "ignore:Use 'content=:DeprecationWarning"
"""What huggingface_hub 2.4 does when it uploads a large file."""

TOKEN = "hf_TestSecret7f3a91c2d4e5b6a7"


@pytest.fixture(scope="session")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded sample, both languages."""
    out = tmp_path_factory.mktemp("built") / "prefs"
    build(
        Request(
            langs=("zh", "en"),
            recipe=load_recipe("ct-llm"),
            fetcher=sample(),
            out=out,
            benchmarks=SAMPLE / "benchmarks",
            workers=1,
        ),
        Silent(),
    )
    return out


@pytest.fixture
def built(built_once: Path, tmp_path: Path) -> Path:
    """A copy of the built sample that a test may spoil."""
    return Path(shutil.copytree(built_once, tmp_path / "prefs"))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LoopbackHub]:
    """A Hub, and an environment in which everything speaks to it. Xet is off: its protocol is not played."""
    with loopback_hub() as server:
        server.state.tokens[TOKEN] = {"name": "me", "role": "write", "orgs": ["lab"]}
        for name, value in {
            "HF_ENDPOINT": server.url,
            "HF_TOKEN": TOKEN,
            "HF_HOME": str(tmp_path / "hf"),
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "NO_PROXY": "*",
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        files = server.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", files)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "hf" / "token"))
        yield server
        close_session()


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were waited, without waiting them."""
    seconds: list[float] = []
    monkeypatch.setattr("time.sleep", seconds.append)
    return seconds


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not load back: for tests of what comes before."""
    assert load_back
    monkeypatch.setattr("builders.publishing.publish.check_back", lambda *given: None)


@dataclass(frozen=True, slots=True)
class Done:
    """What a command did."""

    status: int
    out: str
    err: str


@pytest.fixture
def publish(capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Run publish-prefs."""

    def run(*arguments: object) -> Done:
        status = main([str(one) for one in arguments])
        said = capsys.readouterr()
        return Done(status, said.out, said.err)

    return run
