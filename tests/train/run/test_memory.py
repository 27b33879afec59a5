from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from sources.command.errors import PrefsError
from train.run.memory import (
    MemoryEstimate,
    Step,
    check_memory,
    estimate_memory,
    explain_out_of_memory,
)
from train.run.room import available_memory, container_room

GIB = 1 << 30
LLAMA = SimpleNamespace(
    num_hidden_layers=22, hidden_size=2048, num_attention_heads=32, num_key_value_heads=4, intermediate_size=5632
)


def estimate(**other: Any) -> MemoryEstimate:
    given: dict[str, Any] = {
        "parameters": 1_100_000_000,
        "trainable_parameters": 1_100_000_000,
        "dtype_bytes": 4,
        "tokens_per_device": 4096,
        "world_size": 1,
        "sharded": False,
        "gradient_checkpointing": False,
        "optimizer": "adamw_torch_fused",
        "vocab_size": 32_000,
        "reference_in_memory": False,
        "packed": True,
    }
    return estimate_memory(LLAMA, Step(**given | other))


def test_the_state_of_adam_is_four_times_the_weights_and_the_reference_one_more() -> None:
    found = estimate(reference_in_memory=True)
    assert found.sure == 5 * found.weights == 5 * 4_400_000_000
    assert found.total == found.sure + found.activations + found.logits


@pytest.mark.parametrize(
    ("other", "part"),
    [
        ({"gradient_checkpointing": True}, "activations"),
        ({"tokens_per_device": 2048}, "activations"),
        ({"activation_bytes": 2}, "activations"),
        ({"trainable_parameters": 10_000_000}, "gradients"),
        ({"trainable_parameters": 10_000_000}, "optimizer"),
        ({"optimizer": "adamw_8bit"}, "optimizer"),
        ({"optimizer": "adafactor"}, "optimizer"),
        ({"dtype_bytes": 2}, "weights"),
        ({"world_size": 8, "sharded": True}, "weights"),
        ({"world_size": 8, "sharded": True}, "optimizer"),
        ({"vocab_size": 1000}, "logits"),
    ],
)
def test_what_saves_memory_makes_its_part_smaller(other: dict[str, Any], part: str) -> None:
    assert getattr(estimate(**other), part) < getattr(estimate(), part)


def test_the_packed_forward_needs_a_smaller_tile_on_a_cpu() -> None:
    assert estimate(packed=True).logits < estimate(packed=False).logits / 2


def test_devices_that_each_hold_everything_save_nothing() -> None:
    assert estimate(world_size=8).total > estimate().total


def test_the_line_names_the_parts_that_count() -> None:
    line = estimate().line
    assert line.startswith("about ")
    assert "optimizer 8.2 GiB" in line
    assert "reference" not in line


def test_other_names_of_sizes_are_read_too() -> None:
    gpt2 = SimpleNamespace(n_layer=12, n_embd=768)
    given: dict[str, Any] = {
        "parameters": 1,
        "trainable_parameters": 1,
        "dtype_bytes": 4,
        "tokens_per_device": 10,
        "world_size": 1,
    }
    flags: dict[str, Any] = {
        "sharded": False,
        "gradient_checkpointing": False,
        "reference_in_memory": False,
        "packed": False,
    }
    assert estimate_memory(gpt2, Step(**given, **flags, optimizer="sgd", vocab_size=10)).activations > 0


def test_where_there_is_room_nothing_is_said() -> None:
    assert check_memory(estimate(), 100 * GIB) is None
    assert check_memory(estimate(), None) is None


def test_where_it_is_tight_a_remark_says_what_to_change() -> None:
    found = estimate()
    remark = check_memory(found, int(found.total * 0.95))
    assert remark
    assert "--per_device_train_batch_size" in remark


def test_what_cannot_fit_is_an_error_that_names_what_counts_most_first() -> None:
    with pytest.raises(PrefsError, match=r"needs about .* but only 8.0 GiB are available\. Change --use_peft .*FSDP2"):
        check_memory(estimate(tokens_per_device=100), 8 * GIB)
    with pytest.raises(PrefsError, match=r"Change --per_device_train_batch_size .*--activation_checkpointing"):
        check_memory(estimate(tokens_per_device=200_000), 30 * GIB)


def test_memory_of_the_cpu_is_shared_by_the_processes_of_the_machine() -> None:
    alone, shared = available_memory(torch.device("cpu")), available_memory(torch.device("cpu"), processes_here=4)
    assert alone
    assert shared
    assert 0 < shared < alone


def test_memory_of_an_unknown_device_is_not_known() -> None:
    assert available_memory(torch.device("meta")) is None


def test_a_failed_allocation_of_the_cpu_is_explained() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 50)
    told = explain_out_of_memory(caught.value)
    assert told
    assert "too little memory for a step (4194304.0 GiB more were asked for). Lower --per_device" in str(told)


def test_a_failed_allocation_of_a_gpu_is_explained_also_as_the_cause_of_another_error() -> None:
    error = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of ...")
    other = ValueError("something on top")
    other.__cause__ = error
    assert "2.50 GiB more" in str(explain_out_of_memory(error))
    assert "2.50 GiB more" in str(explain_out_of_memory(other))


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("CUDA error: out of memory")])
def test_a_failed_allocation_without_a_figure_is_explained_too(error: Exception) -> None:
    assert "too little memory" in str(explain_out_of_memory(error))


@pytest.mark.parametrize("error", [RuntimeError("shapes do not match"), OSError(28, "No space left"), ValueError("x")])
def test_other_errors_are_left_alone(error: Exception) -> None:
    assert explain_out_of_memory(error) is None


@pytest.fixture
def cgroup(tmp_path: Path) -> Callable[..., Path]:
    def write(folder: str, **files: str) -> Path:
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (tmp_path / folder / name.replace("__", ".")).write_text(text)
        return tmp_path

    return write


def test_a_container_leaves_what_its_limit_leaves(cgroup: Callable[..., Path]) -> None:
    root = cgroup("box", memory__max="1000\n", memory__current="700\n", memory__stat="anon 600\ninactive_file 50\n")
    assert container_room(root, "0::/box\n") == 350


def test_the_tightest_of_nested_groups_counts(cgroup: Callable[..., Path]) -> None:
    cgroup("a", memory__max="500", memory__current="450")
    root = cgroup("a/b", memory__max="max", memory__current="100")
    assert container_room(root, "0::/a/b\n") == 50


def test_the_older_kind_of_groups_is_read_too(cgroup: Callable[..., Path]) -> None:
    root = cgroup("memory/x", memory__limit_in_bytes="900", memory__usage_in_bytes="300")
    assert container_room(root, "5:cpu:/x\n4:memory:/x\n0::/\n") == 600


def test_without_limits_the_machine_decides(cgroup: Callable[..., Path]) -> None:
    root = cgroup("memory", memory__limit_in_bytes="9223372036854771712", memory__usage_in_bytes="1")
    assert container_room(root, "4:memory:/\nnonsense\n") is None
    assert container_room(root / "absent", "") is None
