"""A journal that was torn or damaged gives what is whole in it, and nothing that was never written."""

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from sources.command.errors import BrokenFileError, OutputError, PrefsError
from synth.job.completion import Outcome, Refusal
from synth.journal.journal import NAME, Journal
from tests.synth.made import as_nobody, entry, give_up_root, key, no_file_beyond, said

PAGE = 4096

COUNT = 240

TRUTH: dict[bytes, Outcome] = {
    key(n): said(f"第{n}个，" * (1 + n % 40 + 1000 * (n == 77))) if n % 9 else Refusal(400, f"第{n}个太长")
    for n in range(COUNT)
}

NEW = entry(COUNT + 1)

INDEX_INNER, INNER, INDEX, LEAF, OVERFLOW = 0x02, 0x05, 0x0A, 0x0D, 0x00
"""The first bytes of SQLite's pages: of an index and of a table, inner ones and leaves; and what does not fit them."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A journal that was closed."""
    path = tmp_path_factory.mktemp("whole") / NAME
    journal = Journal(path)
    for start in range(0, COUNT, 10):
        journal.append([entry(n, TRUTH[key(n)]) for n in range(start, start + 10)])
    journal.close()
    return path.read_bytes()


def lay(folder: Path, data: bytes) -> Path:
    path = folder / NAME
    path.write_bytes(data)
    return path


def page_of(kind: int, data: bytes) -> int:
    """Where the first page of a kind begins that has anything on it."""
    return next(at for at in range(PAGE, len(data), PAGE) if data[at] == kind and any(data[at + 3 : at + 5]))


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


def spoil(data: bytes, seed: int) -> bytes:
    """The same with a few pieces overwritten, anywhere."""
    draw = random.Random(seed)
    spoilt = bytearray(data)
    for _ in range(draw.choice([1, 1, 2, 5, 20])):
        size = draw.choice([1, 2, 16, 300, PAGE])
        at = draw.randrange(len(data) - size)
        spoilt[at : at + size] = draw.choice([draw.randbytes(size), bytes(size), b"\xff" * size])
    return bytes(spoilt)


@pytest.mark.parametrize("seeds", [range(at, at + 40) for at in range(0, 160, 40)])
def test_damage_anywhere_is_repaired_or_named_and_gives_nothing_wrong(
    seeds: range, whole: bytes, tmp_path: Path
) -> None:
    refused: dict[int, tuple[str, bool]] = {}
    for seed in seeds:
        folder = tmp_path / str(seed)
        folder.mkdir()
        data = spoil(whole, seed)
        path = lay(folder, data)
        if data[:16] != whole[:16] or data[60:64] != whole[60:64]:  # the name and the version of the format
            with pytest.raises(BrokenFileError, match=r"is no SQLite database|is of format"):
                look(path)
            assert path.read_bytes() == data
            continue
        try:
            found, remarks = look(path)
        except BrokenFileError as error:
            refused[seed] = error.found, path.read_bytes() == data
            continue
        assert remarks or found == TRUTH
        for aside in folder.glob("*damaged*"):
            assert aside.name == f"{NAME}.damaged-1"
        assert not list(folder.glob("*repaired*"))
        assert look(path) == (found, [])
    assert set(refused.values()) <= {("is damaged, and no answer in it can be read", True)}
    assert len(refused) < len(seeds) / 2


