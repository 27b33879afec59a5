"""The folder of a cluster goes with its build, or with the next one."""

from pathlib import Path

import pytest

from builders.engines import ray_folder as module
from builders.engines.ray_folder import LOCK, PREFIX, ray_folder


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module, "PLACE", tmp_path)
    return tmp_path


def test_the_folder_is_gone_at_the_end(place: Path) -> None:
    with ray_folder() as folder:
        (folder / "session").mkdir()
        assert [*place.iterdir()] == [folder]
    assert [*place.iterdir()] == []


def test_the_folder_of_a_killed_build_is_removed_and_one_in_use_is_not(place: Path) -> None:
    (place / f"{PREFIX}killed/session").mkdir(parents=True)
    (place / f"{PREFIX}killed" / LOCK).touch()
    (place / f"{PREFIX}strange").mkdir()
    with ray_folder() as first, ray_folder() as second:
        assert {*place.iterdir()} == {first, second, place / f"{PREFIX}strange"}
