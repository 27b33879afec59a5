"""A folder of one test, and the files that a run of a command left in its output folder."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import pyarrow.parquet as pq


@dataclass(frozen=True, slots=True)
class Results:
    """Inputs and results of one test; `name` of the output folder."""

    folder: Path
    name: str = "out"
    written: ClassVar[tuple[str, ...]]
    """The files of a whole run."""

    @property
    def out(self) -> Path:
        return self.folder / self.name

    def other(self, name: str) -> Self:
        """The same inputs, another output folder."""
        return replace(self, name=name)

    def write_file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def outputs(self) -> dict[str, bytes]:
        """The bytes of the files of a whole run."""
        return {name: (self.out / name).read_bytes() for name in self.written}

    def rows(self, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = pq.read_table(self.out / f"{name}.parquet").to_pylist()
        return found
