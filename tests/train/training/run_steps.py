"""A few steps on random rows, as a program for torchrun: `run_steps.py OUT ACCUMULATE` writes what was found."""

import json
import sys
from pathlib import Path

import torch

from tests.train.tiny import llama, token_rows, word_tokenizer
from tests.train.training.test_trainer import arguments, losses
from train.training.trainer import PrefsTrainer, Speed


def main(out: Path, accumulate: int) -> None:
    rows = token_rows(64)
    made = PrefsTrainer(
        train=rows,
        test=rows.slice(0, 16),
        speed=Speed(reference_cache=out / "cache"),
        tokenizer=word_tokenizer(),
        model=llama(),
        args=arguments(
            out, max_steps=6, per_device_train_batch_size=2, gradient_accumulation_steps=accumulate,
            eval_strategy="steps", eval_steps=6, logging_steps=2,
        ),
    )  # fmt: skip
    made.train()
    if made.is_world_process_zero():
        log = made.state.log_history
        by_source = [{name: value for name, value in entry.items() if "source/" in name} for entry in log]
        weights = torch.cat([parameter.detach().flatten() for parameter in made.model.parameters()])
        found = {"losses": losses(made), "eval": losses(made, "eval_loss"), "by_source": by_source}
        found |= {"world": made.args.world_size, "weights": weights.double().tolist()}
        (out / f"found-{made.args.world_size}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
