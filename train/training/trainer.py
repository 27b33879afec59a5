"""TRL's DPOTrainer on rows that are tokenised already: packed, its reference from a cache, its batches balanced, and
its metrics by source. The loss, its gradient and everything else that learns is TRL's own code.

This is written for TRL 1.16; `check_trl` refuses any other.
"""

import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from accelerate.data_loader import SeedableRandomSampler
from accelerate.utils import is_peft_model
from datasets import Dataset
from torch import Tensor
from trl import DPOTrainer
from trl.trainer.dpo_trainer import DataCollatorForPreference

from sources.command.errors import PrefsError
from sources.command.run import complain
from train.fast.balance import BalancedSampler
from train.fast.packed_forward import Scoring, pack_forward
from train.fast.reference_cache import Logps, Reference, ReferenceCache
from train.fast.reference_pass import Unscored, reference_weights, score_missing
from train.fast.tokens import TOKENS, keys_of, tokens_of
from train.run.model_card import OwnModelCard
from train.run.whole_checkpoints import WholeCheckpoints
from train.training.source_metrics import SourceMetrics

TRL = "1.16"


def check_trl() -> None:
    """Nothing, if the installed TRL is the one that this is written for.

    Raises:
        PrefsError: it is another.
    """
    found = version("trl")
    if not found.startswith(f"{TRL}."):
        hint = f"pip install 'trl=={TRL}.*'"
        raise PrefsError("trl", f"version {found} is installed", expected=f"{TRL}.*", hint=hint)


@dataclass(frozen=True, slots=True)
class Speed:
    """What of train/fast is on. `reference_cache` is a folder; None keeps the reference in memory, as TRL does."""

    pack: bool = True
    share_prompts: bool = False
    balance: bool = True
    reference_cache: Path | None = None


@dataclass
class Collator(DataCollatorForPreference):
    """TRL's padded batch, with the row numbers, and with reference log-probabilities that are not rounded."""

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        batch: dict[str, Any] = super().torch_call(examples)
        for name in ("ref_chosen_logps", "ref_rejected_logps"):
            if name in examples[0]:
                batch[name] = torch.tensor([example[name] for example in examples], dtype=torch.float64)
        batch["row"] = torch.tensor([example["row"] for example in examples])
        return batch


