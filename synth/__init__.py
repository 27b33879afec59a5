"""Preference pairs from models: a stronger model's answer is chosen, a weaker model's answer is rejected."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synth.python.synthesize import SynthResult, synthesize

__all__ = ["SynthResult", "synthesize"]


def __getattr__(name: str) -> object:
    """The public functions, imported when they are first used, so that `import synth` loads nothing else."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from synth.python import synthesize

    return getattr(synthesize, name)
