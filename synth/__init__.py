"""Preference pairs from models: a stronger model's answer is chosen, a weaker one's rejected; judges audit labels."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synth.python.judge import JudgeResult, judge
    from synth.python.synthesize import SynthResult, synthesize

__all__ = ["JudgeResult", "SynthResult", "judge", "synthesize"]

ROOMS = {"JudgeResult": "judge", "judge": "judge", "SynthResult": "synthesize", "synthesize": "synthesize"}
"""The file of `synth.python` in which each is."""


def __getattr__(name: str) -> object:
    """The public functions, imported when they are first used, so that `import synth` loads nothing else."""
    if name not in ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"synth.python.{ROOMS[name]}"), name)
