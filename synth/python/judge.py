"""`judge`: what the command judge-prefs does, as a function."""

import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sources.command.extras import explain_missing_packages
from sources.pairs.languages import Lang
from synth.judge_prefs import make_job, parse
from synth.python.calling import OnStart, Progress, flags_of, parser_for, progress_of, run_anywhere

if TYPE_CHECKING:
    import pandas

    from synth.judging.audit import Audit
    from synth.judging.disagreements import Disagreement
    from synth.judging.job import JudgeJob
    from synth.ranking.job import ScoreJob


@dataclass(frozen=True, slots=True)
class JudgeResult:
    """What a run wrote: its folder, the audit of each source by the judge or by all judges together (the last one is
    the total, where there are several; none of candidates), and the strongest disagreements; notebooks show the audit
    as a table."""

    folder: Path
    judges: list[str]
    audits: "list[Audit]"
    disagreements: "list[Disagreement]"

    @property
    def verdicts(self) -> "pandas.DataFrame":
        """Every question with its answer."""
        import pandas

        return pandas.read_parquet(self.folder / "verdicts.parquet")

    @property
    def scores(self) -> "pandas.DataFrame":
        """Every pair with its label."""
        import pandas

        return pandas.read_parquet(self.folder / "scores.parquet")

    @property
    def answers(self) -> "pandas.DataFrame":
        """Every answer with its scores by aspect; only where answers were scored one by one."""
        import pandas

        return pandas.read_parquet(self.folder / "answers.parquet")

    @property
    def pairs(self) -> "pandas.DataFrame":
        """The pairs made of candidates."""
        import pandas

        return pandas.read_parquet(self.folder / "pairs.parquet")

    def _repr_html_(self) -> str:
        from rich.console import Console

        from synth.judging.show import audit_table

        text = io.StringIO()
        Console(file=text, width=160).print(audit_table(f"{', '.join(self.judges)} on the labels", self.audits))
        return f"<pre>{html.escape(text.getvalue())}</pre>"


def judge(  # noqa: PLR0913 - the options of judge-prefs
    pairs: str | Path,
    *,
    out: str | Path,
    judge_model: str | Sequence[str] | None = None,
    judge_url: str | Sequence[str] | None = None,
    judge_key_file: str | Path | Sequence[str | Path] | None = None,
    reward_model: str | Sequence[str] | None = None,
    reward_url: str | Sequence[str] | None = None,
    reward_key_file: str | Path | Sequence[str | Path] | None = None,
    mode: Literal["pairwise", "pointwise"] | None = None,
    together: Literal["majority", "all", "mean", "standardised"] | None = None,
    recipe: str | Path | None = None,
    domain: str | None = None,
    domain_column: str | None = None,
    choose: Literal["best_worst", "best_random", "adjacent", "above_margin", "closest_length"] | None = None,
    margin: float | None = None,
    seed: int | None = None,
    lang: Lang | None = None,
    sample: int | None = None,
    rubric: str | Path | None = None,
    batch: bool = False,
    no_wait: bool = False,
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
) -> JudgeResult:
    """The verdicts of models on pairs, or scores of answers, and what follows, as the command judge-prefs writes them.

    Every argument is the option of judge-prefs of that name (`judge-prefs --help`; docs/judge.md). Keys of servers are
    read from the environment or a file. Verdicts that are in the folder's journal are not asked for again. Nothing is
    printed unless `progress` is true.

    Raises:
        UsageError: an argument is wrong, or does not go with another.
        StillWaitingError: with `batch` and `no_wait`, batches are not finished yet; call again later.
        PrefsError: the pairs, the server or the disk failed; what was answered is kept in the journal.
        KeyboardInterrupt: likewise.
    """
    options = dict(locals())
    shown = progress_of(shown=bool(options.pop("progress")))
    words = [*flags_of({name: value for name, value in options.items() if name != "pairs"}), "--", str(pairs)]
    with explain_missing_packages("synth"):
        job = make_job(parse(words, parser_for("judge()")))
        run = partial(_run, job, shown)
        audits, disagreements = run_anywhere(run)
    return JudgeResult(job.out, [each.name for each in job.judges], audits, disagreements)


def _run(
    job: "JudgeJob | ScoreJob", progress: Progress, on_start: OnStart | None
) -> "tuple[list[Audit], list[Disagreement]]":
    """The audits and the strongest disagreements of a finished run."""
    from synth.judging.pipeline import run_judging
    from synth.ranking.job import ScoreJob
    from synth.ranking.pipeline import run_scoring

    if isinstance(job, ScoreJob):
        scored = run_scoring(job, progress=progress, on_start=on_start).written
        return scored.last.audits, scored.strongest.found
    written = run_judging(job, progress=progress, on_start=on_start).written
    return written.last.audits, written.strongest.found
