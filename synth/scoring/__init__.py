"""Scoring answers one by one, by a judge with a rubric or by a reward model: what is asked, and how it is read."""