def test_a_page_that_is_gone_costs_the_records_on_it_and_one_above_all_pages_is_named(
    whole: bytes, tmp_path: Path
) -> None:
    kinds = set[int]()
    for page in range(1, len(whole) // PAGE):
        folder = tmp_path / str(page)
        folder.mkdir()
        start = page * PAGE
        data = whole[:start] + bytes(PAGE) + whole[start + PAGE :]
        path = lay(folder, data)
        kind, cells = whole[start], int.from_bytes(whole[start + 3 : start + 5])
        kinds.add(kind)
        if kind == INNER:
            with pytest.raises(BrokenFileError, match=r"is damaged, and no answer in it can be read\. Restore a copy"):
                Journal(path)
            assert path.read_bytes() == data
            continue
        found, remarks = look(path)
        assert COUNT - len(found) == (cells if kind == LEAF else kind == OVERFLOW)
        if kind != OVERFLOW and cells:
            assert len(remarks) == 1
            assert remarks[0].startswith(f"{NAME} was damaged: {len(found):,} records were saved, the others")
            assert remarks[0].endswith(f"the damaged file is kept as {NAME}.damaged-1")
            assert Path(f"{path}.damaged-1").stat().st_size == len(whole)
    assert kinds == {INNER, LEAF, INDEX_INNER, INDEX, OVERFLOW}


def test_a_damaged_file_is_kept_as_it_was_each_time(whole: bytes, tmp_path: Path) -> None:
    page = page_of(LEAF, whole)
    spoilt = whole[:page] + b"\xff" * PAGE + whole[page + PAGE :]
    for time in (1, 2, 3):
        path = lay(tmp_path, spoilt)
        found, remarks = look(path)
        assert len(found) < COUNT
        assert remarks[0].endswith(f"{NAME}.damaged-{time}")
        assert (tmp_path / f"{NAME}.damaged-{time}").read_bytes() == spoilt


def test_damaged_records_on_a_damaged_page_are_named_by_number(whole: bytes, tmp_path: Path) -> None:
    path = lay(tmp_path, whole)
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE answers SET text = text || '?' WHERE number IN (2, 5)")
    page = page_of(INDEX, whole)
    path.write_bytes(path.read_bytes()[:page] + bytes(PAGE) + path.read_bytes()[page + PAGE :])
    found, remarks = look(path)
    assert set(TRUTH) - set(found) == {key(1), key(4)}
    assert "238 records were saved, the others (records 2, 5) are asked for again" in remarks[0]


def test_a_repair_remembers_what_was_forgotten_and_which_batches_are_out(whole: bytes, tmp_path: Path) -> None:
    path = lay(tmp_path, whole)
    journal = Journal(path)
    refused = [given for given, outcome in TRUTH.items() if isinstance(outcome, Refusal)]
    assert journal.forget_refusals() == len(refused)
    journal.append([entry(0, said("now"))])
    batch = journal.batches.intend([key(3), key(4)])
    journal.close()
    data = path.read_bytes()
    page = page_of(INDEX, data)
    path.write_bytes(data[:page] + bytes(PAGE) + data[page + PAGE :])
    journal = Journal(path)
    assert journal.remarks
    assert journal.find(refused) == {key(0): said("now")}
    assert journal.batches.open_batches() == [batch]
    journal.close()


class KilledError(Exception):
    """In place of a kill."""


@pytest.mark.parametrize("moment", range(4))
def test_a_kill_while_a_journal_is_repaired_loses_nothing(
    moment: int, whole: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = page_of(INDEX, whole)
    path = lay(tmp_path, whole[:page] + bytes(PAGE) + whole[page + PAGE :])
    rename, done = Path.rename, list[Path]()

    def fatal(self: Path, target: Path) -> Path:
        if len(done) == moment:
            raise KilledError
        done.append(self)
        return rename(self, target)

    with monkeypatch.context() as patched, suppress(KilledError):
        patched.setattr(Path, "rename", fatal)
        Journal(path).close()
    found, _ = look(path)
    assert found == TRUTH
    assert [aside.name for aside in tmp_path.glob("*damaged*")] == [f"{NAME}.damaged-1"]
    assert not list(tmp_path.glob("*repaired*"))


def test_a_full_disk_while_a_journal_is_repaired_loses_nothing(whole: bytes, tmp_path: Path) -> None:
    page = page_of(INDEX, whole)
    spoilt = whole[:page] + bytes(PAGE) + whole[page + PAGE :]
    path = lay(tmp_path, spoilt)
    with no_file_beyond(len(whole) // 2), pytest.raises(OutputError, match="cannot be read or written"):
        Journal(path)
    assert path.read_bytes() == spoilt
    assert look(path)[0] == TRUTH


def test_a_journal_that_another_program_holds_is_no_damage(
    whole: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = lay(tmp_path, whole)
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *given, **more: connect(*given, **more, timeout=0.01))
    with closing(connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(OutputError, match="database is locked"):
            Journal(path)
    assert look(path) == (TRUTH, [])


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("CREATE TABLE bookmarks (title)")


def later(path: Path) -> None:
    Journal(path).close()
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 7")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.write_text("my diary"), "is no SQLite database. Bring the journal back, or move this"),
        (lambda path: path.write_bytes(random.Random(1).randbytes(10_000)), "is no SQLite database"),
        (lambda path: path.write_bytes(bytes(10_000)), "is no SQLite database"),
        (lambda path: path.mkdir(), "the journal cannot be read or written (unable to open database file)"),
        (foreign, "is a database of another program (tables bookmarks)"),
        (later, "is of format 7; expected format 1. Update build-prefs."),
    ],
)
def test_what_is_no_journal_is_named_and_left_alone(
    make: Callable[[Path], object], message: str, tmp_path: Path
) -> None:
    path = tmp_path / NAME
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(PrefsError) as raised:
        Journal(path)
    assert str(raised.value).startswith(f"{path}: {message}")
    assert (path.read_bytes() if path.is_file() else None) == before
    assert not list(tmp_path.glob("*.damaged-*"))


def test_an_empty_file_is_a_new_journal(tmp_path: Path) -> None:
    assert look(lay(tmp_path, b"")) == ({}, [])


def test_a_journal_that_was_begun_and_killed_is_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / NAME
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE set_aside (number INTEGER PRIMARY KEY, why TEXT)")
    assert look(path) == ({}, [])


def test_a_file_cut_short_is_repaired(whole: bytes, tmp_path: Path) -> None:
    found, remarks = look(lay(tmp_path, whole[: len(whole) // 2]))
    assert COUNT / 4 < len(found) < COUNT
    assert "was damaged" in remarks[0]


@pytest.mark.parametrize("mode", [0o444, 0o000])
def test_a_journal_without_permission_is_named_and_left_alone(mode: int, whole: bytes) -> None:
    with as_nobody() as folder:
        path = lay(folder, whole)
        path.chmod(mode)
        folder.chmod(0o555)
        give_up_root()
        with pytest.raises((PrefsError, OSError)) as raised:
            Journal(path)
    assert NAME in str(raised.value)
