"""Loss, accuracy and margin by source, over all devices, between two log lines."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

NAMES = ("loss", "accuracy", "margin")


class SourceMetrics:
    """Sums by source: pairs, sigmoid DPO losses, right preferences, margins."""

    def __init__(self, sources: Sequence[str], accelerator: Any) -> None:
        self._places = {source: place for place, source in enumerate(sources)}
        self._accelerator = accelerator
        self._sums = {training: self._zeros() for training in (True, False)}

    def add(self, sources: Sequence[str], margins: Tensor, *, training: bool) -> None:
        """Count pairs. `margins` are beta times the difference of the log-ratios, one for each pair."""
        places = torch.tensor([self._places[source] for source in sources], device=margins.device)
        columns = (torch.ones_like(margins), -logsigmoid(margins), (margins > 0).to(margins.dtype), margins)
        self._sums[training].index_add_(0, places, torch.stack(columns, 1).to(self._sums[training]))

    def take(self, *, training: bool) -> dict[str, float]:
        """The means since the last call, of all processes; every process must call this."""
        sums = self._accelerator.reduce(self._sums[training], reduction="sum")
        self._sums[training] = self._zeros()
        prefix = "" if training else "eval_"
        return {
            f"{prefix}source/{source}/{name}": total / pairs
            for (source, (pairs, *totals)) in zip(self._places, sums.tolist(), strict=True)
            if pairs
            for name, total in zip(NAMES, totals, strict=True)
        }

    def _zeros(self) -> Tensor:
        on_mps = self._accelerator.device.type == "mps"
        kind = torch.float32 if on_mps else torch.float64
        return torch.zeros((len(self._places), 1 + len(NAMES)), dtype=kind, device=self._accelerator.device)
