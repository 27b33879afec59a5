"""The functions of `from builders import build, lint, export, publish, diff`; the commands call them too."""
