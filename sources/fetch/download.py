"""The pinned files from the Hugging Face Hub and from GitHub.

Hub files come through huggingface_hub, so HF_ENDPOINT, HF_TOKEN, HF_HOME and HF_HUB_OFFLINE work as people know
them. GitHub files come over HTTPS at the pinned commit and are kept in a cache that is itself laid out as a mirror.
"""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sources.command.errors import DownloadError, HashMismatchError
from sources.fetch.fetcher import Located, file_sha256, verify_hash
from sources.fetch.hub_client import set_up_hub_client
from sources.fetch.retry_after import BUSY, MAX_WAIT_S, asked_wait_s, wait
from sources.pairs.source import UpstreamFile

GITHUB_ENDPOINT = "https://raw.githubusercontent.com"
FULL_REVISION_CHARS = 40
TIMEOUT_S = 60.0
WAITS_S = (1.0, 4.0, 16.0)
"""Between tries of a GitHub file while the server is busy, unless it asks for another wait."""


class Download:
    """The pinned files from the Hub and from GitHub, cached."""

    def __init__(self, cache: Path | None = None) -> None:
        self._cache = cache or cache_folder()

    def locate(self, file: UpstreamFile) -> Located:
        located = self._from_hub(file) if file.host == "hub" else self._from_github(file)
        verify_hash(located, file_sha256(located.path))
        return located

    def describe(self, file: UpstreamFile) -> str:
        if file.host == "github":
            return "cached" if self._github_path(file).is_file() else "download"
        from huggingface_hub import try_to_load_from_cache

        cached = try_to_load_from_cache(file.repository, file.path, revision=file.revision, repo_type="dataset")
        return "cached" if isinstance(cached, str) else "download"

    def _from_hub(self, file: UpstreamFile) -> Located:
        import httpx2
        from huggingface_hub import HfApi, hf_hub_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

        set_up_hub_client()
        revision = file.revision
        try:
            if len(revision) < FULL_REVISION_CHARS and not _is_offline():
                commits = HfApi().list_repo_commits(file.repository, repo_type="dataset")
                revision = next((c.commit_id for c in commits if c.commit_id.startswith(revision)), revision)
            path = hf_hub_download(file.repository, file.path, repo_type="dataset", revision=revision)
        except (
            HfHubHTTPError,
            LocalEntryNotFoundError,
            httpx2.HTTPError,
            httpx2.InvalidURL,
            OSError,
            ValueError,
        ) as error:
            raise _download_error(file, error) from error
        return Located(file, Path(path), revision)

    def _github_path(self, file: UpstreamFile) -> Path:
        return self._cache / "github" / file.revision / file.mirror_path

    def _from_github(self, file: UpstreamFile) -> Located:
        target = self._github_path(file)
        if not target.is_file():
            endpoint = os.environ.get("BUILD_PREFS_GITHUB_ENDPOINT", GITHUB_ENDPOINT).rstrip("/")
            if _is_offline():
                raise _download_error(file, OSError("HF_HUB_OFFLINE is set and the file is not in the cache"))
            with _written_whole(target) as part:
                _stream(f"{endpoint}/{file.repository}/{file.revision}/{file.path}", part, file)
        return Located(file, target, file.revision)


def _stream(url: str, part: Path, file: UpstreamFile) -> None:
    """The bytes behind `url` into `part`, tried again while the server is busy and as it asks with Retry-After."""
    import httpx2

    for wait_s in (*WAITS_S, None):
        try:
            _stream_once(url, part)
            break
        except httpx2.HTTPStatusError as error:
            asked_s, status = asked_wait_s(error), error.response.status_code
            if wait_s is None or status not in BUSY or (asked_s or 0.0) > MAX_WAIT_S:
                raise _download_error(file, error) from error
            wait("GitHub", status, wait_s if asked_s is None else asked_s)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise _download_error(file, error) from error
    if file.sha256 not in (None, sha256 := file_sha256(part)):
        hint = "A server or proxy on the way gave other bytes; they were thrown away. Try again, or another endpoint."
        raise HashMismatchError(file.mirror_path, f"SHA-256 is {sha256}", expected=str(file.sha256), hint=hint)


def _stream_once(url: str, part: Path) -> None:
    """One try, with the system's proxies and certificates."""
    import httpx2

    with httpx2.stream("GET", url, follow_redirects=True, timeout=TIMEOUT_S) as response, part.open("wb") as out:
        response.raise_for_status()
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


def _download_error(file: UpstreamFile, error: Exception) -> DownloadError:
    place = "the Hugging Face Hub" if file.host == "hub" else "GitHub"
    variable = "HF_ENDPOINT" if file.host == "hub" else "BUILD_PREFS_GITHUB_ENDPOINT"
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
