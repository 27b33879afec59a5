"""Scoring answers one by one, by a judge with a rubric or by a reward model; labels and pairs from the scores."""
