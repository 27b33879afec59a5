"""The pairs to judge: those of a build or of a Parquet file, or a sample of them that is fair to every source."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from os.path import isdir
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sources.command.errors import BrokenFileError, MissingFileError, NoPairsError, UsageError
from sources.fetch.fetcher import file_sha256
from sources.pairs.built_folder import BuiltFolder, open_built
from sources.pairs.languages import LANGS, Lang
from synth.judging.texts import NEEDED, SPOOLED, check_columns, check_domains, find_faults, texts_of

KEYS = ["id", "source", "lang"]
PAIRS_AT_ONCE = 512
DROPPED = "dropped.parquet"
"""The table of a build whose pairs are in no dataset; given as a file it can be judged too."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pairs of one run in the order of their files, kept on the disk (SPOOLED) to save memory.

    `files` has name and SHA-256 of each file that was read; `of_source` says how many pairs each source has, sampled or
    not; `left_out` counts, by source and reason, those that are never judged.
    """

    lang: Lang
    files: list[tuple[str, str]]
    spool: Path
    count: int
    of_source: Counter[str]
    left_out: Counter[tuple[str, str]]

    def __len__(self) -> int:
        return self.count

    def columns(self) -> Iterator[pa.RecordBatch]:
        """The pairs as tables of SPOOLED, at most PAIRS_AT_ONCE at a time."""
        with pa.OSFile(str(self.spool)) as file, pa.ipc.open_file(file) as reader:
            for number in range(reader.num_record_batches):
                yield reader.get_batch(number)

    def parts(self) -> Iterator[list[dict[str, Any]]]:
        """The pairs as rows of SPOOLED, at most PAIRS_AT_ONCE at a time."""
        return (part.to_pylist() for part in self.columns())


def read_pairs(
    path: Path, spool: Path, *, lang: Lang | None, sample: int | None, domain_column: str | None = None
) -> Pairs:
    """The pairs of `path` (what build-prefs wrote, or a Parquet file), written to `spool`: each once, `sample` of them
    if given. `domain_column` is kept as their domain, where a file has it.

    Raises:
        FetchError: there are none.
        ReadError: a file cannot be read, or holds something else.
        UsageError: there are pairs of two languages, and `lang` does not say which.
    """
    folder = _open(path, lang)
    names = [name for name, _ in folder.outputs if not (folder.manifest and name == DROPPED)]
    of_source, repeated, seen = Counter[str](), Counter[tuple[str, str]](), dict[str, list[str]]()
    known = set[str]()
    for name in names:
        for rows in folder.batches(name, KEYS):
            _check_lang(path, rows, folder.lang)
            for pair, source in zip(rows["id"].to_pylist(), rows["source"].to_pylist(), strict=True):
                if pair in known:
                    repeated[source, "repeated"] += 1
                    continue
                known.add(pair)
                seen.setdefault(source, []).append(pair)
                of_source[source] += 1
    if not known:
        raise NoPairsError(path, "holds no pair")
    wanted = known if sample is None else draw(seen, sample)
    count, lost = _spool(folder, names, wanted, spool, domain_column)
    if not count:
        raise NoPairsError(path, f"holds no pair that can be judged ({', '.join(reason for _, reason in lost)})")
    files = [(name, file_sha256(folder.path / name)) for name in names]
    return Pairs(folder.lang, files, spool, count, of_source, repeated + lost)


def batches_of(path: Path, lang: Lang, columns: list[str]) -> Iterator[pa.Table]:
    """The rows of the same files in the same order, with other columns, as far as a file has them."""
    folder = _open(path, lang)
    for name in (name for name, _ in folder.outputs if not (folder.manifest and name == DROPPED)):
        yield from folder.batches(name, columns, PAIRS_AT_ONCE)


def _open(path: Path, lang: Lang | None) -> BuiltFolder:
    if not isdir(path):
        return _open_file(path, lang)
    built = [each for each in open_built(path) if lang in (None, each.lang)]
    if not built:
        raise MissingFileError(path, f"holds no build in {lang}")
    if len(built) > 1:
        langs = ", ".join(each.lang for each in built)
        raise UsageError("--lang", f"{path} has several languages", expected=f"one of {langs}")
    return built[0]


def _open_file(path: Path, lang: Lang | None) -> BuiltFolder:
    """One Parquet file of pairs, seen as a build."""
    try:
        with pq.ParquetFile(path) as file:
            check_columns(path, file.schema_arrow)
            rows = file.metadata.num_rows
            keys = file.read(KEYS)
    except FileNotFoundError as error:
        hint = "Give a folder of build-prefs, or a Parquet file of pairs."
        raise MissingFileError(path, "is not there", hint=hint) from error
    except (pa.ArrowException, OSError) as error:
        raise BrokenFileError(path, f"cannot be read ({error})", expected="a Parquet file of pairs") from error
    for name in KEYS:
        if keys[name].null_count:
            raise BrokenFileError(path, f"column {name} has {keys[name].null_count:,} empty cells")
    found = keys["lang"].unique().to_pylist()
    langs = [each for each in LANGS if each in found] if lang is None else [lang]
    if len(langs) != 1:
        raise UsageError("--lang", f"{path} has pairs in {' and '.join(map(str, found)) or 'no language'}")
    return BuiltFolder(path.parent, langs[0], {}, [(path.name, rows)])


def _check_lang(path: Path, rows: pa.Table, lang: Lang) -> None:
    for found in rows["lang"].unique().to_pylist():
        if found != lang:
            raise UsageError("--lang", f"{path} also has pairs in {found}", expected=f"pairs in {lang} only")


def draw(seen: dict[str, list[str]], sample: int) -> set[str]:
    """So many pairs, each source by its size and with at least one; which ones goes by the hashes of their ids, so the
    draw is the same each time, and a larger one holds a smaller one's pairs of a source."""
    total = sum(map(len, seen.values()))
    shares = {source: sample * len(pairs) / total for source, pairs in seen.items()}
    takes = {source: min(len(seen[source]), max(1, int(share))) for source, share in shares.items()}
    by_rest = sorted(shares, key=lambda source: (int(shares[source]) - shares[source], source))
    while sum(takes.values()) < min(sample, total):
        for source in by_rest:
            if sum(takes.values()) < sample and takes[source] < len(seen[source]):
                takes[source] += 1
    return {pair for source, pairs in seen.items() for pair in sorted(pairs, key=_draw_order)[: takes[source]]}


