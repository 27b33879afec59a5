"""What a run says of its own memory."""

import subprocess
import sys

import pytest


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps the peak of a program apart from its parent's")
def test_the_peak_is_the_programs_own_and_not_that_of_the_process_that_started_it() -> None:
    held = bytearray(b"x") * (600 << 20)
    code = "from sources.command.memory import peak_memory_mib; print(peak_memory_mib()['main'])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert len(held) == 600 << 20
    assert 5 < int(said) < 300
