"""The one line of an error, its exit code, and its way from another process."""

import pickle
from collections.abc import Iterator

import pytest

from sources.command import errors
from sources.command.errors import BuildError, FetchError, PrefsError, ReadError, UsageError


def every_kind(kind: type[PrefsError] = PrefsError) -> Iterator[type[PrefsError]]:
    yield kind
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from every_kind(child)


KINDS = list(every_kind())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_comes_through_pickling_whole(kind: type[PrefsError]) -> None:
    error = kind("a.json", "broken", expected="a whole file", hint="Get it again.")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == str(error)
    assert (again.where, again.found, again.expected, again.hint) == (
        "a.json",
        "broken",
        "a whole file",
        "Get it again.",
    )
    assert again.exit_code == error.exit_code


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_wrong_usage_exits_with_2_and_everything_else_with_1(kind: type[PrefsError]) -> None:
    assert kind("a", "b").exit_code == (2 if issubclass(kind, UsageError) else 1)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_stands_in_the_drawn_tree(kind: type[PrefsError]) -> None:
    assert kind.__name__ in (errors.__doc__ or "")


def test_the_branches_hold_what_the_tree_says() -> None:
    assert {kind.__name__ for kind in FetchError.__subclasses__()} == {
        "MissingFileError",
        "HashMismatchError",
        "DownloadError",
    }
    assert {kind.__name__ for kind in ReadError.__subclasses__()} == {
        "BrokenFileError",
        "FileTooLargeError",
        "MissingColumnError",
        "BadRowsError",
    }
    assert {kind.__name__ for kind in BuildError.__subclasses__()} == {
        "NoPairsError",
        "OutputError",
        "OutputBusyError",
        "AccountingError",
    }


def test_the_line_says_where_what_was_found_what_was_expected_and_what_to_do() -> None:
    assert str(PrefsError("a.json", "empty")) == "a.json: empty"
    assert str(PrefsError("a.json", "empty", expected="rows")) == "a.json: empty; expected rows"
    assert str(PrefsError("a.json", "empty", hint="Get it again.")) == "a.json: empty. Get it again."
    assert str(PrefsError("a", "b", expected="c", hint="D.")) == "a: b; expected c. D."


def test_an_error_is_one_line_whatever_the_file_holds() -> None:
    line = str(PrefsError("a\nb.json", "found \x1b[31m\r\n\u202e"))
    assert line == "a\\nb.json: found \\x1b[31m\\r\\n\\u202e"


def test_a_very_long_error_is_cut() -> None:
    assert len(str(PrefsError("a", "b" * 5000))) == 1201