class PrefsTrainer(WholeCheckpoints, OwnModelCard, DPOTrainer):
    """DPO on tokenised rows: `train` and `test` have prompt_ids, chosen_ids, rejected_ids, id, source, source_row."""

    model: Any
    ref_model: Any

    def __init__(self, *, train: pa.Table, test: pa.Table | None, speed: Speed, tokenizer: Any, **given: Any) -> None:
        self._speed = speed
        self._tables = {"train": train, "eval": test}
        args = given["args"]
        args.precompute_ref_log_probs = speed.reference_cache is not None
        super().__init__(
            train_dataset=rows_of(train),
            eval_dataset=None if test is None else rows_of(test),
            processing_class=tokenizer,
            data_collator=collator_for(tokenizer, args),
            **given,
        )
        if speed.reference_cache is None:
            self._pack()
        elif self.ref_model is not None:
            self.ref_model.to("cpu")  # it has said all that is needed of it
            self.ref_model = None
        sources = sorted(
            {source for table in (train, test) if table for source in table["source"].unique().to_pylist()}
        )
        self._by_source = SourceMetrics(sources, self.accelerator)
        self._seen: list[Any] = []
        for module in {self.model, self.ref_model} - {None}:
            module.register_forward_hook(lambda _module, _given, output: self._seen.append(output))
        self._padding = [0, 0]
        self._clock = (time.monotonic(), 0)

    def _prepare_dataset(self, dataset: Dataset, *_given: Any) -> Dataset:
        return dataset

    def _set_signature_columns_if_needed(self) -> None:
        self._signature_columns = [*TOKENS, "ref_chosen_logps", "ref_rejected_logps", "row"]

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> Any:
        if not self._speed.balance or self.args.train_sampling_strategy != "random":
            return super()._get_train_sampler(train_dataset)
        table = self._tables["train"]
        order = SeedableRandomSampler(self.train_dataset, data_seed=self.args.data_seed)
        batches = self.args.gradient_accumulation_steps * self.args.world_size
        return BalancedSampler(order, tokens_of(table), batches, self._train_batch_size)

    def _pack(self) -> None:
        """Patch the policy and the reference, once."""
        if not self._speed.pack or getattr(self, "_packs", False):
            return
        self._packs = True
        outputs = ("log_probs", "entropy", "mean_logits", "is_top1") + ("log_sum_sq_probs",) * self.use_weighting
        exact = self.f_divergence_type != "alpha_divergence" and self.accelerator.device.type != "mps"
        policy = self.model.get_base_model() if is_peft_model(self.model) else self.model
        pack_forward(policy, Scoring(outputs, self._speed.share_prompts, exact))
        if self.ref_model is not None and not self.is_deepspeed_enabled:
            self._pack_reference(exact)

    def _pack_reference(self, exact: bool) -> None:
        """The reference too, below the wrapper for mixed precision that it has got already."""
        scoring = Scoring(("log_probs",), self._speed.share_prompts, exact)
        if self.is_fsdp_enabled:
            pack_forward(self.ref_model, scoring)
            return
        reference = self.accelerator.unwrap_model(self.ref_model, keep_fp32_wrapper=False)
        pack_forward(reference, scoring)
        self.ref_model = self.accelerator.prepare_model(reference, evaluation_mode=True)

    def _precompute_ref_logps(self, dataset: Dataset, name: str, batch_size: int) -> Dataset:
        self._pack()
        assert self._speed.reference_cache is not None
        table = self._tables["train" if name == "train" else "eval"]
        reference = Reference(
            weights=(self.ref_model is None and reference_weights(self.model)) or str(self._precompute_model_hash),
            precision=f"{self.model.dtype} {self.accelerator.mixed_precision} {self._speed.pack}",
        )
        with self.accelerator.main_process_first():
            cache = ReferenceCache(self._speed.reference_cache, reference)
        if self.is_world_process_zero():
            for path in cache.set_aside:
                complain("train.dpo", f"{path}: is damaged; what it held is computed again")
        keys = keys_of(table, self.args.max_length if self.args.truncation_mode == "keep_start" else None)
        score_missing(self, Unscored(dataset, table, keys, tokens_of(table), batch_size), cache)
        chosen, rejected = np.array([cache.known[key] for key in keys], dtype=np.float64).reshape(-1, 2).T
        with_chosen = dataset.add_column("ref_chosen_logps", chosen)
        return with_chosen.add_column("ref_rejected_logps", rejected)

    def score_reference(self, examples: list[dict[str, Any]], table: pa.Table) -> list[Logps]:
        """The reference's log-probabilities of some rows of a table."""
        batch = self.data_collator(examples)
        rows = batch.pop("row")
        on_device = {name: value.to(self.accelerator.device) for name, value in batch.items()}
        logps = self.compute_ref_log_probs(self.ref_model or self.model, on_device)
        chosen, rejected = (side.double().cpu() for side in logps)
        self._check_finite(chosen + rejected, table, rows, "the reference's log-probability")
        return list(zip(chosen.tolist(), rejected.tolist(), strict=True))

    def compute_loss(self, model: Any, inputs: dict[str, Any], *given: Any, **named: Any) -> Any:
        """TRL's loss of a batch.

        Raises:
            PrefsError: it is not finite; names the rows.
        """
        rows = inputs.pop("row")
        self._seen.clear()
        result = super().compute_loss(model, inputs, *given, **named)
        loss = result[0] if isinstance(result, tuple) else result
        self._check_finite(loss.detach().reshape(1), self._table, rows, "the loss")
        self._count(inputs, rows)
        self._seen.clear()
        return result

    def _count(self, inputs: dict[str, Any], rows: Tensor) -> None:
        """Add a batch to the metrics by source."""
        mask = inputs["attention_mask"]
        real = int(mask.sum())
        self._padding[0] += real
        self._padding[1] += real if self._speed.pack else mask.numel()
        logps = [output.log_probs.detach().double().sum(1).chunk(2) for output in self._seen[:2]]
        if "ref_chosen_logps" in inputs:
            logps[1:] = [(inputs["ref_chosen_logps"], inputs["ref_rejected_logps"])]
        if len(logps) < 2:
            return
        margins = self.beta * ((logps[0][0] - logps[1][0]) - (logps[0][1] - logps[1][1]))
        sources = self._table["source"].take(pa.array(rows.cpu().numpy())).to_pylist()
        self._by_source.add(sources, margins, training=self.model.training)

    @property
    def _table(self) -> pa.Table:
        """The rows that are being trained on or evaluated."""
        return self._tables["train" if self.model.training else "eval"]

    def _check_finite(self, values: Tensor, table: pa.Table, rows: Tensor, what: str) -> None:
        if bool(torch.isfinite(values).all()):
            return
        named = table.select(["source", "source_row"]).take(pa.array(rows.cpu().numpy())).to_pylist()
        shown = ", ".join(f"{row['source']} {row['source_row']}" for row in named)
        raise PrefsError(
            f"step {self.state.global_step + 1}",
            f"{what} is not a finite number for these pairs: {shown}",
            hint="Lower the learning rate, take bf16 in place of fp16, or look at these rows; --resume goes on.",
        )

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """TRL's metrics with those by source, tokens per second and the share of padding."""
        training = self.model.training
        logs |= self._by_source.take(training=training)
        if training:
            logs |= self._rates()
        super().log(logs, start_time)

    def _rates(self) -> dict[str, float]:
        real, computed = self._padding
        now, total = time.monotonic(), self._total_train_tokens
        rates = {"padding_share": 1 - real / computed} if computed else {}
        if total > self._clock[1]:
            rates["tokens_per_second"] = (total - self._clock[1]) / (now - self._clock[0])
        self._padding, self._clock = [0, 0], (now, total)
        return rates


def rows_of(table: pa.Table) -> Dataset:
    """The columns that a batch needs; `row` counts from 0."""
    return Dataset(table.select(list(TOKENS)).append_column("row", pa.array(range(len(table)), pa.int64())))


def collator_for(tokenizer: Any, args: Any) -> Collator:
    """As TRL makes its own."""
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return Collator(
        pad_token_id=tokenizer.pad_token_id, max_length=args.max_length, truncation_mode=args.truncation_mode,
        pad_to_multiple_of=args.pad_to_multiple_of,
    )  # fmt: skip
