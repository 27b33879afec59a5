"""The journal: every answer that was paid for, on disk."""
