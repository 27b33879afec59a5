"""What the repository is to hold: data, cards and a record of them, by which a later run knows its own files."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from builders.card.facts import Facts
from builders.card.header import LICENSE_FILE, needs_license_file
from builders.card.render import Place, render_card, render_license
from sources.pairs.built_folder import MANIFEST

RECORD = "publish-prefs.json"
RECORD_FORMAT = 1
BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Item:
    """A file as it is to lie in the repository, with the hashes that the Hub gives: SHA-256 of a large file, git's of a
    small one."""

    path: str
    content: Path | bytes
    bytes: int
    sha256: str
    git: str


def contents(builds: dict[Path, Facts], repo: str) -> list[Item]:
    """Every file that belongs into the repository; the record last."""
    facts = list(builds.values())
    folders = {one.lang: f"{one.lang}/" for one in facts}
    files: dict[str, Path | bytes] = {"README.md": render_card(facts, Place(repo, folders)).encode()}
    if needs_license_file(facts):
        files[LICENSE_FILE] = render_license(facts).encode()
    for folder, one in builds.items():
        paths = [*(output["path"] for output in one.manifest["outputs"]), MANIFEST]
        files |= {f"{one.lang}/{path}": folder / path for path in paths}
    items = [_item(path, content) for path, content in sorted(files.items())]
    return [*items, _item(RECORD, _record(items))]


def _item(path: str, content: Path | bytes) -> Item:
    size = len(content) if isinstance(content, bytes) else content.stat().st_size
    sha256, git = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    for block in _blocks(content):
        sha256.update(block)
        git.update(block)
    return Item(path, content, size, sha256.hexdigest(), git.hexdigest())


def _blocks(content: Path | bytes) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield block


def _record(items: list[Item]) -> bytes:
    record = {
        "format": RECORD_FORMAT,
        "written_by": f"publish-prefs {version('build-prefs')}",
        "files": {item.path: {"bytes": item.bytes, "sha256": item.sha256, "git": item.git} for item in items},
    }
    return (json.dumps(record, indent=2) + "\n").encode()


def read_record(text: bytes) -> dict[str, set[str]]:
    """The hashes of each file that an earlier run wrote; none where the text is no record."""
    try:
        files = json.loads(text)["files"]
        return {path: {one["sha256"], one["git"]} for path, one in files.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
