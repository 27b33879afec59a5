"""Preferences of the user's own, as build-prefs --add names them."""

import argparse
from pathlib import Path

from builders.inputs.plan import Listed
from sources.command.errors import UsageError
from sources.fetch.data_files import find_data, list_data, name_data, named_on_hub
from sources.fetch.hub_data import HubId
from sources.layouts.find import name_layout
from sources.layouts.own_data import Described


def find_added(options: argparse.Namespace) -> tuple[Described, ...]:
    """The data of one's own, each with its name and licence, fetched where it is on the Hub; a dry run fetches none.

    Raises:
        UsageError: a licence or a name is missing or too many.
    """
    return tuple(
        Described(files=tuple(find_data(place, "--add")), name=name, licence=licence, layout=layout)
        for place, layout, name, licence in _given(options)
        if not (options.dry_run and _to_download(place))
    )


def list_added(options: argparse.Namespace) -> list[Listed]:
    """The data of one's own that a build would download, by the names of its files."""
    listed = []
    for place, layout, name, licence in _given(options):
        if wanted := _to_download(place):
            if layout:
                name_layout(layout, "--add")
            listed.append(Listed(name, licence, list_data(wanted, "--add")))
    return listed


def _to_download(place: Path) -> HubId | None:
    """What is named on the Hub; offline nothing is, since only what was fetched before can be had."""
    from huggingface_hub.constants import is_offline_mode

    return None if is_offline_mode() else named_on_hub(place)


def _given(options: argparse.Namespace) -> list[tuple[Path, str, str, str]]:
    """What each --add names: the place, the layout (empty: to be found out), the name, the licence.

    Raises:
        UsageError: a licence or a name is missing or too many.
    """
    given, names, licences = options.add, options.add_name, options.add_licence
    if len(licences) != len(given):
        hint = "Give each --add the licence of its data (an SPDX id, or unknown)."
        raise UsageError("--add-licence", f"{len(licences)} for {len(given)} --add", expected="one for each", hint=hint)
    if names and len(names) != len(given):
        raise UsageError("--add-name", f"{len(names)} for {len(given)} --add", expected="one for each, or none")
    places = [_place_and_layout(each) for each in given]
    names = names or [name_data(place) for place, _ in places]
    return [(*place, name, licence) for place, name, licence in zip(places, names, licences, strict=True)]


def _place_and_layout(given: str) -> tuple[Path, str]:
    """DATA or DATA:LAYOUT; a colon in the name of a file that exists is part of it."""
    path, colon, layout = given.rpartition(":")
    return (Path(path), layout) if colon and not Path(given).exists() else (Path(given), "")
