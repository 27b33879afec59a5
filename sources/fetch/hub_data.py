"""A dataset of the Hugging Face Hub that a user names as owner/name or owner/name@revision: its data files, here.

They come through huggingface_hub, so HF_ENDPOINT, HF_TOKEN, HF_HOME and HF_HUB_OFFLINE work as people know them, and
what was fetched before is not fetched again.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sources.command.errors import DownloadError
from sources.fetch.download import without_secrets
from sources.fetch.hub_client import set_up_hub_client

NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
HUB_ID = re.compile(rf"(?P<repository>{NAME}/{NAME})(?:@(?P<revision>[A-Za-z0-9][A-Za-z0-9._/-]*))?")


@dataclass(frozen=True, slots=True)
class HubId:
    """A dataset repository and a branch, tag or commit of it; empty for the main branch."""

    repository: str
    revision: str = ""

    def __str__(self) -> str:
        return self.repository + f"@{self.revision}" * bool(self.revision)


def hub_id(given: str) -> HubId | None:
    """What owner/name[@revision] names; None if the text is no such thing."""
    found = HUB_ID.fullmatch(given)
    return HubId(found["repository"], found["revision"] or "") if found else None


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file that a dataset on the Hub holds; `path` begins with the repository."""

    path: str
    bytes: int


def list_hub_data(wanted: HubId, flag: str) -> list[HubFile]:
    """The files of the dataset, of which nothing is fetched.

    Raises:
        DownloadError: the Hub does not say; says why.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoFile

    set_up_hub_client()
    with _explain_errors(wanted, flag):
        tree = HfApi().list_repo_tree(
            wanted.repository, repo_type="dataset", revision=wanted.revision or None, recursive=True
        )
        return [HubFile(f"{wanted.repository}/{one.path}", one.size) for one in tree if isinstance(one, RepoFile)]


def fetch_hub_data(wanted: HubId, flag: str, patterns: list[str]) -> tuple[Path, str]:
    """The folder with the files of the dataset that one of these patterns fits, and the commit that they are from.

    Raises:
        DownloadError: they cannot be had; says why.
    """
    from huggingface_hub import snapshot_download

    set_up_hub_client()
    with _explain_errors(wanted, flag):
        folder = snapshot_download(
            wanted.repository, repo_type="dataset", revision=wanted.revision or None, allow_patterns=patterns
        )
    return Path(folder), Path(folder).name


@contextmanager
def _explain_errors(wanted: HubId, flag: str) -> Iterator[None]:
    """What the Hub or the network refuses, as one line."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        yield
    except (HfHubHTTPError, LocalEntryNotFoundError, httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        raise DownloadError(
            f"{flag} {wanted}",
            f"no such file or folder, and the Hugging Face Hub returned no such dataset ({without_secrets(error)})",
            hint="Check the name, the network and HF_TOKEN, or set HF_ENDPOINT to a mirror site.",
        ) from error
