"""The converter holds one shard at a time, however large the checkpoint is."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.synth.vllm.tiny_baichuan import CONFIG, random_weights

SHARD_BYTES = 64 << 20
LARGER = {**CONFIG, "hidden_size": 768, "intermediate_size": 2048, "num_hidden_layers": 12}
MEASURE = """
import re, sys
from pathlib import Path
from synth.baichuan import convert as work

def kib(field):
    return int(re.search(field + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

def watched(batches):
    before = kib("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    yield from batches
    print(len(batches), (kib("VmHWM") - before) << 10)

work.convert(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), watched)
"""


@pytest.mark.parametrize(("suffix", "shards"), [("bin", 1), ("bin", 8), ("safetensors", 1), ("safetensors", 8)])
def test_memory_is_about_one_shard(suffix: str, shards: int, write_tiny: Callable[..., Path], tmp_path: Path) -> None:
    weights = random_weights(LARGER)
    total = sum(tensor.nbytes for tensor in weights.values())
    source = write_tiny(tmp_path / "src", weights=weights, config=LARGER, suffix=suffix, shards=shards)
    command = [sys.executable, "-c", MEASURE, source, tmp_path / "dst", str(SHARD_BYTES)]
    files, peak = map(int, subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    print(f"{suffix} {shards}: {total >> 20} MiB into {files} files, peak {peak >> 20} MiB above the start")
    assert files > 4
    assert peak < 2 * SHARD_BYTES
