"""What an export has written."""

from dataclasses import dataclass
from pathlib import Path

from builders.exporting.format import Format
from builders.exporting.write import Count
from sources.command.printable import printable
from sources.files.write_parquet import OutputFile
from sources.pairs.built_folder import BuiltFolder, Split


@dataclass(frozen=True, slots=True, repr=False)
class Exported:
    """One language of a finished export; counts by (source, split)."""

    built: BuiltFolder
    format: Format
    folder: Path
    files: list[OutputFile]
    counts: dict[tuple[str, Split], Count]

    def __repr__(self) -> str:
        pairs = sum(count.written for count in self.counts.values())
        return f"Exported({self.built.lang} as {self.format.name}: {pairs:,} pairs → {printable(str(self.folder))})"
