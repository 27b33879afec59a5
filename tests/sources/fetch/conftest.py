"""The server that plays GitHub or the Hub, as fixtures."""

from collections.abc import Iterator

import pytest

from tests.sources.fetch.site import Site, open_site


@pytest.fixture
def site() -> Iterator[Site]:
    """The server."""
    with open_site() as here:
        yield here


@pytest.fixture
def github(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The site in the place of GitHub."""
    for name in ("HF_HUB_OFFLINE", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BUILD_PREFS_GITHUB_ENDPOINT", site.url)
    monkeypatch.setenv("BUILD_PREFS_GITHUB_MEDIA_ENDPOINT", f"{site.url}/media")
    return site
