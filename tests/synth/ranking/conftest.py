"""Runs of judge-prefs that score answers, in this process."""

from tests.synth.judging.conftest import court, judge

__all__ = ["court", "judge"]
