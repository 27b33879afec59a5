"""One repository of the Hub, by huggingface_hub: HF_ENDPOINT, HF_TOKEN, HF_HOME and proxies work as people know.

Calls that huggingface_hub does not repeat are repeated here when the Hub is busy; a commit names the commit that it
stands on, so that repeating it cannot do it twice.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from builders.publishing.changes import Changes, Held, Repository, is_there
from builders.publishing.contents import RECORD, read_record
from builders.publishing.hub_access import HOW_TO_LOG_IN, checked_name, find_token, may_write
from builders.publishing.hub_errors import TOKENS_PAGE, explain, hide, is_passing, may_retry, status
from sources.command.errors import PublishError
from sources.fetch.hub_client import set_up_hub_client
from sources.fetch.retry_after import asked_wait_s, wait

T = TypeVar("T")

CONFLICT = (409, 412)
WAITS_S = (1.0, 2.0, 4.0, 8.0)
DATASET = "dataset"


class Hub:
    """The place of one dataset repository, with the token to write there; the token is empty where there is none."""

    def __init__(self, repo: str) -> None:
        """
        Raises:
            UsageError: the name is none.
            PublishError: the token cannot be read.
        """
        from huggingface_hub import HfApi

        self.repo = checked_name(repo)
        self.token = find_token(self.repo)
        set_up_hub_client()
        self._api = HfApi(token=self.token or False, library_name="build-prefs")

    @property
    def endpoint(self) -> str:
        return self._api.endpoint

    @property
    def url(self) -> str:
        """Where people look at it."""
        return hide(f"{self.endpoint}/datasets/{self.repo}", self.token)

    def check_token(self) -> str:
        """The name of the token's owner.

        Raises:
            PublishError: there is no token, it is not valid, or may only read.
        """
        if not self.token:
            raise PublishError(self.repo, "no token", hint=HOW_TO_LOG_IN)
        me = self._patiently(self._api.whoami, self.repo)
        if not may_write(me):
            raise PublishError(
                self.repo,
                f"the token of {me.get('name')} may only read",
                hint=f"Make one that may write ({TOKENS_PAGE}) and set HF_TOKEN to it.",
            )
        return str(me.get("name"))

    def look(self) -> Repository | None:
        """The repository as it is now; None if there is none (that the token may see)."""
        from huggingface_hub.errors import RepositoryNotFoundError

        try:
            info = self._call(lambda: self._api.repo_info(self.repo, repo_type=DATASET))
        except RepositoryNotFoundError as error:
            if status(error) == 404:
                return None
            raise explain(error, self.repo, self.token) from None
        except Exception as error:
            raise explain(error, self.repo, self.token) from None
        head = str(info.sha)
        with self._explained():
            files = self._list(head)
            record = self._record(head) if RECORD in files else {}
        return Repository(head, bool(info.private), files, record)

    def create(self) -> Repository:
        """A new private repository."""
        self._patiently(
            lambda: self._api.create_repo(self.repo, repo_type=DATASET, private=True, exist_ok=True), self.repo
        )
        made = self.look()
        if made is None:
            raise PublishError(
                self.repo, "exists, but this token cannot see it", hint="Use a token that may, or another --repo."
            )
        return made

    def commit(self, changes: Changes, message: str, before: Repository) -> str:
        """The id of the one commit that makes all changes, or none of them.

        Raises:
            PublishError: the Hub said no, or somebody else committed meanwhile; nothing was changed then.
        """
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        adds = [CommitOperationAdd(item.path, item.content) for item in changes.add]
        operations: list[Any] = [*(CommitOperationDelete(path, is_folder=False) for path in changes.delete), *adds]
        with self._explained():
            self._api.preupload_lfs_files(self.repo, additions=adds, repo_type=DATASET, free_memory=False)
        for wait_s in (*WAITS_S, None):
            try:
                made = self._api.create_commit(
                    self.repo, operations, commit_message=message, repo_type=DATASET, parent_commit=before.head
                )
                return str(made.oid)
            except Exception as error:
                if done := self._committed(changes, before, error):
                    return done
                if wait_s is None or not may_retry(error):
                    raise explain(error, self.repo, self.token) from None
                _wait(error, wait_s)
        raise AssertionError

    def make_public(self) -> None:
        """Let everybody see the repository."""
        self._patiently(
            lambda: self._api.update_repo_settings(self.repo, private=False, repo_type=DATASET),
            f"{self.repo} (settings)",
        )

    def _committed(self, changes: Changes, before: Repository, error: Exception) -> str | None:
        """The head, if the commit arrived although its answer did not."""
        if not (is_passing(error) or status(error) in CONFLICT):
            return None
        try:
            head = str(self._api.repo_info(self.repo, repo_type=DATASET).sha)
            files = self._list(head) if head != before.head else {}
        except Exception:
            return None  # the Hub is away; the next try, or the error, tells
        is_done = head != before.head and all(is_there(item, files) for item in changes.add)
        return head if is_done and not set(changes.delete) & set(files) else None

    def _list(self, revision: str) -> dict[str, Held]:
        from huggingface_hub.hf_api import RepoFile

        tree = self._api.list_repo_tree(self.repo, recursive=True, revision=revision, repo_type=DATASET)
        files = [entry for entry in tree if isinstance(entry, RepoFile)]
        return {one.path: Held(one.path, one.lfs.sha256 if one.lfs else one.blob_id, one.size) for one in files}

    def _record(self, revision: str) -> dict[str, set[str]]:
        with tempfile.TemporaryDirectory(prefix="publish-prefs-") as folder:
            path = self._api.hf_hub_download(self.repo, RECORD, repo_type=DATASET, revision=revision, cache_dir=folder)
            return read_record(Path(path).read_bytes())

    def _patiently(self, call: Callable[[], T], where: str) -> T:
        """What the call returns, repeated while the Hub is busy."""
        try:
            return self._call(call)
        except Exception as error:
            raise explain(error, where, self.token) from None

    def _call(self, call: Callable[[], T]) -> T:
        for wait_s in WAITS_S:
            try:
                return call()
            except Exception as error:
                if not may_retry(error):
                    raise
                _wait(error, wait_s)
        return call()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            raise explain(error, self.repo, self.token) from None


def _wait(error: Exception, wait_s: float) -> None:
    wait("the Hub", status(error) or type(error).__name__, asked_wait_s(error) or wait_s)
