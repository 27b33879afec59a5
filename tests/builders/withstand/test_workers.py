"""The processes that a build starts to work in."""

import subprocess
from pathlib import Path

from tests.builders.withstand.place import LIMIT_S, Place


def test_nothing_of_the_current_folder_is_run(place: Place, large_mirror: Path) -> None:
    (place.out.parent / "here" / "builders").mkdir(parents=True)
    here = place.out.parent / "here"
    for module in (here / "builders" / "__init__.py", here / "pyarrow.py", here / "gc.py"):
        module.write_text(f"open({str(here / 'was_run')!r}, 'w')")
    command = place.command_line("--mirror", large_mirror, "--only", "cvalues_rlhf", "--workers", 2)
    done = subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (here / "was_run").exists()
