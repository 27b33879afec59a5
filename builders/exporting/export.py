"""An export, from the files of a build to a folder that a trainer reads; every pair is written, or counted with why."""

from collections.abc import Iterator
from contextlib import contextmanager
from os.path import isfile, lexists
from pathlib import Path

import orjson

from builders.exporting.describe import EXPORTED, LEFT_OUT, as_json
from builders.exporting.exported import Exported
from builders.exporting.format import Format, Place
from builders.exporting.read_me import read_me
from builders.exporting.write import Count, Ledger, write_split
from sources.command.errors import AccountingError, NoPairsError, OutputBusyError, OutputError
from sources.fetch.fetcher import file_sha256
from sources.files.folder import put_in_place, scratch_folder
from sources.files.write_parquet import OutputFile
from sources.pairs.built_folder import SPLITS, BuiltFolder, Split


def export(builds: list[BuiltFolder], format_: Format, to: Path) -> list[Exported]:
    """Write every language of a build in a format to `to/<lang>`; all of them, or nothing.

    Raises:
        PrefsError: says what; whatever was in the folder is still there.
    """
    for built in builds:
        check_replaceable(to / built.lang, format_)
    with _scratch(to) as scratch:
        done = [_export_one(built, format_, scratch / built.lang, to / built.lang) for built in builds]
        for exported in done:
            put_in_place(scratch / exported.built.lang, exported.folder)
    return done


def check_replaceable(target: Path, format_: Format) -> None:
    """Nothing, if `target` does not exist, is empty, or is an earlier export in the same format.

    Raises:
        OutputError: something else is there, which an export must not remove.
    """
    if not lexists(target) or (target.is_dir() and not any(target.iterdir())):
        return
    try:
        found = orjson.loads((target / EXPORTED).read_bytes())["format"] if isfile(target / EXPORTED) else None
    except (ValueError, KeyError, TypeError):
        found = None
    if found != format_.name:
        what = f"an export in the format {found}" if found else f"no export (it has no {EXPORTED})"
        raise OutputError(target, f"exists and is {what}", hint="Move it away, or give another --to.")


@contextmanager
def _scratch(to: Path) -> Iterator[Path]:
    """A folder to work in, with errors that speak of --to."""
    try:
        with scratch_folder(to) as scratch:
            yield scratch
    except OutputBusyError as error:
        raise OutputBusyError(error.where, error.found, hint="Wait for it, or give another --to.") from error
    except OutputError as error:
        raise OutputError(error.where, error.found, hint="Free some space, or give another --to.") from error


def _export_one(built: BuiltFolder, format_: Format, work: Path, target: Path) -> Exported:
    work.mkdir()
    files: list[OutputFile] = []
    with (work / LEFT_OUT).open("wb") as left_out:
        ledger = Ledger(left_out)
        for split in SPLITS:
            name = f"{split}.{format_.suffix}"
            rows = write_split(built, format_, split, work / name, ledger) if built.files(split) else 0
            if rows:
                files.append(OutputFile(name, rows, (work / name).stat().st_size, file_sha256(work / name)))
            else:
                (work / name).unlink(missing_ok=True)  # some readers fail on a file without rows
    _check(ledger.counts, files, format_)
    if not any(count.left_out for count in ledger.counts.values()):
        (work / LEFT_OUT).unlink()
    if not any(file.path.startswith("train") for file in files):
        read = sum(count.read for count in ledger.counts.values())
        found = f"none of {read:,} pairs can be written for training as {format_.name}"
        raise NoPairsError(built.path, found, hint="Take another --format.")
    exported = Exported(built, format_, target, files, ledger.counts)
    _describe(exported, work)
    return exported


def _describe(exported: Exported, work: Path) -> None:
    """The configuration of the trainer, exported.json and README.md."""
    place = Place(
        {Path(file.path).stem: file.path for file in exported.files},
        f"prefs_{exported.built.lang}",
        has_tools=exported.built.is_wide(exported.built.files("train")[0]),
    )
    described = exported.format.configuration(place)
    beside = sorted(described)
    described[EXPORTED] = as_json(exported, beside)
    described["README.md"] = read_me(exported, beside)
    for name, content in described.items():
        (work / name).write_text(content, encoding="utf-8")


def _check(counts: dict[tuple[str, Split], Count], files: list[OutputFile], format_: Format) -> None:
    """Nothing, if pairs read = pairs written + pairs left out, and the files hold the rows of those written.

    Raises:
        AccountingError: that is a fault of this program.
    """
    hint = "Please report this; nothing was written."
    for (source, split), count in counts.items():
        if count.read != count.written + count.left_out.total():
            found = (
                f"{count.read:,} pairs read in {split}, but {count.written + count.left_out.total():,} accounted for"
            )
            raise AccountingError(source, found, hint=hint)
    rows = sum(file.rows for file in files)
    pairs = sum(count.written for count in counts.values())
    if rows != pairs * format_.rows_per_pair:
        raise AccountingError(format_.name, f"{pairs:,} pairs written, but {rows:,} rows found", hint=hint)
