"""One file of GitHub and of the Hub, its bytes and where it lies."""

import hashlib
from dataclasses import replace
from pathlib import Path

from sources.pairs.source import UpstreamFile

CONTENT = b'[{"a": "\xe4\xbd\xa0\xe5\xa5\xbd"}]'
COMMIT = "0123456789abcdef0123456789abcdef01234567"
GITHUB_FILE = UpstreamFile(
    host="github",
    repository="owner/repo",
    revision=COMMIT,
    path="data/a.json",
    sha256=hashlib.sha256(CONTENT).hexdigest(),
)
HUB_FILE = replace(GITHUB_FILE, host="hub")
SECRET = "hf_" + "s3cret" * 6


def put(folder: Path, content: bytes = CONTENT) -> Path:
    path = folder / GITHUB_FILE.mirror_path
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path
