"""Training tests: tiny models made on the spot; all of it only where torch and TRL are installed.

Every test in this folder is marked `train` and runs with `make test-train`; those marked `gpu` too run with
`make test-gpu`.
"""

from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).parent
collect_ignore_glob = [] if find_spec("trl") and find_spec("torch") else ["*"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            if item.get_closest_marker("gpu") is None:
                item.add_marker(pytest.mark.train)
            item.add_marker(pytest.mark.filterwarnings("default"))  # those of torch and transformers are not ours
