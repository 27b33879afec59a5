"""The files of a benchmark in a folder: all there are found, all that are missing are said at once."""

import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import yaml

from sources.command.errors import BrokenFileError, MissingFileError, PrefsError
from sources.fetch.fetcher import SAMPLE, file_sha256
from train.evaluation.benchmarks import Benchmark, Split
from train.evaluation.harness import packaged

ROOTS_OF_SAMPLE = (Path(__file__).parent / "sample", SAMPLE / "benchmarks")
ZIP_OF_CMMLU = "cmmlu*.zip"
MAX_MEMBER_BYTES = 64 << 20
SHOWN = 3


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file with questions; `name` is what people call it: its path in the folder."""

    name: str
    path: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class Part:
    """One lm-eval task of a benchmark, its task file, and its files by split. No files: lm-eval gets them itself."""

    task: str
    task_file: Path
    files: dict[str, list[DataFile]]


class Folder:
    """The files below some roots, looked up by the ends of their paths."""

    def __init__(self, roots: Sequence[Path], what: str) -> None:
        self.what = what
        self._files: list[tuple[PurePosixPath, Path]] = []
        for root in roots:
            if not root.is_dir():
                raise MissingFileError(what, "there is no such folder", hint="Give the folder that holds the files.")
            self.add(root)

    def add(self, root: Path) -> None:
        """Look below this root, too."""
        found = (path for path in sorted(root.rglob("*")) if path.is_file())
        self._files += [(PurePosixPath(path.relative_to(root).as_posix()), path) for path in found]

    def find(self, patterns: Iterable[str]) -> list[DataFile]:
        """The files of the first pattern that any file fits.

        Raises:
            PrefsError: they lie in more than one folder.
        """
        for pattern in patterns:
            found = [(name, path) for name, path in self._files if name.match(pattern)]
            if len({name.parent for name, _ in found}) > 1:
                names = " and ".join(str(name) for name, _ in found[:SHOWN])
                raise PrefsError(self.what, f"holds {names}", expected="one copy", hint="Leave only one of them there.")
            if found:
                return [DataFile(str(name), path, file_sha256(path)) for name, path in found]
        return []


def find_parts(
    benchmarks: Sequence[Benchmark], folder: Folder, num_fewshot: int, *, partial: bool, scratch: Path
) -> dict[str, list[Part]]:
    """The parts of each benchmark with their files. With `partial`, some of cmmlu's subjects are enough.

    Raises:
        MissingFileError: names every benchmark that lacks files, the files and where they are to be had.
    """
    found, missing = {}, []
    for benchmark in benchmarks:
        if benchmark.group_file:
            _unpack(benchmark, folder, scratch)
        parts, lacking = [], []
        for task, subject in subtasks(benchmark):
            files = {}
            for split in _splits(benchmark, num_fewshot):
                patterns = [pattern.format(subject=subject) for pattern in split.patterns]
                files[split.name] = folder.find(patterns)
                if not files[split.name]:
                    lacking.append(patterns[0])
            if all(files.values()):
                parts.append(Part(task, packaged(benchmark.task_file.format(subject=subject)), files))
        if lacking and not (partial and parts):
            missing.append(f"{benchmark.name} needs {_shown(lacking)} from {benchmark.upstream}")
        found[benchmark.name] = parts
    if missing:
        raise MissingFileError(folder.what, "; ".join(missing), hint="docs/evaluate.md shows the layout.")
    return found


def parts_without_files(benchmark: Benchmark) -> list[Part]:
    """The parts of a benchmark whose data lm-eval gets from the Hub."""
    return [
        Part(task, packaged(benchmark.task_file.format(subject=subject)), {}) for task, subject in subtasks(benchmark)
    ]


def subtasks(benchmark: Benchmark) -> list[tuple[str, str]]:
    """The lm-eval tasks of a benchmark, with the subject of each: those of its packaged group, or itself."""
    if not benchmark.group_file:
        return [(benchmark.name, "")]
    tasks = yaml.safe_load(packaged(benchmark.group_file).read_text(encoding="utf-8"))["task"]
    return [(task, task.removeprefix(f"{benchmark.name}_")) for task in tasks]


def _splits(benchmark: Benchmark, num_fewshot: int) -> list[Split]:
    """The splits that are needed: examples only where they are asked for."""
    return [benchmark.questions, *([benchmark.examples] if benchmark.examples and num_fewshot else [])]


def _shown(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more files" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _unpack(benchmark: Benchmark, folder: Folder, scratch: Path) -> None:
    """The tables of cmmlu's archive beside the other files, if there is an archive.

    Raises:
        BrokenFileError: it cannot be unpacked.
    """
    for archive in folder.find([ZIP_OF_CMMLU]):
        target = scratch / "unpacked"
        try:
            with zipfile.ZipFile(archive.path) as packed:
                for member in packed.infolist():
                    split, name = PurePosixPath(member.filename).parts[-2:] if "/" in member.filename else ("", "")
                    if split not in ("dev", "test") or not name.endswith(".csv") or "\\" in name:
                        continue
                    if member.file_size > MAX_MEMBER_BYTES:
                        raise BrokenFileError(archive.name, f"{name} unpacks to {member.file_size:,} bytes")
                    path = target / benchmark.name / split / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(packed.read(member))
        except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError) as error:
            raise BrokenFileError(archive.name, f"cannot be unpacked ({error})", expected="a whole zip file") from error
        if target.is_dir():
            folder.add(target)
