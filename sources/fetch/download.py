"""The pinned files from the Hugging Face Hub and from GitHub.

Hub files come through huggingface_hub, so HF_ENDPOINT, HF_TOKEN, HF_HOME and HF_HUB_OFFLINE work as people know
them. GitHub files come over HTTPS at the pinned commit and are kept in a cache that is itself laid out as a mirror.
"""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sources.command.errors import DownloadError, HashMismatchError
from sources.fetch.fetcher import Located, file_sha256, missing_parts, names_in, verify_hash
from sources.fetch.hub_client import set_up_hub_client
from sources.fetch.retry_after import BUSY, MAX_WAIT_S, asked_wait_s, wait
from sources.pairs.source import Host, UpstreamFile

GITHUB = ("BUILD_PREFS_GITHUB_ENDPOINT", "https://raw.githubusercontent.com")
GITHUB_MEDIA = ("BUILD_PREFS_GITHUB_MEDIA_ENDPOINT", "https://media.githubusercontent.com/media")
"""Where the files of GitHub are: the variable that names another place, and the usual one. Of a file that Git LFS keeps
the first has a pointer, the second the bytes."""

LFS_POINTER = re.compile(rb"version https://git-lfs[^\n]*\noid sha256:([0-9a-f]{64})\n")
FULL_REVISION_CHARS = 40
TIMEOUT_S = 60.0
PARTIAL = 206
WAITS_S = (1.0, 4.0, 16.0)
"""Between tries of a GitHub file while the server is busy, unless it asks for another wait."""

LFS_POINTER_BYTES = 1024
NOT_ASKED = "it could not be reached a moment ago, and is not asked again"


class Download:
    """The pinned files from the Hub and from GitHub, cached.

    A host that could not be reached is not asked again: without a network one wait is enough.
    """

    def __init__(self, cache: Path | None = None) -> None:
        self._cache = cache or cache_folder()
        self._unreachable: set[Host] = set()

    def locate(self, file: UpstreamFile) -> Located:
        located = self._from_hub(file) if file.host == "hub" else self._from_github(file)
        verify_hash(located, file_sha256(located.path))
        return located

    def name_all(self, file: UpstreamFile) -> tuple[UpstreamFile, ...]:
        if not file.names_several:
            return (file,)
        from huggingface_hub import snapshot_download

        with self._asking_hub(file) as local:
            revision = file.revision if local else _whole_revision(file)
            folder = Path(
                snapshot_download(
                    file.repository,
                    repo_type="dataset",
                    revision=revision,
                    allow_patterns=[file.path],
                    local_files_only=local,
                )
            )
            found = names_in(folder, file.path)
            if not found:
                raise FileNotFoundError(f"no file there fits {file.path}")
            if missing := missing_parts(found):
                more = f" and {len(missing) - 1} more" * (len(missing) > 1)
                raise FileNotFoundError(f"{missing[0]}{more} cannot be had, without which the table is not whole")
        return tuple(replace(file, path=path, revision=folder.name) for path in found)

    def describe(self, file: UpstreamFile) -> str:
        if file.host == "github":
            return "cached" if self._github_path(file).is_file() else "download"
        from huggingface_hub import try_to_load_from_cache

        cached = try_to_load_from_cache(file.repository, file.path, revision=file.revision, repo_type="dataset")
        return "cached" if isinstance(cached, str) else "download"

    def _from_hub(self, file: UpstreamFile) -> Located:
        from huggingface_hub import hf_hub_download

        with self._asking_hub(file) as local:
            revision = file.revision if local else _whole_revision(file)
            path = Path(
                hf_hub_download(
                    file.repository, file.path, repo_type="dataset", revision=revision, local_files_only=local
                )
            )
        return Located(file, path, revision if file.is_pinned else _snapshot(path, file.path))

    @contextmanager
    def _asking_hub(self, file: UpstreamFile) -> Iterator[bool]:
        """What the Hub or the network refuses, as one line. Gives whether only the cache may be looked into, since the
        Hub could not be reached before."""
        import httpx2
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

        set_up_hub_client()
        local = "hub" in self._unreachable
        try:
            yield local
        except (HfHubHTTPError, httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            if local and isinstance(error, LocalEntryNotFoundError):
                raise _download_error(file, ConnectionError(NOT_ASKED)) from error
            if isinstance(error, LocalEntryNotFoundError | httpx2.TransportError) and not _is_offline():
                self._unreachable.add("hub")
            raise _download_error(file, error) from error

    def _github_path(self, file: UpstreamFile) -> Path:
        return self._cache / "github" / file.revision / file.mirror_path

    def _from_github(self, file: UpstreamFile) -> Located:
        target = self._github_path(file)
        if not target.is_file():
            if _is_offline():
                raise _download_error(file, OSError("HF_HUB_OFFLINE is set and the file is not in the cache"))
            if "github" in self._unreachable:
                raise _download_error(file, ConnectionError(NOT_ASKED))
            place = f"{file.repository}/{file.revision}/{file.path}"
            try:
                self._from_site(place, target, file)
            except DownloadError as error:
                if _is_unreachable(error.__cause__):
                    self._unreachable.add("github")
                raise
        return Located(file, target, file.revision)

    @staticmethod
    def _from_site(place: str, target: Path, file: UpstreamFile) -> None:
        with _written_whole(target) as part:
            _stream(GITHUB, place, part, file)
            sha256 = lfs_sha256(part)
            if sha256:
                _stream(GITHUB_MEDIA, place, part, file)
            _check_bytes(part, file, file.sha256 or sha256)


def _is_unreachable(error: BaseException | None) -> bool:
    """Whether there was no connection at all."""
    import httpx2

    return isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout)


