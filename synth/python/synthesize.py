"""`synthesize`: what the command synth-prefs does, as a function."""

import argparse
import asyncio
import html
import io
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NoReturn

from sources.command.errors import UsageError
from sources.command.extras import explain_missing_packages
from sources.pairs.ledger import Account
from sources.pairs.schema import Lang
from synth.synth_prefs import make_job, parse

if TYPE_CHECKING:
    import pandas
    from datasets import Dataset

    from synth.job.job import Job
    from synth.run.pipeline import Result


@dataclass(frozen=True, slots=True)
class SynthResult:
    """What a run wrote: its folder, and the account of every prompt; notebooks show the account as a table."""

    folder: Path
    accounts: list[Account]

    @property
    def pairs(self) -> "Dataset":
        """The pairs (columns of `sources.pairs.schema.PAIRS`), in the order of the prompts."""
        import pyarrow.parquet as pq
        from datasets import Dataset

        return Dataset(pq.read_table(self.folder / "pairs.parquet"))

    @property
    def dropped(self) -> "pandas.DataFrame":
        """Every prompt and answer that is in no pair, with stage, reason and evidence."""
        import pandas

        return pandas.read_parquet(self.folder / "dropped.parquet")

    def _repr_html_(self) -> str:
        from rich.console import Console

        from sources.pairs.account_table import account_table

        text = io.StringIO()
        Console(file=text, width=120).print(account_table(str(self.folder), self.accounts, splits=False))
        return f"<pre>{html.escape(text.getvalue())}</pre>"


def synthesize(  # noqa: PLR0913 - the options of synth-prefs
    *,
    lang: Lang,
    rejected_model: str,
    rejected_url: str | None = None,
    out: str | Path | None = None,
    sample: bool = False,
    mirror: str | Path | None = None,
    prompts: str | Path | None = None,
    licence: str | None = None,
    limit: int | None = None,
    rejected_key_file: str | Path | None = None,
    engine: Literal["server", "vllm"] = "server",
    num_rejected: int = 1,
    template: str | Path | None = None,
    chosen_model: str | None = None,
    chosen_url: str | None = None,
    chosen_key_file: str | Path | None = None,
    batch: bool = False,
    no_wait: bool = False,
    recipe: str | Path | None = None,
    pairing: Literal["first", "all", "closest_length"] | None = None,
    seed: int = 0,
    concurrency: int = 64,
    timeout: float = 600.0,
    patience: float = 600.0,
    max_spend: float | None = None,
    prices: str | Path | None = None,
    retry_refused: bool = False,
    forget_batches: bool = False,
    collect: bool = False,
    progress: bool = False,
) -> SynthResult:
    """The pairs of a stronger and a weaker model's answers, as the command synth-prefs writes them.

    Every argument is the option of synth-prefs of that name (`synth-prefs --help`; docs/synth.md). Keys of servers are
    read from the environment or a file. `timeout` and `patience` are seconds, `max_spend` is dollars. Answers that are
    in the folder's journal are not asked for again. Nothing is printed unless `progress` is true.

    Raises:
        UsageError: an argument is wrong, or does not go with another.
        StillWaitingError: with `batch` and `no_wait`, batches are not finished yet; call again later.
        PrefsError: the prompts, a server or the disk failed; what was answered is kept in the journal.
        KeyboardInterrupt: likewise.
    """
    options = dict(locals())
    options.pop("progress")
    with explain_missing_packages("synth"):
        job = make_job(parse(_flags(options), _Parser))
        result = _run(job, "off" if not progress else "bar" if sys.stderr.isatty() else "lines")
    return SynthResult(job.out, [result.account])


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError("synthesize()", message)


def _flags(options: dict[str, object]) -> list[str]:
    """The arguments as the command's options: None and False are left out."""
    flags = []
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        if value is True:
            flags.append(flag)
        elif value is not None and value is not False:
            flags.append(f"{flag}={value}")
    return flags


def _run(job: "Job", progress: Literal["bar", "lines", "off"]) -> "Result":
    """The finished run; in a thread of its own where this one has a running event loop, as in a notebook."""
    from synth.run.pipeline import run_job

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return run_job(job, progress=progress)
    stops: list[Callable[[], object]] = []
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run_job, job, progress=progress, on_start=stops.append)
        try:
            return running.result()
        except KeyboardInterrupt:
            for stop in stops:
                with suppress(RuntimeError):  # the asking is over
                    stop()
            return running.result()
