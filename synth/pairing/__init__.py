"""From answers to pairs."""
