"""`diff`: what the command diff-prefs does, as a function."""

from pathlib import Path

from builders.diffing.compare import LangDiff, compare
from sources.pairs.built_folder import open_built


def diff(a: str | Path, b: str | Path, *, show: int = 0) -> list[LangDiff]:
    """How two builds differ, for each language that either has; with `show` examples of each kind of difference.

    Raises:
        PrefsError: one of them is no build.
    """
    return compare(open_built(Path(a)), open_built(Path(b)), show)
