"""What the adapters of datasets whose rows are looked at one by one have in common."""