def _whole_revision(file: UpstreamFile) -> str:
    """The whole hash of a pinned commit, as far as the Hub can be asked for it; a branch as it is."""
    from huggingface_hub import HfApi

    if not file.is_pinned or len(file.revision) == FULL_REVISION_CHARS or _is_offline():
        return file.revision
    commits = HfApi().list_repo_commits(file.repository, repo_type="dataset")
    return next((c.commit_id for c in commits if c.commit_id.startswith(file.revision)), file.revision)


def _snapshot(path: Path, below: str) -> str:
    """The commit in whose folder of the Hub's cache a file lies."""
    return path.parents[below.count("/")].name


def _stream(endpoint: tuple[str, str], place: str, part: Path, file: UpstreamFile) -> None:
    """What lies at that place of an endpoint into `part`, tried again while the server is busy and as it asks with
    Retry-After."""
    import httpx2

    variable, usual = endpoint
    url = f"{os.environ.get(variable, usual).rstrip('/')}/{place}"
    for wait_s in (*WAITS_S, None):
        try:
            _stream_through_cuts(url, part)
            break
        except httpx2.HTTPStatusError as error:
            asked_s, status = asked_wait_s(error), error.response.status_code
            if wait_s is None or status not in BUSY or (asked_s or 0.0) > MAX_WAIT_S:
                raise _download_error(file, error, variable) from error
            wait("GitHub", status, wait_s if asked_s is None else asked_s)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise _download_error(file, error, variable) from error


def _check_bytes(part: Path, file: UpstreamFile, wanted: str | None) -> None:
    """Nothing, if these bytes have the wanted SHA-256, or none is known.

    Raises:
        HashMismatchError: they have another.
    """
    if wanted not in (None, sha256 := file_sha256(part)):
        hint = "A server or proxy returned other bytes; they were discarded. Try again, or use another endpoint."
        raise HashMismatchError(file.mirror_path, f"SHA-256 is {sha256}", expected=str(wanted), hint=hint)


def lfs_sha256(path: Path) -> str | None:
    """The SHA-256 of what a pointer of Git LFS stands for; None if the file is no such pointer."""
    with path.open("rb") as file:
        found = LFS_POINTER.match(file.read(LFS_POINTER_BYTES))
    return found[1].decode() if found else None


def _stream_through_cuts(url: str, part: Path) -> None:
    """The whole answer, asked for again from where a connection was cut, as long as each try brings more of it."""
    import httpx2

    part.unlink(missing_ok=True)
    most = 0
    while True:
        try:
            _stream_once(url, part)
            return
        except httpx2.TransportError:
            got = part.stat().st_size if part.is_file() else 0
            if got <= most:
                raise
            most = got


def _stream_once(url: str, part: Path) -> None:
    """One try, with the system's proxies and certificates; what is there already is not asked for again.

    The rest is asked for unpacked, since what is there is: a place in packed bytes would be another one.
    """
    import httpx2

    got = part.stat().st_size if part.is_file() else 0
    headers = {"Range": f"bytes={got}-", "Accept-Encoding": "identity"} if got else {}
    with httpx2.stream("GET", url, headers=headers, follow_redirects=True, timeout=TIMEOUT_S) as response:
        response.raise_for_status()
        with part.open("ab" if response.status_code == PARTIAL else "wb") as out:
            for data in response.iter_bytes():
                out.write(data)


@contextmanager
def _written_whole(target: Path) -> Iterator[Path]:
    """A path beside `target` that becomes `target` if all goes well, and is removed if not."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".part-") as folder:
        part = Path(folder) / target.name
        yield part
        part.replace(target)


def cache_folder() -> Path:
    """Where GitHub files are kept: BUILD_PREFS_CACHE, or build-prefs in the user's cache folder."""
    if given := os.environ.get("BUILD_PREFS_CACHE"):
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "build-prefs"


def _download_error(file: UpstreamFile, error: Exception, variable: str = GITHUB[0]) -> DownloadError:
    """What the user is told; `variable` names another place for files of GitHub."""
    place = "the Hugging Face Hub" if file.host == "hub" else "GitHub"
    variable = "HF_ENDPOINT" if file.host == "hub" else variable
    hint = "Check the network or the proxy"
    if (asked_s := asked_wait_s(error) or 0.0) > MAX_WAIT_S:
        hint = f"Try again in {asked_s:,.0f} s, as it asks"
    return DownloadError(
        file.mirror_path,
        f"cannot be downloaded from {place} ({without_secrets(error)})",
        hint=f"{hint}, set {variable} to a mirror site, or give the files with --mirror.",
    )


def _is_offline() -> bool:
    """Whether HF_HUB_OFFLINE says so, as huggingface_hub reads it."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")


def without_secrets(error: Exception) -> str:
    """The kind of the error and its first line, tokens and passwords blotted out."""
    text = re.sub(r"//[^/\s]*@", "//***@", str(error).strip())
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        if token := os.environ.get(name):
            text = text.replace(token, "***")
    first = text.splitlines()[0][:200] if text else ""
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
