"""One repository of the Hub, by huggingface_hub: HF_ENDPOINT, HF_TOKEN, HF_HOME and proxies work as people know.

Calls that huggingface_hub does not repeat are repeated here when the Hub is busy; a commit names the commit that it
stands on, so that repeating it cannot do it twice.
"""

import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from builders.publishing.changes import Changes, Held, Repository, is_there
from builders.publishing.contents import RECORD, read_record
from builders.publishing.hub_errors import TOKENS_PAGE, explain, hide, status
from sources.command.errors import PublishError, UsageError
from sources.fetch.retry_after import retry_after_s

if TYPE_CHECKING:
    from huggingface_hub import HfApi

T = TypeVar("T")
Tell = Callable[[str], None]

BUSY = (429, 500, 502, 503, 504)
CONFLICT = (409, 412)
WAITS_S = (1.0, 2.0, 4.0, 8.0)
MAX_WAIT_S = 300.0
TIMEOUT_S = 60.0
DATASET = "dataset"
HOW_TO_LOG_IN = f"Set HF_TOKEN ({TOKENS_PAGE}), or log in with: hf auth login"


class Hub:
    """The place of one dataset repository, with the token to write there; the token is empty where there is none."""

    def __init__(self, repo: str, tell: Tell) -> None:
        """
        Raises:
            UsageError: the name is none.
            PublishError: the token cannot be read.
        """
        self.repo, self.tell = checked_name(repo), tell
        self.token = find_token(self.repo)
        self._api = _api(self.token)
        _tell_waits(tell)

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
        token = (me.get("auth") or {}).get("accessToken") or {}
        if token.get("role") == "read" or (token.get("role") == "fineGrained" and not _may_write(token)):
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
        for wait in (*WAITS_S, None):
            try:
                made = self._api.create_commit(
                    self.repo, operations, commit_message=message, repo_type=DATASET, parent_commit=before.head
                )
                return str(made.oid)
            except Exception as error:
                if done := self._committed(changes, before, error):
                    return done
                if wait is None or not _is_passing(error):
                    raise explain(error, self.repo, self.token) from None
                self._wait(wait, error)
        raise AssertionError

    def make_public(self) -> None:
        """Let everybody see the repository."""
        self._patiently(
            lambda: self._api.update_repo_settings(self.repo, private=False, repo_type=DATASET),
            f"{self.repo} (settings)",
        )

    def _committed(self, changes: Changes, before: Repository, error: Exception) -> str | None:
        """The head, if the commit arrived although its answer did not."""
        if not (_is_passing(error) or status(error) in CONFLICT):
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
        for wait in WAITS_S:
            try:
                return call()
            except Exception as error:
                if not _is_passing(error):
                    raise
                self._wait(wait, error)
        return call()

    def _wait(self, seconds: float, error: Exception) -> None:
        asked = min(_asked_wait(error) or seconds, MAX_WAIT_S)
        self.tell(f"the Hub is busy ({status(error) or type(error).__name__}); trying again in {asked:g} s")
        time.sleep(asked)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            raise explain(error, self.repo, self.token) from None


def checked_name(repo: str, flag: str = "--repo") -> str:
    """The name of the repository, given with that flag.

    Raises:
        UsageError: it is none.
    """
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils._validators import validate_repo_id

    try:
        validate_repo_id(repo)
        if repo.count("/") != 1:
            raise HFValidationError
    except HFValidationError:
        hint = "Give NAME/x: your name or your organisation's, and the dataset's, without https://."
        raise UsageError(flag, f"{repo!r} is no name of a repository", hint=hint) from None
    return repo


def find_token(repo: str) -> str:
    """The token of HF_TOKEN or `hf auth login`; empty if there is none.

    Raises:
        PublishError: what is there is no token.
    """
    from huggingface_hub import get_token

    try:
        token = get_token() or ""
    except Exception as error:
        raise explain(error, repo, None) from None
    if token and not (token.isascii() and token.isprintable() and " " not in token):
        raise PublishError(repo, "HF_TOKEN holds no token", expected="something like hf_…, on one line")
    return token


def _api(token: str) -> "HfApi":
    """The client, with timeouts, quiet, and progress bars only for a person."""
    from huggingface_hub import HfApi
    from huggingface_hub.utils._http import default_client_factory, set_client_factory
    from huggingface_hub.utils.tqdm import disable_progress_bars

    def client() -> Any:
        made = default_client_factory()
        made.timeout = TIMEOUT_S
        return made

    set_client_factory(client)
    if not sys.stderr.isatty():
        disable_progress_bars()
    return HfApi(token=token or False, library_name="build-prefs")


class _Waits(logging.Handler):
    """Passes on that huggingface_hub waits, and nothing else that it logs: URLs may be signed."""

    def __init__(self, tell: Tell) -> None:
        super().__init__()
        self.tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        if said.startswith(("Rate limited.", "Retrying in")):
            self.tell(f"the Hub is busy. {said}")


def _tell_waits(tell: Tell) -> None:
    logger = logging.getLogger("huggingface_hub")
    logger.handlers[:] = [_Waits(tell)]
    logger.propagate = False
    logger.setLevel(logging.WARNING)


def _may_write(token: dict[str, Any]) -> bool:
    """Whether a fine-grained token may write to any repository; to which one, the Hub says when it is tried."""
    scopes = (token.get("fineGrained") or {}).get("scoped") or []
    return any("repo.write" in (scope.get("permissions") or []) for scope in scopes)


def _is_passing(error: BaseException) -> bool:
    """Whether it may work in a moment."""
    import httpx2

    return status(error) in BUSY or (isinstance(error, httpx2.TransportError) and status(error) == 0)


def _asked_wait(error: BaseException) -> float | None:
    """The seconds that the Hub asks to wait."""
    response = getattr(error, "response", None)
    return None if response is None else retry_after_s(response.headers)
