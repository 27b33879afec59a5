"""The reference's log-probabilities of rows, kept on disk so that no row is scored twice.

They depend on the weights of the reference and on the tokens of the row, and on nothing else: not on the learning rate,
not on the order, not on the other rows. So a row's key is a hash of its tokens, and a folder belongs to one reference:

    CACHE/<hash of weights and precision>/about.json      what the folder belongs to, for people and as a check
                                          part-*.parquet  key (16 bytes), chosen, rejected (float64): rows in any order

A shard is written aside and renamed, so an interruption costs what was computed since the last one.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from sources.command.errors import BrokenFileError, PrefsError

SHARD = pa.schema([("key", pa.binary(16)), ("chosen", pa.float64()), ("rejected", pa.float64())])
ABOUT = "about.json"

Logps = tuple[float, float]
"""log pi_ref(chosen | prompt) and log pi_ref(rejected | prompt), sums over the completion's tokens."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What log-probabilities belong to: `weights` is a hash of the parameters, `precision` what is computed in."""

    weights: str
    precision: str

    @property
    def folder(self) -> str:
        """A name that no other reference has."""
        return hashlib.sha256(f"1 {self.weights} {self.precision}".encode()).hexdigest()[:16]


class ReferenceCache:
    """What is known of one reference.

    Raises:
        PrefsError: the folder belongs to another reference, or cannot be written.
    """

    def __init__(self, root: Path, reference: Reference, *, writes: bool = True) -> None:
        self._folder = root / reference.folder
        self._reference = reference
        self.set_aside: list[Path] = []
        if writes:
            self._claim()
        self.known: dict[bytes, Logps] = {}
        for path in sorted(self._folder.glob("part-*.parquet")):
            self.known.update(self._read(path))

    def add(self, rows: dict[bytes, Logps]) -> None:
        """Keep these, on disk before this returns."""
        if not rows:
            return
        chosen, rejected = zip(*rows.values(), strict=True)
        table = pa.table([list(rows), chosen, rejected], schema=SHARD)
        path = self._folder / f"part-{uuid4().hex}.parquet"
        aside = path.with_suffix(".tmp")
        try:
            pq.write_table(table.replace_schema_metadata({"weights": self._reference.weights}), aside)
            with aside.open("rb") as file:
                os.fsync(file.fileno())
            aside.rename(path)
        except OSError as error:
            aside.unlink(missing_ok=True)
            hint = "Free space, or give another --reference_cache; what was kept before stays."
            raise PrefsError(path.parent, f"cannot be written ({error.strerror or error})", hint=hint) from error
        self.known.update(rows)

    def _claim(self) -> None:
        about = self._folder / ABOUT
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if not about.exists():
                aside = about.with_suffix(f".{uuid4().hex}.tmp")
                aside.write_text(json.dumps(asdict(self._reference), indent=2) + "\n")
                aside.rename(about)
            found = json.loads(about.read_bytes())
        except OSError as error:
            hint = "Give another --reference_cache."
            raise PrefsError(self._folder, f"cannot be written ({error.strerror or error})", hint=hint) from error
        except ValueError as error:
            raise BrokenFileError(about, f"not JSON ({error})", hint="Delete this folder; it is made anew.") from error
        if found != asdict(self._reference):
            raise self._another(about)

    def _read(self, path: Path) -> Iterable[tuple[bytes, Logps]]:
        try:
            table = pq.read_table(path)
            whole = table.select(SHARD.names).cast(SHARD)
        except (OSError, KeyError, pa.ArrowException):  # cut short or damaged: its rows are computed again
            self.set_aside.append(path)
            return ()
        if (table.schema.metadata or {}).get(b"weights", b"").decode() != self._reference.weights:
            raise self._another(path)
        keys, chosen, rejected = (whole[name].to_pylist() for name in SHARD.names)
        return zip(keys, zip(chosen, rejected, strict=True), strict=True)

    def _another(self, path: Path) -> PrefsError:
        return PrefsError(
            path,
            "holds log-probabilities of another reference",
            expected=f"those of the weights {self._reference.weights[:16]}",
            hint="Delete its folder, or give another --reference_cache.",
        )


def row_keys(prompt: Sequence[bytes], chosen: Sequence[bytes], rejected: Sequence[bytes]) -> list[bytes]:
    """A key for the tokens of each row, which come as the bytes of int32 arrays."""
    keys = []
    for parts in zip(prompt, chosen, rejected, strict=True):
        lengths = b"".join(len(part).to_bytes(4, "little") for part in parts)
        keys.append(xxhash.xxh3_128_digest(lengths + b"".join(parts)))
    return keys