def _draw_order(pair: str) -> bytes:
    return blake2b(pair.encode(), digest_size=8).digest()


def _spool(
    folder: BuiltFolder, names: list[str], wanted: set[str], spool: Path, domain_column: str | None
) -> tuple[int, Counter[tuple[str, str]]]:
    """Write the wanted pairs, each once; how many there are, and how many cannot be judged, by source and reason."""
    left, count, lost = set(wanted), 0, Counter[tuple[str, str]]()
    columns = [*NEEDED, *([domain_column] if domain_column else [])]
    with pa.OSFile(str(spool), "wb") as file, pa.ipc.new_file(file, SPOOLED) as writer:
        for name in names:
            for rows in folder.batches(name, columns, PAIRS_AT_ONCE):
                check_domains(name, rows.schema, domain_column)
                keep, faults = [], find_faults(rows)
                named = zip(rows["id"].to_pylist(), rows["source"].to_pylist(), strict=True)
                for row, (pair, source) in enumerate(named):
                    if pair in left and row in faults:
                        lost[source, faults[row]] += 1
                    keep.append(pair in left and row not in faults)
                    left.discard(pair)
                table = texts_of(rows.filter(pa.array(keep)), domain_column)
                count += len(table)
                if len(table):
                    writer.write_table(table, max_chunksize=PAIRS_AT_ONCE)
    return count, lost
