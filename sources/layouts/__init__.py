"""The layouts in which people keep preference data, each a small reader of single rows."""
