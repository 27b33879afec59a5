"""What the tests of synthesis share: played servers."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.synth.played_server import PlayedServer, played_server


@pytest.fixture
def played() -> Iterator[Callable[..., PlayedServer]]:
    """Start a played server with these rules and options; all are gone when the test ends."""
    with ExitStack() as servers:

        def start(**told: Any) -> PlayedServer:
            return servers.enter_context(played_server(**told))

        yield start
