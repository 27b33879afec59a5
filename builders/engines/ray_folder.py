"""Where a Ray cluster of one build has its sockets, logs and results that do not fit in memory: a folder that goes with
the build, or with the next one if that was killed."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX, LOCK = "prefs-ray-", "in-use"
PLACE = Path("/tmp")  # noqa: S108 - paths of sockets have at most 107 bytes, and TMPDIR may be long
"""The folders have random names, and only their owner may open them."""


@contextmanager
def ray_folder() -> Iterator[Path]:
    """A new folder, locked while it is in use."""
    _remove_left()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=PLACE))
    try:
        with (folder / f"{LOCK}-soon").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            (folder / f"{LOCK}-soon").rename(folder / LOCK)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_left() -> None:
    """Remove the folders of this user's builds that were killed."""
    for path in PLACE.glob(f"{PREFIX}*/{LOCK}"):
        try:
            if path.parent.lstat().st_uid != os.getuid():
                continue
            with path.open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path.parent, ignore_errors=True)
        except OSError:  # in use
            continue
