"""How many examples a law is tried with: few in `make test`, all of them with HYPOTHESIS_PROFILE=thorough."""

import os

from hypothesis import settings

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "laws")
QUICK_SHARE = 5
"""`make test` tries every fifth example, but LEAST."""
LEAST = 10

settings.register_profile("laws", deadline=None, max_examples=20, derandomize=True, database=None)
settings.register_profile("thorough", deadline=None, max_examples=500, database=None, print_blob=True)


def examples(thorough: int) -> int:
    """So many of the examples as are tried in this run."""
    return thorough if PROFILE == "thorough" else min(thorough, max(LEAST, thorough // QUICK_SHARE))
