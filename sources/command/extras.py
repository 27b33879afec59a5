"""Packages that only some commands need: one line that says how to install them where they are missing."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from sources.command.errors import MissingPackageError

CHECKOUT = Path(__file__).parents[2]
OURS = ("sources", "builders", "synth", "train")


def require_packages(*modules: str, extra: str = "") -> None:
    """Nothing, if all these modules are installed; `extra` is the extra of pyproject.toml that brings them.

    Raises:
        MissingPackageError: one is not.
    """
    for module in modules:
        if find_spec(module) is None:
            raise missing_package(module, extra)


@contextmanager
def explain_missing_packages(extra: str = "") -> Iterator[None]:
    """Inside, the import of a package that is not installed fails with a line that says how to install it.

    Raises:
        MissingPackageError: a package is missing.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module in OURS or not module:
            raise
        raise missing_package(module, extra) from error


def missing_package(module: str, extra: str = "") -> MissingPackageError:
    """The error that names the command which installs a module: by its extra where it has one."""
    wanted = module
    if extra:
        in_checkout = (CHECKOUT / "pyproject.toml").is_file()
        wanted = f"-e '{CHECKOUT}[{extra}]'" if in_checkout else f"'build-prefs[{extra}]'"
    return MissingPackageError(f"package {module}", "not installed", hint=f"Run: pip install {wanted}")
