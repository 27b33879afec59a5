"""Options that the commands refuse are refused by the functions too."""

from pathlib import Path
from typing import Any

import pytest

from builders import build, lint
from sources.command.errors import UsageError


@pytest.mark.parametrize("option", [{"limit": -1}, {"limit": 0}, {"workers": -1}])
def test_a_count_below_1_is_refused(option: dict[str, Any], tmp_path: Path) -> None:
    """A negative limit would leave rows out of the accounts."""
    data = tmp_path / "my.jsonl"
    data.write_text('{"prompt": "a?", "chosen": "b", "rejected": "c"}\n', encoding="utf-8")
    with pytest.raises(UsageError, match="is not positive"):
        build(lang="zh", sample=True, out=tmp_path / "out", **option)
    with pytest.raises(UsageError, match="is not positive"):
        lint(data, **option)
    assert not (tmp_path / "out").exists()
