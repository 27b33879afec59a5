"""What a played Hub holds: repositories, their commits, the large files that were uploaded."""

import hashlib
import json
from base64 import b64decode
from dataclasses import dataclass, field
from typing import Any

LARGE = (".parquet", ".arrow", ".zip")
"""What .gitattributes of a new dataset keeps out of git (a part of the true list)."""

GIT_ATTRIBUTES = b"*.parquet filter=lfs diff=lfs merge=lfs -text\n"


class RefusedError(Exception):
    """A request that the Hub answers with an error: status, message, and its code if it has one."""

    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


@dataclass(frozen=True, slots=True)
class Blob:
    """A file in a commit."""

    content: bytes
    is_large: bool

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def git(self) -> str:
        """The id in git: of the file, or of the pointer to a large one."""
        content = self.content
        if self.is_large:
            content = (
                f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {len(content)}\n".encode()
            )
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()

    @property
    def etag(self) -> str:
        return self.sha256 if self.is_large else self.git

    def entry(self, path: str) -> dict[str, Any]:
        """The file as the tree lists it."""
        entry: dict[str, Any] = {"type": "file", "path": path, "size": len(self.content), "oid": self.git}
        if self.is_large:
            entry["lfs"] = {"oid": self.sha256, "size": len(self.content), "pointerSize": 130}
        return entry


Files = dict[str, Blob]


@dataclass
class Repo:
    """A repository: (id, message, files) of each commit, the first one first; `tags` name some of them."""

    id: str
    private: bool
    commits: list[tuple[str, str, Files]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def head(self) -> str:
        return self.commits[-1][0]

    @property
    def files(self) -> Files:
        return self.commits[-1][2]

    def at(self, revision: str) -> tuple[str, Files]:
        """The commit's id and files; the branch is `main`."""
        for commit, _, files in reversed(self.commits):
            if revision == "main" or self.tags.get(revision, revision) == commit:
                return commit, files
        raise RefusedError(404, "Invalid rev id", "RevisionNotFound")

    def add(self, message: str, files: Files) -> str:
        text = json.dumps([self.id, len(self.commits), message, {path: blob.git for path, blob in files.items()}])
        commit = hashlib.sha1(text.encode()).hexdigest()
        self.commits.append((commit, message, files))
        return commit

    def write(self, **contents: bytes) -> str:
        """A commit by somebody else; `README__md` is README.md."""
        changed = {name.replace("__", "."): Blob(content, False) for name, content in contents.items()}
        return self.add("by hand", {**self.files, **changed})


@dataclass
class State:
    """The whole Hub."""

    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    repos: dict[str, Repo] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)

    def repo(self, name: str, token: str | None, *, to_write: bool = False) -> Repo:
        """The repository, if the token may see it, or write to it."""
        owner = self.tokens.get(token or "")
        if token and owner is None:
            raise RefusedError(401, "Invalid credentials in Authorization header")
        repo = self.repos.get(name)
        if repo is None or (repo.private and owner is None):
            raise RefusedError(404 if owner else 401, "Repository not found", "RepoNotFound")
        if to_write:
            self.check_writer(owner, name.split("/", maxsplit=1)[0])
        return repo

    def check_writer(self, owner: dict[str, Any] | None, namespace: str) -> None:
        if owner is None:
            raise RefusedError(401, "Invalid username or password.")
        may = owner["role"] in ("write", "fineGrained") and namespace in (owner["name"], *owner.get("orgs", ()))
        if not may:
            raise RefusedError(403, f"You don't have the rights to write to {namespace}")

    def create(self, name: str, private: bool) -> Repo:
        if name in self.repos:
            raise RefusedError(409, "You already created this dataset repo")
        made = self.repos[name] = Repo(name, private)
        made.add("initial commit", {".gitattributes": Blob(GIT_ATTRIBUTES, False)})
        return made

    def commit(self, repo: Repo, body: bytes) -> str:
        """The new commit of the lines of a commit request; all or nothing."""
        lines = [json.loads(line) for line in body.splitlines()]
        header = lines[0]["value"]
        if header.get("parentCommit") not in (None, repo.head):
            raise RefusedError(412, "A commit has happened since. Please refresh and try again.")
        files = dict(repo.files)
        for line in lines[1:]:
            kind, value = line["key"], line["value"]
            if kind == "deletedFile":
                del files[value["path"]]
            elif kind == "file":
                files[value["path"]] = Blob(b64decode(value["content"]), False)
            elif kind == "lfsFile" and value["oid"] in self.large:
                files[value["path"]] = Blob(self.large[value["oid"]], True)
            else:
                raise RefusedError(400, f"cannot commit {kind} {value['path']}")
        return repo.add(header["summary"], files)
