"""Files from a mirror, from GitHub and from the Hub; the only network is a server on 127.0.0.1."""

from dataclasses import replace
from pathlib import Path

import pytest

from sources import cvalues_rlhf
from sources.command.errors import MissingFileError
from sources.fetch.fetcher import Mirror, sample
from tests.sources.fetch.pinned import GITHUB_FILE, HUB_FILE, put


def test_a_mirror_has_both_kinds_of_file_at_the_same_place(tmp_path: Path) -> None:
    path = put(tmp_path)
    for file in (GITHUB_FILE, HUB_FILE):
        located = Mirror(tmp_path).locate(file)
        assert (located.path, located.revision, located.file) == (path, "", file)
        assert Mirror(tmp_path).describe(file) == "mirror"


def test_a_mirror_that_is_no_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError) as caught:
        Mirror(tmp_path / "none")
    assert str(caught.value) == f"mirror: no folder {tmp_path}/none. Give an existing folder to --mirror."


def test_a_file_missing_in_a_mirror_is_an_error_that_says_what_is_there(tmp_path: Path) -> None:
    put(tmp_path)
    with pytest.raises(MissingFileError) as caught:
        Mirror(tmp_path).locate(replace(GITHUB_FILE, path="data/b.json"))
    assert str(caught.value) == (
        f"mirror {tmp_path}: no file owner/repo/data/b.json; expected the layout <owner>/<repository>/<path>. "
        f"{tmp_path}/owner/repo/data holds a.json."
    )
    assert Mirror(tmp_path).describe(replace(GITHUB_FILE, path="data/b.json")) == "missing"


def test_a_missing_folder_of_a_mirror_shows_the_nearest_one_above(tmp_path: Path) -> None:
    put(tmp_path)
    (tmp_path / "other").mkdir()
    with pytest.raises(MissingFileError, match=rf"{tmp_path} holds other/, owner/\."):
        Mirror(tmp_path).locate(replace(GITHUB_FILE, repository="none/repo"))
    with pytest.raises(MissingFileError, match=rf"{tmp_path}/owner holds repo/\."):
        Mirror(tmp_path).locate(replace(GITHUB_FILE, repository="owner/none"))


def test_an_empty_mirror_holds_nothing_and_a_full_one_shows_twelve_names(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"holds nothing\."):
        Mirror(tmp_path).locate(GITHUB_FILE)
    for number in range(20):
        (tmp_path / f"{number:02}").touch()
    with pytest.raises(MissingFileError, match=r"holds 00, .*, 11, …\."):
        Mirror(tmp_path).locate(GITHUB_FILE)


def test_a_folder_in_the_place_of_the_file_is_no_file(tmp_path: Path) -> None:
    (tmp_path / GITHUB_FILE.mirror_path).mkdir(parents=True)
    with pytest.raises(MissingFileError, match=r"holds a\.json/\."):
        Mirror(tmp_path).locate(GITHUB_FILE)


def test_a_part_of_a_file_may_stand_in_a_mirror_whatever_is_pinned(tmp_path: Path) -> None:
    put(tmp_path, b"[]")
    assert Mirror(tmp_path).locate(GITHUB_FILE).path.read_bytes() == b"[]"


def test_the_sample_is_a_mirror_that_knows_its_name(tmp_path: Path) -> None:
    assert sample().is_sample
    assert not Mirror(tmp_path).is_sample
    (file, *_) = cvalues_rlhf.files(cvalues_rlhf.Options())
    assert sample().describe(file) == "sample"
    assert sample().locate(file).path.is_file()
