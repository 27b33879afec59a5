"""Many sources become one dataset: check, deduplicate, split, write, describe.

`from builders import build, lint, export, publish, diff`: what the commands do, as functions (docs/python.md).
Importing this package loads nothing heavy; a function is loaded when it is first asked for.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from builders.python.build import BuildResult, build
    from builders.python.diff import diff
    from builders.python.export import export
    from builders.python.lint import Finding, LintResult, lint
    from builders.python.publish import publish

__all__ = ["BuildResult", "Finding", "LintResult", "build", "diff", "export", "lint", "publish"]

HOMES = {"BuildResult": "build", "Finding": "lint", "LintResult": "lint"}
"""The module in builders/python of each name that differs from its module's name."""


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"builders.python.{HOMES.get(name, name)}"), name)


def __dir__() -> list[str]:
    return __all__
