"""`synthesize`: what the command synth-prefs does, as a function."""

import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sources.command.extras import explain_missing_packages
from sources.pairs.languages import Lang
from sources.pairs.ledger import Account
from synth.job.rejected_from import Worse
from synth.python.calling import flags_of, parser_for, progress_of, run_anywhere
from synth.synth_prefs import make_job, parse

if TYPE_CHECKING:
    import pandas
    from datasets import Dataset


@dataclass(frozen=True, slots=True)
class SynthResult:
    """What a run wrote: its folder, and the account of every prompt; notebooks show the account as a table."""

    folder: Path
    accounts: list[Account]

    @property
    def pairs(self) -> "Dataset":
        """The pairs (columns of `sources.pairs.schema.PAIRS`), in the order of the prompts. Candidates make none."""
        import pyarrow.parquet as pq
        from datasets import Dataset

        return Dataset(pq.read_table(self.folder / "pairs.parquet"))

    @property
    def candidates(self) -> "pandas.DataFrame":
        """Every answer, and what became of it."""
        import pandas

        return pandas.read_parquet(self.folder / "candidates.parquet")

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
    rejected_model: str | None = None,
    rejected_url: str | None = None,
    candidate_model: Sequence[str] | None = None,
    out: str | Path | None = None,
    sample: bool = False,
    mirror: str | Path | None = None,
    prompts: str | Path | None = None,
    licence: str | None = None,
    limit: int | None = None,
    rejected_key_file: str | Path | None = None,
    engine: Literal["server", "vllm"] = "server",
    num_rejected: int | None = None,
    rejected_from: Worse = "weaker",
    rejected_temperature: float | None = None,
    answers: int | None = None,
    on_policy: bool = False,
    candidate_key_file: Sequence[str | Path] | None = None,
    template: str | Path | None = None,
    chosen_model: str | None = None,
    chosen_url: str | None = None,
    chosen_key_file: str | Path | None = None,
    batch: bool = False,
    no_wait: bool = False,
    recipe: str | Path | None = None,
    pairing: Literal["first", "all", "closest_length"] | None = None,
    thinking: Literal["on", "off"] | None = None,
    seed: int = 0,
    concurrency: int = 64,
    timeout: float = 600.0,
    patience: float = 600.0,
    max_spend: float | None = None,
    prices: str | Path | None = None,
    retry_refused: bool = False,
    forget_batches: bool = False,
    allow_empty: bool = False,
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
    shown = progress_of(shown=bool(options.pop("progress")))
    with explain_missing_packages("synth"):
        from synth.run.collect import collect as collect_answers
        from synth.run.pipeline import run_job

        job = make_job(parse(flags_of(options), parser_for("synthesize()")))
        run = collect_answers if job.candidates else run_job
        result = run_anywhere(lambda on_start: run(job, progress=shown, on_start=on_start))
    return SynthResult(job.out, [result.account])
