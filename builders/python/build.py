"""`build`: what the command build-prefs does, as a function."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack, cast, get_args, overload

from builders.building.pipeline import build as run_build
from builders.building.table import remarks
from builders.caching.size import parse_size, users_cache
from builders.inputs.added import Added, find_added, parse_added, want_files
from builders.inputs.inputs import Engine, Request, names_of_own
from builders.inputs.judged import want_judged
from builders.inputs.recipe import add_sources, load_recipe
from builders.stages.judged import Disagrees
from sources.command.errors import UsageError
from sources.command.printable import printable
from sources.command.progress import Bars, Silent
from sources.fetch.data_files import EVERYTHING, Wanted
from sources.fetch.download import Download
from sources.fetch.fetcher import SAMPLE, Mirror
from sources.fetch.fetcher import sample as sample_files
from sources.pairs.account_table import account_table
from sources.pairs.built_folder import SPLITS, Split
from sources.pairs.language_names import parse_langs
from sources.pairs.languages import Lang
from sources.pairs.ledger import Account, total

if TYPE_CHECKING:
    import datasets
    import pandas
    import pyarrow as pa

MAX_WORKERS = 4
Paths = str | Path | Sequence[str | Path]
Names = str | Sequence[str]


@dataclass(frozen=True, slots=True, repr=False)
class BuildResult:
    """One language of a finished build. `remarks` are the lines below the command's table."""

    lang: Lang
    folder: Path
    accounts: list[Account]
    remarks: list[str]

    @property
    def pairs(self) -> "datasets.Dataset":
        """All pairs, those of the train split first, in memory."""
        import pyarrow as pa

        return _dataset(pa.concat_tables([self._table(split) for split in SPLITS]))

    def split(self, name: Split) -> "datasets.Dataset":
        """The pairs of `train` or `test`, in memory; a build may have none in `test`."""
        return _dataset(self._table(name))

    @property
    def dropped(self) -> "pandas.DataFrame":
        """Every row that is not in the dataset: the columns of a pair, and stage, reason and evidence."""
        import pandas

        return pandas.read_parquet(self.folder / "dropped.parquet")

    def _table(self, split: Split) -> "pa.Table":
        import pyarrow.parquet as pq

        train, test = (sorted((self.folder / "data").glob(f"{name}-*.parquet")) for name in SPLITS)
        files = {"train": train, "test": test}[split]
        return pq.read_table(files) if files else pq.read_table(train[:1]).slice(0, 0)

    def __repr__(self) -> str:
        from rich.console import Console

        shown = StringIO()
        Console(file=shown, width=200, color_system=None).print(account_table(f"{self.lang} pairs", self.accounts))
        lines = [line.rstrip() for line in shown.getvalue().splitlines()]
        return "\n".join([*lines, *self.remarks, f"→ {printable(str(self.folder))}"])

    def _repr_html_(self) -> str:
        """The account as a notebook shows it."""
        whole = total(self.accounts, self.lang)
        columns = [*self.accounts, *([whole] if len(self.accounts) > 1 else [])]
        rows: list[tuple[str, list[int]]] = [("rows read", [one.rows_read for one in columns])]
        rows += [(f"− {reason[1]}", [one.skipped[reason] for one in columns]) for reason in sorted(whole.skipped)]
        rows += [("pairs made", [one.pairs_made for one in columns])]
        rows += [(f"− {reason[1]}", [one.dropped[reason] for one in columns]) for reason in sorted(whole.dropped)]
        rows += [("pairs written", [one.written for one in columns])]
        head = "".join(f"<th>{escape(printable(one.source))}</th>" for one in columns)
        body = "".join(
            f"<tr><th>{escape(printable(label))}</th>"
            + "".join(f"<td>{number:,}</td>" if number else "<td>·</td>" for number in numbers)
            + "</tr>"
            for label, numbers in rows
        )
        folder = escape(printable(str(self.folder)))
        table = f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table>"
        return f"{table}<p><code>{folder}</code></p>"


class BuildOptions(TypedDict, total=False):
    """What `build` takes beside the language."""

    out: str | Path
    sample: bool
    mirror: str | Path | None
    recipe: str | Path
    only: Names
    without: Names
    limit: int | None
    commercial_ok: bool
    benchmarks: str | Path | None
    synth: str | Path | None
    judged: str | Path | None
    judge_disagrees: Disagrees | None
    min_margin: float | None
    add: Paths
    add_name: Names
    add_licence: Names
    add_signal: Names
    encoding: str
    include: Names
    exclude: Names
    only_added: bool
    verify_hashes: bool
    workers: int | None
    memory: str | None
    cache: bool
    engine: Engine
    ray_address: str | None
    report: bool
    progress: bool


