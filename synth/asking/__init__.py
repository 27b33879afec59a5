"""Asking the models: one by one or in batches, with retries, a meter and a budget."""
