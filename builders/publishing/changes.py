"""What a commit has to change in a repository, and what stands in its way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from builders.publishing.contents import RECORD, Item
from sources.command.errors import PublishError
from sources.command.printable import printable

THE_HUBS_OWN = (".gitattributes",)
MAX_NAMED = 5


@dataclass(frozen=True, slots=True)
class Held:
    """A file in the repository; `hash` is the SHA-256 of a large file, git's of a small one."""

    path: str
    hash: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository as it is now; `record` holds the hashes of the files that publish-prefs wrote."""

    head: str
    private: bool
    files: Mapping[str, Held]
    record: Mapping[str, set[str]]

    @property
    def foreign(self) -> list[str]:
        """The files that are not as publish-prefs wrote them."""
        ours = {*THE_HUBS_OWN, *([RECORD] if self.record else [])}
        return [
            path for path, held in self.files.items() if path not in ours and held.hash not in self.record.get(path, ())
        ]


@dataclass(frozen=True, slots=True)
class Changes:
    """What one commit adds and removes."""

    add: list[Item]
    delete: list[str]

    @property
    def bytes(self) -> int:
        return sum(item.bytes for item in self.add)

    def __bool__(self) -> bool:
        return bool(self.add or self.delete)


def is_there(item: Item, files: Mapping[str, Held]) -> bool:
    """Whether the repository holds these very bytes under this name."""
    held = files.get(item.path)
    return held is not None and held.hash in (item.sha256, item.git)


def find_changes(items: Sequence[Item], repository: Repository) -> Changes:
    """What makes the repository hold the items and nothing else but the Hub's own files."""
    wanted = {item.path for item in items}
    return Changes(
        [item for item in items if not is_there(item, repository.files)],
        [path for path in repository.files if path not in wanted and path not in THE_HUBS_OWN],
    )


def check_replaceable(repo: str, langs: Sequence[str], repository: Repository) -> None:
    """Nothing, if all that is in the repository was written by publish-prefs and is published again.

    Raises:
        PublishError: it holds something else, or a language that would be lost.
    """
    if foreign := repository.foreign:
        named = ", ".join(printable(path) for path in foreign[:MAX_NAMED]) + (", …" if len(foreign) > MAX_NAMED else "")
        raise PublishError(
            repo,
            f"holds {len(foreign):,} files that publish-prefs did not write, or changed since ({named})",
            hint="Give --replace to remove them, or another repository.",
        )
    there = {path.split("/")[0] for path in repository.record if "/" in path}
    if lost := sorted(there - set(langs)):
        raise PublishError(
            repo,
            f"holds {' and '.join(lost)} as well, which would be removed",
            hint="Publish the folder that holds all languages, or give --replace, or another repository.",
        )
