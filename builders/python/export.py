"""`export`: what the command export-prefs does, as a function."""

from pathlib import Path

from builders.exporting.export import export as run_export
from builders.exporting.exported import Exported
from builders.exporting.formats import FORMATS, load_format
from sources.command.errors import UsageError
from sources.pairs.built_folder import open_built


def export(dataset: str | Path, *, format: str, to: str | Path) -> list[Exported]:  # noqa: A002
    """What was written to `to/<lang>` for each language of a build: folder, files, and counts by (source, split).

    `format` is one of `builders.exporting.formats.FORMATS`.

    Raises:
        PrefsError: says where, what was found, what was expected and what to do; what was in `to` is still there.
    """
    if format not in FORMATS:
        raise UsageError("format", f"no format is called {format}", expected=", ".join(FORMATS))
    return run_export(open_built(Path(dataset)), load_format(format), Path(to))
