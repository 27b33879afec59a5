"""The row-wise half of a build on a Ray cluster: large files in parts, what came of each back on this machine."""

import mmap
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from itertools import count, groupby
from pathlib import Path
from tempfile import mkstemp

import numpy as np
import pyarrow as pa

from builders.engines.ray_cluster import RayCluster
from builders.engines.spill import SpillPart, SpillWriter
from builders.engines.this_machine import LocalTally
from builders.gathering.gather_unit import gather_unit
from builders.gathering.unit import Settings, Unit, UnitResult
from builders.stages.keys import Keys
from sources.command.errors import FetchError
from sources.files.parts import Lines, Part, count_lines, is_parquet, line_cuts, line_parts, row_group_parts
from sources.pairs.source import WHOLE_ROW

SEE_THEM = "Every node must have the files under the same path: use a folder that all share."


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of a unit on another machine: the result, and the bytes of its two files of rows."""

    result: UnitResult
    pairs: pa.Buffer
    lost: pa.Buffer


@dataclass(frozen=True, slots=True)
class SizedUnit:
    """A unit with the sizes that its files have on the machine of the build."""

    unit: Unit
    sizes: tuple[int, ...]


def gather_on_ray(
    wanted: Sequence[Unit], settings: Settings, tell: Callable[[int], None], cluster: RayCluster
) -> list[UnitResult]:
    """What came of each unit or of each of its parts, the rows in files of the scratch folder."""
    parts = list(_in_parts([_absolute(unit) for unit in wanted], settings, cluster))
    largest_first = sorted(map(_sized, parts), key=lambda sized: sized.unit.effort(), reverse=True)
    work = partial(gather_away, settings=replace(settings, questions=_content(settings.questions)))
    results = []
    for _, sent in cluster.map(work, largest_first):
        results.append(_received(sent, settings.scratch))
        tell(sent.result.rows_read)
    return results


def _content(file: Path | bytes) -> bytes:
    return file if isinstance(file, bytes) else file.read_bytes()


def gather_away(sized: SizedUnit, settings: Settings) -> Sent:
    """The pairs of one unit with their keys; runs on any node, and leaves nothing there.

    Raises:
        FetchError: the node does not see the files that the build was asked for.
    """
    look_for(sized)
    files = [_Unlinked(), _Unlinked()]
    result = gather_unit(sized.unit, LocalTally(lambda _: None), settings, (files[0].writer, files[1].writer))
    return Sent(result, *(file.content() for file in files))


def look_for(sized: SizedUnit) -> None:
    """Nothing, if the files of the unit are here with their sizes.

    Raises:
        FetchError: one is not.
    """
    for file, size in zip(sized.unit.files, sized.sizes, strict=True):
        where = f"{file.path} on a node of Ray"
        try:
            found = file.path.stat().st_size
        except OSError as error:
            raise FetchError(where, error.strerror or str(error), hint=SEE_THEM) from None
        if found != size:
            raise FetchError(where, f"has {found:,} bytes", expected=f"{size:,} bytes", hint=SEE_THEM)


class _Unlinked:
    """Rows on the disk of a node in a file without a name: nothing stays there, however the process ends."""

    def __init__(self) -> None:
        self._handle, name = mkstemp(prefix="build-prefs-")
        self.writer = SpillWriter(Path(name))
        os.unlink(name)

    def content(self) -> pa.Buffer:
        """All that was written, once the writer is closed."""
        mapped = mmap.mmap(self._handle, 0, access=mmap.ACCESS_READ)
        os.close(self._handle)
        return pa.py_buffer(mapped)


def _received(sent: Sent, scratch: Path) -> UnitResult:
    """The result with its rows in files here and its keys in memory of our own: that of Ray becomes free."""
    result = sent.result
    result.keys = Keys(**{field.name: np.array(getattr(result.keys, field.name)) for field in fields(Keys)})
    result.pairs = _write(sent.pairs, scratch / f"pairs-{result.number:06d}.arrow", result.pairs)
    result.lost = _write(sent.lost, scratch / f"lost-{result.number:06d}.arrow", result.lost)
    return result


def _write(content: pa.Buffer, path: Path, part: SpillPart) -> SpillPart:
    with path.open("wb") as file:
        file.write(content)
    return SpillPart(path, part.sizes)


def _absolute(unit: Unit) -> Unit:
    """The unit with paths that mean the same in any folder."""
    return replace(unit, files=[replace(file, path=file.path.absolute()) for file in unit.files])


def _sized(unit: Unit) -> SizedUnit:
    return SizedUnit(unit, tuple(file.path.stat().st_size for file in unit.files))


def _in_parts(wanted: Sequence[Unit], settings: Settings, cluster: RayCluster) -> Iterator[Unit]:
    """The units in order, numbered anew, those of large files in several; their lines are counted on the cluster."""
    cuts = {place: _cuts(unit, settings) for place, unit in enumerate(wanted)}
    pieces = [(place, wanted[place].files[0].path, *cut) for place, of_file in cuts.items() for cut in of_file]
    counted: list[Lines] = [Lines(0, 0)] * len(pieces)
    for number, lines in cluster.map(_count, pieces):
        counted[number] = lines
    by_unit = {
        place: [lines for lines, _ in group]
        for place, group in groupby(zip(counted, pieces, strict=True), key=lambda each: each[1][0])
    }
    numbers = count()
    for place, unit in enumerate(wanted):
        parts: Sequence[Part | None] = _parts(unit, settings, by_unit.get(place, []))
        for part in parts if len(parts) > 1 else [None]:
            yield replace(unit, number=next(numbers), part=part)


def _count(piece: tuple[int, Path, int, int]) -> Lines:
    _, path, begin, end = piece
    return count_lines(path, begin, end)


def _cuts(unit: Unit, settings: Settings) -> list[tuple[int, int]]:
    if not _may_be_cut(unit, settings) or is_parquet(unit.files[0].path):
        return []
    file = unit.files[0]
    return line_cuts(file.path, file.name, file.encoding)


def _parts(unit: Unit, settings: Settings, counted: Sequence[Lines]) -> Sequence[Part]:
    path = unit.files[0].path if unit.files else Path()
    if counted:
        return line_parts(counted, path.stat().st_size)
    is_read_by_groups = unit.chosen.source.layouts == (WHOLE_ROW,) or path.suffix == ".parquet"
    if _may_be_cut(unit, settings) and is_read_by_groups and is_parquet(path):
        return row_group_parts(path)
    return []


def _may_be_cut(unit: Unit, settings: Settings) -> bool:
    """Whether its rows may be read in parts: one file, whose rows need not be seen together."""
    return (
        len(unit.files) == 1
        and settings.max_rows is None
        and not unit.chosen.source.whole_table
        and unit.files[0].path.stat().st_size <= settings.read_limits.max_file_bytes
    )
