"""Every file that code and documents name by its path is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("sources", "builders", "synth", "train", "tests", "docs", "data_cards", "bench")
NAMED = re.compile(rf"(?<![\w/.<-])(?:{'|'.join(FOLDERS)})/[\w./-]*\.(?:py|md|yaml|j2|css|js|jinja)(?![\w*])")
NAMING = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", *(f"{folder}/**/*.py" for folder in FOLDERS))
    for path in ROOT.glob(pattern)
    if path.name != "CHANGELOG.md" and "sample" not in path.parts
)


@pytest.mark.parametrize("folder", ["", *FOLDERS])
def test_every_named_file_is_there(folder: str) -> None:
    naming = [path for path in NAMING if (path.relative_to(ROOT).parts[0] if folder else "") == folder]
    if not folder:
        naming = [path for path in NAMING if path.parent == ROOT]
    missing = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in naming
        for name in NAMED.findall(path.read_text(encoding="utf-8"))
        if not (ROOT / name).exists()
    }
    assert missing == set()
