"""Train and test: a prompt group falls on one side by its own hash, so a pair stays there when sources are added."""

import numpy as np

from sources.text.codes import below_share, mix

SPLIT_SALT = np.uint64(0x452821E638D01377)


def is_test(groups: np.ndarray, test_share: float) -> np.ndarray:
    """bool[n]: whether each pair's group is in the test split, which gets about `test_share` of the groups."""
    return below_share(mix(groups ^ SPLIT_SALT), test_share)
