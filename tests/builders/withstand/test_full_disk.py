"""A full disk is said and changes nothing."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.builders.withstand.place import HOWEVER_SMALL, LIMIT_S, Place, one_line


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    "limit",
    [0, 100, 1_000, 15_000, 40_000],
)
def test_a_full_disk_is_said_and_changes_nothing(
    limit: int, workers: int, place: Place, command: Callable[..., tuple[int, str, str]]
) -> None:
    status, out, said = command("--workers", workers, max_file_bytes=limit)
    assert (status, out) == (1, "")
    assert "the disk is full" in one_line(said)
    place.assert_untouched()


FULL_DISK = """
mount -t tmpfs -o size=400k none "$1" || exit 77
cp -r "$2" "$1/out"
head -c $3 /dev/zero >"$1/fill" 2>/dev/null
shift 3
"$@" >"$WHERE/stdout" 2>"$WHERE/stderr"
echo $? >"$WHERE/code"
rm -f "$DISK/fill"
cp -r "$DISK/out" "$WHERE/after"
"""


@pytest.mark.parametrize(
    ("workers", "fill"),
    [(1, 200_000), (2, 200_000), (1, 400_000)],
)
def test_a_disk_that_is_really_full_is_said_and_changes_nothing(workers: int, fill: int, place: Place) -> None:
    disk, where = place.mirror.parent / "disk", place.mirror.parent / "where"
    disk.mkdir()
    where.mkdir()
    flags = Place(place.mirror, disk / "out", {}).flags("--workers", workers)
    script = [
        "sh",
        "-c",
        FULL_DISK,
        "sh",
        str(disk),
        str(place.out),
        str(fill),
        sys.executable,
        "-c",
        HOWEVER_SMALL,
        *flags,
    ]
    environment = {**os.environ, "DISK": str(disk), "WHERE": str(where)}
    namespace = ["unshare", "--map-root-user", "--mount"]
    try:
        done = subprocess.run([*namespace, *script], env=environment, timeout=LIMIT_S, check=False, capture_output=True)
    except FileNotFoundError:
        pytest.skip("needs unshare")
    if not (where / "code").exists():
        pytest.skip(f"may not mount here: {done.stderr!r}")
    assert (where / "code").read_text() == "1\n"
    assert "the disk is full" in one_line((where / "stderr").read_text(encoding="utf-8"))
    Place(place.mirror, where / "after", place.earlier).assert_untouched()