@overload
def build(  # type: ignore[overload-overlap]  # "all" is no language
    *, lang: Literal["all"] | list[Lang], **options: Unpack[BuildOptions]
) -> dict[Lang, BuildResult]: ...
@overload
def build(*, lang: Lang, **options: Unpack[BuildOptions]) -> BuildResult: ...
def build(
    *,
    lang: Lang | list[Lang],
    out: str | Path = "prefs",
    sample: bool = False,
    mirror: str | Path | None = None,
    recipe: str | Path = "ct-llm",
    only: Names = (),
    without: Names = (),
    limit: int | None = None,
    commercial_ok: bool = False,
    benchmarks: str | Path | None = None,
    synth: str | Path | None = None,
    judged: str | Path | None = None,
    judge_disagrees: Disagrees | None = None,
    min_margin: float | None = None,
    add: Paths = (),
    add_name: Names = (),
    add_licence: Names = (),
    add_signal: Names = (),
    encoding: str = "",
    include: Names = (),
    exclude: Names = (),
    only_added: bool = False,
    verify_hashes: bool = False,
    workers: int | None = None,
    memory: str | None = None,
    cache: bool = True,
    engine: Engine = "local",
    ray_address: str | None = None,
    report: bool = True,
    progress: bool = False,
) -> BuildResult | dict[Lang, BuildResult]:
    """The dataset that the command build-prefs writes with the same options; a result for each language where `lang` is
    a list, or "all", which is Chinese and English.

    With `cache`, files that an earlier build has read and checked in the same way are not read again.
    `encoding`, `include` and `exclude` are about the files of `add`: the encoding of text that is not UTF-8, and
    patterns for the files of a folder. `out` is the folder that gets `<lang>/`; `progress` shows bars on stderr.

    Raises:
        PrefsError: says where, what was found, what was expected and what to do; what was in `out` is still there.
    """
    added = parse_added(*map(listed, (add, add_name, add_licence, add_signal)))
    request = make_request(
        lang=lang if isinstance(lang, str) else ",".join(lang),
        out=Path(out),
        sample=sample,
        mirror=mirror,
        recipe=str(recipe),
        only=listed(only),
        without=listed(without),
        limit=limit,
        commercial_ok=commercial_ok,
        benchmarks=benchmarks,
        synth=synth,
        judged=judged,
        judge_disagrees=judge_disagrees,
        min_margin=min_margin,
        added=added,
        wanted=want_files(listed(include), listed(exclude), encoding),
        only_added=only_added,
        verify_hashes=verify_hashes,
        workers=workers,
        memory=memory,
        cache=cache,
        engine=engine,
        ray_address=ray_address,
        report=report,
    )
    bars = Bars() if progress else Silent()
    try:
        inputs, built = run_build(request, bars)
    finally:
        bars.close()
    said = [line.plain for line in remarks(inputs, built)]
    results = {one.lang: BuildResult(one.lang, one.folder, one.accounts, said) for one in built}
    return results[lang] if isinstance(lang, str) and lang != "all" else results


def make_request(
    *,
    lang: str,
    out: Path,
    sample: bool = False,
    mirror: str | Path | None = None,
    recipe: str = "ct-llm",
    only: Sequence[str] = (),
    without: Sequence[str] = (),
    limit: int | None = None,
    commercial_ok: bool = False,
    benchmarks: str | Path | None = None,
    synth: str | Path | None = None,
    judged: str | Path | None = None,
    judge_disagrees: Disagrees | None = None,
    min_margin: float | None = None,
    added: Sequence[Added] = (),
    wanted: Wanted = EVERYTHING,
    only_added: bool = False,
    verify_hashes: bool = False,
    workers: int | None = None,
    memory: str | None = None,
    cache: bool = True,
    engine: str = "local",
    ray_address: str | None = None,
    report: bool = True,
    download: bool = True,
) -> Request:
    """What the options ask for; `wanted` says which files of added data, `download` fetches those that are on the Hub.

    Raises:
        UsageError: an option is wrong.
    """
    langs = parse_langs(lang, "--lang")
    check_counts(limit=limit, workers=workers)
    if sample and mirror is not None:
        raise UsageError("sample", "does not go with mirror", hint="Give one of them.")
    if benchmarks is not None and not os.path.isdir(benchmarks):
        raise UsageError("--benchmarks", f"no folder {benchmarks}")
    if wanted != EVERYTHING and not added:
        raise UsageError("--encoding, --include and --exclude", "need --add", hint="Name your data with --add FILE.")
    if only_added and not added:
        raise UsageError("--only-added", "needs --add", hint="Name your data with --add FILE.")
    own = names_of_own(one.name for one in added)
    return Request(
        langs=langs,
        recipe=add_sources(load_recipe(recipe), [name for name in only if name not in own], "--only"),
        fetcher=sample_files() if sample else Mirror(Path(mirror)) if mirror is not None else Download(),
        out=out,
        benchmarks=Path(benchmarks) if benchmarks is not None else SAMPLE / "benchmarks" if sample else None,
        synth=Path(synth) if synth is not None else None,
        judged=want_judged(judged, judge_disagrees, min_margin),
        only=tuple(only),
        without=tuple(without),
        commercial_ok=commercial_ok,
        verify_hashes=verify_hashes,
        added=find_added(added, wanted, download=download),
        only_added=only_added,
        max_rows=limit,
        report=report,
        workers=workers or min(MAX_WORKERS, os.cpu_count() or 1),
        cache=users_cache() if cache else None,
        engine=want_engine(engine, ray_address),
        ray_address=ray_address,
        ray_tasks=workers,
        max_memory_bytes=parse_size(memory, "--memory") if memory is not None else None,
    )


def want_engine(name: str, ray_address: str | None) -> Engine:
    """The engine of that name.

    Raises:
        UsageError: there is none, or an address is given without need.
    """
    if name not in get_args(Engine):
        raise UsageError("--engine", f"no engine is called {name}", expected=" or ".join(get_args(Engine)))
    if ray_address is not None and name != "ray":
        raise UsageError("--ray-address", "needs --engine ray")
    return cast(Engine, name)


def check_counts(**counts: int | None) -> None:
    """Nothing, if each of these options is None or at least 1.

    Raises:
        UsageError: one is not.
    """
    for name, count in counts.items():
        if count is not None and count < 1:
            raise UsageError(name, f"{count} is not positive", expected="a whole number above 0, or None")


def listed(given: Paths) -> list[str]:
    """One or several, as a list."""
    return [str(given)] if isinstance(given, str | Path) else [str(one) for one in given]


def _dataset(table: "pa.Table") -> "datasets.Dataset":
    from datasets import Dataset

    return Dataset(table)
