"""What is no build is never replaced; names and files that cannot be used are one line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from builders.build_prefs import main
from tests.builders.withstand.place import HUOZI, Place, files, one_line


def test_a_file_in_the_place_of_the_output_folder_is_left_alone(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("mine")
    assert main(place.flags("--out", tmp_path / "file")) == 1
    assert "cannot be written" in one_line(capsys.readouterr().err)
    assert main(place.flags("--out", tmp_path / "file/below")) == 1
    assert "cannot be written" in one_line(capsys.readouterr().err)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("kind", ["file", "folder", "link", "dangling link"])
def test_what_is_no_build_is_never_replaced(kind: str, place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    mine = place.mirror.parent / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    target = place.mirror.parent / "other/zh"
    target.parent.mkdir()
    match kind:
        case "file":
            target.write_text("mine")
        case "folder":
            mine.rename(target)
        case "link":
            target.symlink_to(mine)
        case _:
            target.symlink_to("nowhere")
    before = files(place.mirror.parent)
    assert main(place.flags("--out", target.parent)) == 1
    assert "exists and is no build" in one_line(capsys.readouterr().err)
    assert files(place.mirror.parent) == before
    assert target.is_symlink() == (kind in ("link", "dangling link"))


def test_an_empty_folder_and_an_earlier_build_are_replaced(place: Place) -> None:
    empty = place.mirror.parent / "empty"
    (empty / "zh").mkdir(parents=True)
    assert main(place.flags("--out", empty)) == 0
    assert main(place.flags()) == 0
    assert files(empty / "zh") == files(place.out / "zh")
    assert {name: data for name, data in files(place.out).items() if name.startswith("en/")} == {
        name: data for name, data in place.earlier.items() if name.startswith("en/")
    }


@pytest.mark.parametrize("flag", ["--out", "--mirror", "--recipe", "--synth", "--benchmarks"])
def test_a_name_that_is_too_long_is_one_line(flag: str, request: pytest.FixtureRequest) -> None:
    refused = request.getfixturevalue("refused")
    code = 2 if flag in ("--recipe", "--benchmarks") else 1
    assert f"{'a' * 60}" in refused(flag, "a" * 300, code=code)


def test_an_input_that_cannot_be_read_is_not_blamed_on_the_output(place: Place, refused: Callable[..., str]) -> None:
    (place.mirror / HUOZI).unlink()
    (place.mirror / HUOZI).symlink_to("/proc/self/mem")
    assert HUOZI in refused("--only", "huozi")
