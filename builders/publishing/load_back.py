"""A published dataset read as anybody would read it: `datasets.load_dataset` in a process and cache of its own.

`python -m builders.publishing.load_back` reads what to load as JSON from stdin and prints what came back.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from builders.publishing.hub_errors import hide
from sources.command.errors import PublishError
from sources.pairs.languages import Lang

ROOT = Path(__file__).parent.parent.parent
BATCH_ROWS = 8192
STAYS = "The commit stays, and the repository as private as it was: look at it on the Hub."
CACHES = ("HF_HUB_CACHE", "HF_DATASETS_CACHE", "HF_XET_CACHE", "HF_ASSETS_CACHE", "HF_MODULES_CACHE")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to load: one commit, its languages with their splits, and the data files that stand behind them."""

    repo: str
    revision: str
    langs: list[str]
    paths: list[str]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came back: rows by language and split, the SHA-256 of each data file as it was downloaded, and of each split
    the ids whose pair has another content."""

    rows: dict[str, dict[str, int]]
    files: dict[str, str]
    wrong_ids: dict[str, int]


def load_back(wanted: Wanted, endpoint: str, token: str) -> Loaded:
    """The dataset as it comes from the Hub, into empty caches.

    Raises:
        PublishError: it does not come.
    """
    with tempfile.TemporaryDirectory(prefix="publish-prefs-", ignore_cleanup_errors=True) as folder:
        environment = {
            **os.environ,
            **{name: str(Path(folder) / name) for name in CACHES},
            "HF_ENDPOINT": endpoint,
            "HF_TOKEN": token,
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
            "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
        }
        done = subprocess.run(
            [sys.executable, "-m", "builders.publishing.load_back"],
            input=json.dumps(asdict(wanted)),
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
    if done.returncode:
        last = next(reversed(done.stderr.strip().splitlines()), f"exit status {done.returncode}")
        raise PublishError(
            wanted.repo,
            f"was published as commit {wanted.revision}, but cannot be loaded back ({hide(last, token)[:300]})",
            hint=f"{STAYS} Try load_dataset yourself in a moment.",
        )
    return Loaded(**json.loads(done.stdout.splitlines()[-1]))


def compare(loaded: Loaded, rows: Mapping[Lang, Mapping[str, int]], files: Mapping[str, str], wanted: Wanted) -> None:
    """Nothing, if what came back is what the manifests say.

    Raises:
        PublishError: it is not; says what differs.
    """
    differing = [
        f"{lang} {split} has {loaded.rows.get(lang, {}).get(split, 0):,} rows, built were {count:,}"
        for lang, splits in rows.items()
        for split, count in splits.items()
        if loaded.rows.get(lang, {}).get(split) != count
    ]
    differing += [f"{path} has another SHA-256" for path, sha256 in files.items() if loaded.files.get(path) != sha256]
    differing += [
        f"{count:,} pairs of {split} have another content" for split, count in loaded.wrong_ids.items() if count
    ]
    if differing:
        raise PublishError(
            wanted.repo,
            f"was published as commit {wanted.revision}, but comes back different: {'; '.join(differing[:5])}",
            hint=f"{STAYS} Publish again, then report it.",
        )


def _load(wanted: Wanted) -> Loaded:
    """The work of the process that loads."""
    import datasets
    from huggingface_hub import hf_hub_download

    rows: dict[str, dict[str, int]] = {}
    wrong: dict[str, int] = {}
    for lang in wanted.langs:
        loaded = datasets.load_dataset(wanted.repo, lang, revision=wanted.revision, token=os.environ["HF_TOKEN"])
        rows[lang] = {split: part.num_rows for split, part in loaded.items()}
        wrong |= {f"{lang} {split}": _wrong_ids(part) for split, part in loaded.items()}
    files = {}
    for path in wanted.paths:  # in the cache already, if load_dataset took it from there
        local = hf_hub_download(wanted.repo, path, repo_type="dataset", revision=wanted.revision)
        with open(local, "rb") as file:
            files[path] = hashlib.file_digest(file, "sha256").hexdigest()
    return Loaded(rows, files, wrong)


def _wrong_ids(rows: Any) -> int:
    """How many pairs do not have the id that their content gives."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from sources.pairs.extras import extras_of, narrow
    from sources.pairs.schema import SIDES, TURNS, content_ids

    wrong = 0
    for batch in rows.with_format("arrow").iter(BATCH_ROWS):
        narrowed = narrow(batch)
        prompt, chosen, rejected = (narrowed[side].combine_chunks().cast(TURNS) for side in SIDES)
        given = batch["id"].combine_chunks().cast(pa.string())
        wrong += int(
            pc.sum(pc.not_equal(content_ids(prompt, chosen, rejected, extras_of(narrowed)), given)).as_py() or 0
        )
    return wrong


if __name__ == "__main__":
    print(json.dumps(asdict(_load(Wanted(**json.load(sys.stdin))))))  # noqa: T201
