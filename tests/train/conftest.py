"""Training tests: tiny models made on the spot; all of it only where torch and TRL are installed.

Every test in this folder is marked `train` and runs with `make test-train`; those marked `gpu` too run with
`make test-gpu`. Where `-m` excludes both, nothing in this folder is imported: torch and TRL take 15 seconds.
"""

from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """True for all in this folder, where it cannot run or is not asked for; None leaves it to pytest."""
    excluded = all(f"not {mark}" in config.option.markexpr for mark in ("train", "gpu"))
    return True if excluded or not (find_spec("trl") and find_spec("torch")) else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            if item.get_closest_marker("gpu") is None:
                item.add_marker(pytest.mark.train)
            item.add_marker(pytest.mark.filterwarnings("default"))  # those of torch and transformers are not ours
