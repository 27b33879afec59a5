"""On a CUDA device (`make test-gpu`): bf16, the variable-length kernel, FSDP2 over two devices where there are two."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from tests.train.fast.test_packed_forward import batch
from tests.train.tiny import llama, save_model, token_rows, word_tokenizer
from train.fast.attention import Packing, packed_attention

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("contexts", [[(0, 0)] * 3, [(0, 0), (0, 0), (0, 7)]])
def test_the_variable_length_kernel_gives_what_one_call_for_each_row_gives(contexts: list[tuple[int, int]]) -> None:
    torch.manual_seed(0)
    packing = Packing([40, 9, 25], contexts)
    q, k, v = (torch.randn(1, heads, 74, 32, device="cuda", dtype=torch.bfloat16) for heads in (8, 2, 2))
    by_kernel, _ = packed_attention(torch.nn.Module(), q, k, v, None, packing=packing)
    one_by_one, _ = packed_attention(torch.nn.Module(), q.float(), k.float(), v.float(), None, packing=packing)
    torch.testing.assert_close(by_kernel.float(), one_by_one, atol=2e-2, rtol=2e-2)


@pytest.mark.parametrize("share", [False, True])
def test_packed_in_bf16_is_near_plain_trl_in_bf16(share: bool) -> None:
    from trl.trainer.utils import add_fused_lm_head

    from train.fast.packed_forward import Scoring, pack_forward

    inputs = {name: value.cuda() for name, value in batch([(7, 12, 30), (20, 9, 9)]).items()}
    found = []
    for packs in (False, True):
        model = llama(hidden_size=128, head_dim=32).cuda()
        add_fused_lm_head(model, outputs=("log_probs",))
        if packs:
            pack_forward(model, Scoring(("log_probs",), share_prompts=share))
        with torch.autocast("cuda", torch.bfloat16):
            found.append(model(**inputs, fused_lm_head=True, use_cache=False).log_probs.float().sum(1))
    torch.testing.assert_close(found[1], found[0], atol=0.3, rtol=0.01)


def launched(out: Path, launch: list[str], *more: str) -> dict[str, Any]:
    """What run.json says of a run of the command on random rows' texts."""
    model = save_model(out / "model")
    rows, words = token_rows(64), word_tokenizer()

    def turns(name: str, role: str) -> list[list[dict[str, str]]]:
        return [[{"role": role, "content": words.decode(ids)}] for ids in rows[name].to_pylist()]

    sides = {"prompt": turns("prompt_ids", "user"), "chosen": turns("chosen_ids", "assistant")}
    table = pa.table(sides | {"rejected": turns("rejected_ids", "assistant")})
    pq.write_table(table, out / "train.parquet")
    command = [*launch, "-m", "train.dpo", "--data", str(out / "train.parquet"), "--model", str(model)]
    command += ["--output_dir", str(out / "out"), "--max_steps", "2", "--chat_template", "alpaca", *more]
    environment = os.environ | {"BUILD_PREFS_CACHE": str(out / "cache")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == 0, done.stderr[-3000:]
    record: dict[str, Any] = json.loads((out / "out/run.json").read_text())
    return record


def test_the_command_trains_in_bf16(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert launched(tmp_path, [sys.executable])["status"] == "finished"


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two CUDA devices")
def test_two_devices_share_a_model_by_fsdp2(tmp_path: Path) -> None:
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--config_file", "train/launch/fsdp2.yaml"]
    record = launched(tmp_path, [*launch, "--num_processes", "2"], "--devices", "2", "--sharding", "fsdp2")
    assert (record["status"], record["world_size"]) == ("finished", 2)
