"""The built folders to publish, refused where they are not what their manifest says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from builders.building.manifest import FORMAT
from builders.card.facts import Facts, count_all, read_facts, source_of
from builders.card.licences import is_unknown
from sources.command.errors import BrokenFileError, MissingFileError, PublishError
from sources.fetch.fetcher import file_sha256
from sources.pairs.built_folder import MANIFEST, OUTPUT, open_built
from sources.pairs.languages import LANGS

REPORT = "report.html"
AGAIN = "Build it again with build-prefs."


def find_builds(out: Path) -> list[Path]:
    """`out`, if it is a build, or the builds of the languages in it.

    Raises:
        MissingFileError: there is none, or one of them is not finished.
        BrokenFileError: a manifest is none.
    """
    if not (out / MANIFEST).is_file():
        for folder in (out / lang for lang in LANGS):
            if folder.is_dir() and not (folder / MANIFEST).is_file():
                finished = [str(out / lang) for lang in LANGS if (out / lang / MANIFEST).is_file()]
                hint = f"Build it again, or give {' or '.join(finished)}." if finished else "Build it again."
                raise MissingFileError(folder, f"no {MANIFEST} there, so it is no finished build", hint=hint)
    return [built.path for built in open_built(out)]


def check_build(folder: Path) -> Facts:
    """The facts of a build whose files are those of its manifest, and whose accounts add up.

    Raises:
        BrokenFileError: the manifest cannot be read.
        PublishError: it does not fit the files, does not add up, or a licence is unknown.
    """
    built = open_built(folder)[0]
    manifest = built.manifest
    if manifest.get("format") != FORMAT:
        raise PublishError(
            folder / MANIFEST, f"has format {manifest.get('format')!r}", expected=str(FORMAT), hint=AGAIN
        )
    try:
        for what, total, found in _sums(manifest):
            if total != found:
                raise PublishError(
                    folder / MANIFEST, f"does not add up: {total:,} {what}, but {found:,} found", hint=AGAIN
                )
        _check_files(manifest, folder)
        facts = read_facts(folder)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise BrokenFileError(folder / MANIFEST, f"is no manifest of build-prefs ({error!r})", hint=AGAIN) from error
    _check_licences(facts, folder)
    return facts


def _sums(manifest: dict[str, Any]) -> Iterator[tuple[str, int, int]]:
    """(what, how many, how many its parts have) of every sum that must hold."""
    accounts = manifest["sources"]
    for one in [*accounts, manifest["total"]]:
        name = one["source"]
        yield f"rows read of {name}", one["rows_read"], one["rows_used"] + count_all(one["rows_skipped"])
        yield f"pairs made of {name}", one["pairs_made"], one["train"] + one["test"] + count_all(one["pairs_dropped"])
    for key in ("rows_read", "rows_used", "pairs_made", "train", "test"):
        yield f"{key} in all", manifest["total"][key], sum(one[key] for one in accounts)
    for split in ("train", "test"):
        rows = sum(file["rows"] for file in manifest["outputs"] if file["path"].startswith(f"data/{split}-"))
        yield f"{split} pairs", manifest["total"][split], rows


def _check_files(manifest: dict[str, Any], folder: Path) -> None:
    """Nothing, if exactly the files of the manifest are there, with their hashes."""
    listed = {file["path"]: file["sha256"] for file in manifest["outputs"]}
    found = {path.relative_to(folder).as_posix() for path in (folder / "data").rglob("*") if path.is_file()}
    strange = [path for path in listed if not OUTPUT.fullmatch(path) and path != REPORT]
    for path in strange or sorted(found - set(listed)):
        raise PublishError(folder / path, "is not a file of this build", hint="Move it away, or build again.")
    for path, sha256 in listed.items():
        if not (folder / path).is_file():
            raise PublishError(folder / path, "is in the manifest, but not there", hint=AGAIN)
        if file_sha256(folder / path) != sha256:
            raise PublishError(folder / path, "is not the file that was built: its SHA-256 is another one", hint=AGAIN)


def _check_licences(facts: Facts, folder: Path) -> None:
    unknown = sorted({origin.source for origin in facts.origins if is_unknown(origin.license)})
    if unknown:
        without = " ".join(f"--without {source}" if source_of(source) else "no --add of it" for source in unknown)
        raise PublishError(
            folder,
            f"the licence of {', '.join(unknown)} is unknown, so nobody may publish it",
            hint=f"Build without it ({without}), or give its licence (--add-licence; lint-prefs --fix: --licence).",
        )
