"""The command build-prefs as tests run it, and what its answer says."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

COMMAND = str(Path(sys.executable).with_name("build-prefs"))
Run = Callable[..., tuple[int, str, str]]


def sources(answer: dict[str, Any]) -> list[str]:
    return [account["source"] for built in answer["built"] for account in built["sources"]]
