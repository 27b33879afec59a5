"""A training run: options, plan, trainer."""
