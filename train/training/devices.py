"""The devices that were asked for, and those that are there."""

import os
from typing import Any

from sources.command.errors import UsageError
from train.training.arguments import Arguments


def check_devices(asked: Arguments) -> None:
    """Nothing, if as many processes train as were asked for, each on a device of its own.

    Raises:
        UsageError: another number; `accelerate launch` on a machine without GPUs, for one, starts one process.
    """
    world = asked.dpo.world_size
    if asked.run.devices and asked.run.devices != world:
        raise UsageError(
            f"--devices {asked.run.devices}",
            f"{world} {'process trains' if world == 1 else 'processes train'} here",
            hint=f"Start with: torchrun --nproc_per_node {asked.run.devices} -m train.dpo ...",
        )
    if asked.dpo.n_gpu > 1:
        raise UsageError(
            "devices",
            f"{asked.dpo.n_gpu} GPUs are visible to one process",
            hint=f"Start with torchrun --nproc_per_node {asked.dpo.n_gpu} -m train.dpo ..., or show it one GPU: "
            "CUDA_VISIBLE_DEVICES=0.",
        )


def check_sharding(asked: Arguments, accelerator: Any) -> None:
    """Nothing, if the model is divided as was asked for.

    Raises:
        UsageError: it is not; accelerate's FSDP on a CPU, for one, is plain data parallelism.
    """
    from accelerate.utils import DistributedType

    wanted = asked.run.sharding or ("fsdp2" if os.environ.get("ACCELERATE_USE_FSDP") == "true" else "")
    plugin: Any = getattr(accelerator.state, "fsdp_plugin", None)
    is_fsdp = accelerator.distributed_type == DistributedType.FSDP
    found = f"fsdp{plugin.fsdp_version}" if is_fsdp else "none"
    if wanted and found != wanted:
        raise UsageError(
            f"--sharding {wanted}",
            f"this run has {found} ({accelerator.distributed_type.value} on {accelerator.device.type})",
            hint="Start with: accelerate launch --config_file train/launch/fsdp2.yaml -m train.dpo ...",
        )


def describe_devices(asked: Arguments) -> str:
    """In words: how many of what."""
    import torch

    world, device = asked.dpo.world_size, asked.dpo.device
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type.upper()
    precision = "bf16" if asked.dpo.bf16 else "fp16" if asked.dpo.fp16 else "float32"
    return f"{world} x {name}, {precision}"
