"""Every error that a user can meet, and the exit code that the command gives for it.

PrefsError                      exit 1: something went wrong with the input or the machine
├── UsageError                  exit 2: a wrong flag, a wrong key of a recipe
│   └── MissingPackageError     what was asked for needs a package that is not installed
├── FetchError                  a file cannot be had
│   ├── MissingFileError        it is not where it was looked for
│   ├── HashMismatchError       it is there, with other bytes than the pinned ones
│   └── DownloadError           the network or the server said no
├── ReadError                   a file is there and cannot be read
│   ├── BrokenFileError         truncated, not JSON, not gzip
│   ├── FileTooLargeError       it unpacks to more than the recipe allows
│   ├── MissingColumnError      its rows have another layout
│   └── BadRowsError            more bad rows than the recipe tolerates
├── PublishError                the Hub, or what is to be published, says no
└── BuildError
    ├── NoPairsError            nothing is left to write
    ├── OutputError             the output cannot be written
    ├── OutputBusyError         another run writes there now
    └── AccountingError         a row is unaccounted for: a fault of this program
"""

from typing import Any

from sources.command.printable import printable


class PrefsError(Exception):
    """One line that says where, what was found, what was expected and what to do."""

    exit_code = 1

    def __init__(self, where: object, found: str, *, expected: str = "", hint: str = "") -> None:
        self.where, self.found, self.expected, self.hint = str(where), found, expected, hint
        super().__init__(where, found)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.where, self.found, self.expected, self.hint)

    def __str__(self) -> str:
        line = f"{self.where}: {self.found}"
        if self.expected:
            line += f"; expected {self.expected}"
        if self.hint:
            line = f"{line.removesuffix('.')}. {self.hint}"
        return printable(line, max_chars=1200)


def _rebuild(kind: type[PrefsError], where: str, found: str, expected: str, hint: str) -> PrefsError:
    """An error that came from another process."""
    return kind(where, found, expected=expected, hint=hint)


class UsageError(PrefsError):
    exit_code = 2


class MissingPackageError(UsageError):
    pass


class FetchError(PrefsError):
    pass


class MissingFileError(FetchError):
    pass


class HashMismatchError(FetchError):
    pass


class DownloadError(FetchError):
    pass


class ReadError(PrefsError):
    pass


class BrokenFileError(ReadError):
    pass


class FileTooLargeError(ReadError):
    pass


class MissingColumnError(ReadError):
    pass


class BadRowsError(ReadError):
    pass


class PublishError(PrefsError):
    pass


class BuildError(PrefsError):
    pass


class NoPairsError(BuildError):
    pass


class OutputError(BuildError):
    pass


class OutputBusyError(BuildError):
    pass


class AccountingError(BuildError):
    pass
