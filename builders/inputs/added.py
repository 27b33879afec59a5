"""Preferences of the user's own, as --add and `build(add=...)` name them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import cast, get_args

from builders.inputs.plan import Listed
from sources.command.errors import UsageError
from sources.fetch.data_files import EVERYTHING, Wanted, list_data, look_through, name_data, named_on_hub
from sources.fetch.hub_data import HubId
from sources.files.own.encodings import named_encoding
from sources.layouts.find import name_layout
from sources.layouts.own_data import Described
from sources.pairs.schema import Signal


@dataclass(frozen=True, slots=True)
class Added:
    """Data of one's own that take part: a file, a folder or a dataset of the Hub, and what its owner says of it."""

    place: Path
    layout: str
    name: str
    licence: str
    signal: Signal


def parse_added(
    data: Sequence[str], names: Sequence[str] = (), licences: Sequence[str] = (), signals: Sequence[str] = ()
) -> list[Added]:
    """Each DATA[:LAYOUT] with its name, licence and signal; names and signals may be left out.

    Raises:
        UsageError: a licence, name or signal is missing or too many, or is none.
    """
    if len(licences) != len(data):
        hint = "Give each --add the licence of its data (an SPDX id, or unknown)."
        found = f"{len(licences)} for {len(data)} --add"
        raise UsageError("--add-licence", found, expected="one for each", hint=hint)
    for flag, given in (("--add-name", names), ("--add-signal", signals)):
        if given and len(given) != len(data):
            raise UsageError(flag, f"{len(given)} for {len(data)} --add", expected="one for each, or none")
    for signal in signals:
        if signal not in get_args(Signal):
            raise UsageError("--add-signal", f"no signal is called {signal}", expected=", ".join(get_args(Signal)))
    places = [_place_and_layout(each) for each in data]
    return [
        Added(place, layout, name or name_data(place), licence, cast(Signal, signal))
        for (place, layout), name, licence, signal in zip(
            places, names or repeat(""), licences, signals or repeat("unknown"), strict=False
        )
    ]


def find_added(added: Sequence[Added], wanted: Wanted = EVERYTHING, *, download: bool = True) -> tuple[Described, ...]:
    """The files of each that are wanted, fetched from the Hub where they are there; without `download` those are left
    out.

    Raises:
        FetchError: one cannot be had.
    """
    return tuple(_described(one, wanted) for one in added if download or not _to_download(one.place))


def want_files(include: Sequence[str], exclude: Sequence[str], encoding: str) -> Wanted:
    """What the flags --include, --exclude and --encoding say.

    Raises:
        UsageError: no encoding is called so.
    """
    return Wanted(tuple(include), tuple(exclude), named_encoding(encoding, "--encoding") if encoding else "")


def _described(one: Added, wanted: Wanted) -> Described:
    found = look_through(one.place, "--add", wanted)
    return Described(
        files=tuple(found.files),
        name=one.name,
        licence=one.licence,
        signal=one.signal,
        layout=one.layout,
        passed_over=tuple(found.passed_over_lines()),
    )


def list_added(added: Sequence[Added], wanted: Wanted = EVERYTHING) -> list[Listed]:
    """The data of one's own that a build would download, by the names of its files."""
    listed = []
    for one in added:
        if on_hub := _to_download(one.place):
            if one.layout:
                name_layout(one.layout, "--add")
            listed.append(Listed(one.name, one.licence, list_data(on_hub, "--add", wanted)))
    return listed


def _to_download(place: Path) -> HubId | None:
    """What is named on the Hub; offline nothing is, since only what was fetched before can be had."""
    from huggingface_hub.constants import is_offline_mode

    return None if is_offline_mode() else named_on_hub(place)


def _place_and_layout(given: str) -> tuple[Path, str]:
    """DATA or DATA:LAYOUT; a colon in the name of a file that exists is part of it."""
    path, colon, layout = given.rpartition(":")
    return (Path(path), layout) if colon and not Path(given).exists() else (Path(given), "")
