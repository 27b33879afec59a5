"""A -wal file that a kill or a full disk left torn gives what was committed, and nothing else."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.command.errors import OutputError
from synth.job.completion import Outcome, Refusal
from synth.journal.journal import NAME, Journal
from tests.synth.made import entry, key, no_file_beyond, said

COUNT = 240

TRUTH: dict[bytes, Outcome] = {
    key(n): said(f"第{n}个，" * (1 + n % 40 + 1000 * (n == 77))) if n % 9 else Refusal(400, f"第{n}个太长")
    for n in range(COUNT)
}

NEW = entry(COUNT + 1)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[int]]]:
    """A folder with a journal as a kill leaves it, and how large its -wal was after each entry."""
    folder = tmp_path_factory.mktemp("killed")
    journal = Journal(folder / "open.sqlite")
    wal, sizes = folder / "open.sqlite-wal", [0]
    for number in range(60):
        journal.append([entry(number, TRUTH[key(number)])])
        sizes.append(wal.stat().st_size)
    for ending in ("", "-wal", "-shm"):
        shutil.copyfile(folder / f"open.sqlite{ending}", folder / f"{NAME}{ending}")
    yield folder, sizes
    journal.close()


def lay(folder: Path, data: bytes) -> Path:
    path = folder / NAME
    path.write_bytes(data)
    return path


def look(path: Path) -> tuple[dict[bytes, Outcome], list[str]]:
    """What a journal gives and remarks, after it has taken one more entry."""
    journal = Journal(path)
    try:
        found = journal.find(TRUTH)
        assert journal.find(TRUTH) == found
        assert {given: TRUTH[given] for given in found} == found
        journal.usage()
        journal.batches.open_batches()
        journal.append([NEW])
        assert journal.find([NEW.key]) == {NEW.key: NEW.outcome}
        return found, journal.remarks
    finally:
        journal.close()


@given(st.data())
def test_a_torn_wal_gives_all_that_was_committed_before_the_tear(
    killed: tuple[Path, list[int]], data: st.DataObject
) -> None:
    source, sizes = killed
    cut = data.draw(st.integers(0, sizes[-1]))
    with TemporaryDirectory() as folder:
        for ending in ("", "-wal", *data.draw(st.sampled_from([(), ("-shm",)]))):
            shutil.copyfile(source / f"{NAME}{ending}", f"{folder}/{NAME}{ending}")
        with open(f"{folder}/{NAME}-wal", "r+b") as wal:
            wal.truncate(cut)
        found, remarks = look(Path(folder) / NAME)
    assert list(found) == [key(n) for n in range(60) if sizes[n + 1] <= cut]
    assert remarks == []


@given(st.data())
def test_a_spoilt_wal_gives_what_was_committed_before_and_invents_nothing(
    killed: tuple[Path, list[int]], data: st.DataObject
) -> None:
    source, sizes = killed
    wal = bytearray((source / f"{NAME}-wal").read_bytes())
    at = data.draw(st.integers(0, len(wal) - 1))
    spoilt = data.draw(st.binary(min_size=1, max_size=64))
    wal[at : at + len(spoilt)] = spoilt
    with TemporaryDirectory() as folder:
        path = lay(Path(folder), (source / NAME).read_bytes())
        Path(f"{path}-wal").write_bytes(wal)
        found, _ = look(path)
    assert list(found) == [key(n) for n in range(len(found))]
    assert len(found) >= sum(size <= at for size in sizes[1:])


def test_a_full_disk_when_a_killed_run_goes_on_is_no_damage(killed: tuple[Path, list[int]], tmp_path: Path) -> None:
    for ending in ("", "-wal"):
        shutil.copyfile(killed[0] / f"{NAME}{ending}", tmp_path / f"{NAME}{ending}")
    with no_file_beyond(0), pytest.raises(OutputError, match="cannot be read or written"):
        Journal(tmp_path / NAME)
    found, remarks = look(tmp_path / NAME)
    assert (len(found), remarks) == (60, [])
    assert not list(tmp_path.glob("*damaged*"))
