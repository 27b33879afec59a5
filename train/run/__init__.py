"""A training run as it stands on disk and in memory: its folder, checkpoints, curves, card, and what it needs."""
