"""The order of pairs in an epoch: plain TRL's random order, evened out inside each optimiser step.

The gradient of a step is the mean over its pairs, so it is the same in any order within the step; what changes is that
every device and every micro-batch gets about the same number of tokens.
"""

import heapq
from collections.abc import Iterator, Sequence
from typing import Any

from accelerate.data_loader import SeedableRandomSampler
from torch.utils.data import Sampler


class BalancedSampler(Sampler[int]):
    """Row numbers of an epoch. `lengths` are tokens of each row; a step is `batches` micro-batches of `batch_size`.

    The last step of an epoch keeps its order where it is not whole: micro-batches of another size weigh otherwise.
    """

    def __init__(self, order: SeedableRandomSampler, lengths: Sequence[int], batches: int, batch_size: int) -> None:
        self._order = order
        self._lengths = lengths
        self._batches = batches
        self._batch_size = batch_size

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[int]:
        step = self._batches * self._batch_size
        rows = list(self._order)
        for start in range(0, len(rows), step):
            part = rows[start : start + step]
            yield from part if len(part) < step else balance(part, self._lengths, self._batches, self._batch_size)

    def set_epoch(self, epoch: int) -> None:
        """The order of another epoch, as accelerate asks for."""
        self._order.set_epoch(epoch)


def balance(rows: Sequence[int], lengths: Any, batches: int, batch_size: int) -> list[int]:
    """The same rows, dealt to so many micro-batches: the longest first, each to the one with the fewest tokens."""
    dealt: list[list[int]] = [[] for _ in range(batches)]
    fewest = [(0, number) for number in range(batches)]
    for row in sorted(rows, key=lambda row: (-lengths[row], row)):
        tokens, number = heapq.heappop(fewest)
        dealt[number].append(row)
        if len(dealt[number]) < batch_size:
            heapq.heappush(fewest, (tokens + int(lengths[row]), number))
    return [row for batch in dealt for row in batch]
