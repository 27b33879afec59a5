"""`publish`: what the command publish-prefs does, as a function."""

from collections.abc import Callable
from pathlib import Path

from builders.publishing.hub_access import checked_name
from builders.publishing.local_build import find_builds
from builders.publishing.publish import Order, Published
from builders.publishing.publish import publish as run_publish


def publish(
    dataset: str | Path,
    *,
    repo: str,
    public: bool = False,
    replace: bool = False,
    dry_run: bool = False,
    tell: Callable[[str], None] = lambda _line: None,
) -> Published:
    """What was committed to the dataset repository `repo`, or with `dry_run` would be: url, commit, changes, pairs.

    `tell` is called with a line for each step. The token is HF_TOKEN's or that of `hf auth login`.

    Raises:
        PrefsError: says where, what was found and what to do; the repository is as it was, unless it says otherwise.
    """
    order = Order(find_builds(Path(dataset)), checked_name(repo), public, replace, dry_run)
    return run_publish(order, tell)
