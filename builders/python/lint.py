"""`lint`: what the command lint-prefs does, as a function."""

import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builders.inputs.added import want_files
from builders.inputs.inputs import Request
from builders.linting.examine import RECIPE, Examined, Subject, examine
from builders.linting.rules import Severity
from builders.linting.show import by_rule, lines, share
from builders.linting.splits import FoundFiles, find_files
from builders.linting.tokens import load_limit, template_tokens
from builders.measures.giveaways import Giveaways
from builders.python.build import MAX_WORKERS, Names, check_counts, listed
from sources.command.errors import UsageError
from sources.command.progress import Bars, Silent
from sources.fetch.fetcher import Mirror, sample

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that found something: `count` of `of` rows or pairs; `examples` say where and what, safe to print."""

    rule: str
    severity: Severity
    what: str
    count: int
    of: int
    examples: list[str]


@dataclass(frozen=True, slots=True, repr=False)
class LintResult:
    """What lint-prefs shows: `findings` in the order of the rules, the worst first."""

    examined: Examined

    @property
    def findings(self) -> list[Finding]:
        return [
            Finding(rule.code, rule.severity, rule.what, found.count, found.of, lines(found))
            for rule, found in by_rule(self.examined)
        ]

    @property
    def rows(self) -> int:
        """Rows read."""
        return self.examined.account.rows_read

    @property
    def pairs(self) -> int:
        """Pairs made of them."""
        return self.examined.account.pairs_made

    @property
    def length_auc(self) -> float:
        """The share of pairs whose longer answer is the chosen one, ties counted half; 0.5 gives nothing away."""
        return self.examined.length_auc

    @property
    def giveaways(self) -> list[Giveaways]:
        """How far one gets without reading the prompt, in each file of enough prompts (docs/giveaways.md)."""
        return self.examined.giveaways

    def to_pandas(self) -> "pandas.DataFrame":
        """A row for each finding, with the columns of `Finding`."""
        import pandas

        return pandas.DataFrame([asdict(finding) for finding in self.findings], columns=list(Finding.__slots__))

    def __repr__(self) -> str:
        shown = [
            f"{rule.severity:<8} {rule.code:<20} {found.count:>8,}  {share(found):>6}  {rule.what}"
            for rule, found in by_rule(self.examined)
        ]
        return "\n".join([f"{self.rows:,} rows, {self.pairs:,} pairs", *(shown or ["nothing was found"])])

    def _repr_html_(self) -> str:
        from html import escape

        body = "".join(
            "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in (one.severity, one.rule, f"{one.count:,}", one.what,
                                                                     (one.examples or [""])[0])) + "</tr>"
            for one in self.findings
        )  # fmt: skip
        head = "<tr><th>severity</th><th>rule</th><th>count</th><th>what</th><th>example</th></tr>"
        return f"<p>{self.rows:,} rows, {self.pairs:,} pairs</p><table>{head}{body}</table>"


def lint(
    data: str | Path,
    *,
    layout: str = "",
    encoding: str = "",
    include: Names = (),
    exclude: Names = (),
    tokenizer: str | Path | None = None,
    max_tokens: int = 2048,
    benchmarks: str | Path | None = None,
    limit: int | None = None,
    workers: int | None = None,
    progress: bool = False,
) -> LintResult:
    """What is wrong with the preference data in a file, a folder or `owner/name[@revision]` on the Hub.

    `encoding` is that of text which is not UTF-8; `include` and `exclude` are patterns for the files of a folder.
    `max_tokens` counts with `tokenizer` (a tokenizer.json or the folder of a model); `limit` is rows of each file;
    `progress` shows bars on stderr.

    Raises:
        PrefsError: says where, what was found, what was expected and what to do.
    """
    found = find_files(Path(data), "PATH", want_files(listed(include), listed(exclude), encoding))
    return LintResult(
        examine_files(
            found,
            layout=layout,
            tokenizer=Path(tokenizer) if tokenizer is not None else None,
            max_tokens=max_tokens,
            benchmarks=Path(benchmarks) if benchmarks is not None else None,
            limit=limit,
            workers=workers,
            progress=progress,
        )
    )


def examine_files(
    found: FoundFiles,
    *,
    layout: str,
    tokenizer: Path | None,
    max_tokens: int,
    benchmarks: Path | None,
    limit: int | None,
    workers: int | None,
    progress: bool,
) -> Examined:
    """What the rules find in these files.

    Raises:
        PrefsError: a file cannot be read, or no row gives a pair.
    """
    subject = Subject(found.files, found.passed_over, layout, load_limit(tokenizer, max_tokens) if tokenizer else None)
    bars = Bars() if progress else Silent()
    with tempfile.TemporaryDirectory(prefix="lint-prefs-") as scratch:
        try:
            limits = RECIPE.limits.model_copy(update={"template_tokens": template_tokens(subject.limit)})
            recipe = RECIPE.model_copy(update={"limits": limits})
            request = make_request(Path(scratch), benchmarks=benchmarks, limit=limit, workers=workers, recipe=recipe)
            return examine(subject, request, bars, Path(scratch))
        finally:
            bars.close()


def make_request(
    out: Path, *, benchmarks: Path | None, limit: int | None, workers: int | None, **changes: Any
) -> Request:
    """A build of both languages that looks for everything; `changes` are other fields of the request.

    Raises:
        UsageError: there are no benchmarks where they should be.
    """
    check_counts(limit=limit, workers=workers)
    if benchmarks is not None and not benchmarks.is_dir():
        raise UsageError("--benchmarks", f"no folder {benchmarks}")
    recipe = changes.pop("recipe", RECIPE)
    stages = tuple(stage for stage in recipe.stages if stage != "contamination" or benchmarks)
    settings = {
        "langs": ("zh", "en"),
        "recipe": recipe.model_copy(update={"stages": stages}),
        "fetcher": Mirror(benchmarks) if benchmarks else sample(),  # for benchmarks only
        "out": out,
        "benchmarks": benchmarks,
        "max_rows": limit,
        "workers": workers or min(MAX_WORKERS, os.cpu_count() or 1),
    }
    return Request(**{**settings, **changes})
