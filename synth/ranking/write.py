"""The files of a run that scores answers, and the figures of each judge."""

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sources.command.errors import AccountingError
from sources.files.write_parquet import OutputFile, Sink, look_back
from sources.pairs.schema import DROPPED, PAIRS
from synth.judging.audit import Audit, audit
from synth.judging.disagreements import Strongest
from synth.judging.families import Kin
from synth.judging.together import kappa, name_of
from synth.judging.verdicts import SCORES
from synth.ranking.collect import Collected, Everything, Outcomes, collect
from synth.ranking.from_labels import write_labels
from synth.ranking.job import ScoreJob
from synth.ranking.labels import Bench
from synth.ranking.to_pairs import Choosing, Made, Sinks, write_pairs
from synth.scoring.candidates import CandidateGroups
from synth.scoring.groups import Groups
from synth.scoring.scored import ANSWERS, VERDICTS

ROWS = 4096
"""Of a row group: few, so that little is in memory."""

OF_ANSWERS = {"verdicts.parquet": VERDICTS, "answers.parquet": ANSWERS, "scores.parquet": SCORES}
OF_PAIRS = {"pairs.parquet": PAIRS, "dropped.parquet": DROPPED}
AUDITED = ["source", "judge", "label", "chosen_first", "rejected_first", "chosen_chars", "rejected_chars"]


@dataclass(slots=True)
class OfScorer:
    """What one judge gave, or all together: the audit of labels, by reason the pairs without a label, the mean score
    and its spread, and how many groups are compared by expected scores."""

    name: str
    collected: Collected | None
    audits: list[Audit] = field(default_factory=list)
    no_label: Counter[str] = field(default_factory=Counter)
    mean: float | None = None
    spread: float | None = None
    finer: int = 0

    def figures(self) -> dict[str, object]:
        """The figures for JSON."""
        of = self.collected
        own: dict[str, object] = {}
        if of is not None:
            own = {
                "tokens": dict(sorted(of.tokens.items())),
                "questions_without_verdict": dict(sorted(of.no_verdict.items())),
                "probability_outside_scale": of.mean_outside,
            }
        return {
            **own,
            "pairs_without_label": dict(sorted(self.no_label.items())),
            "mean_score": self.mean,
            "spread_of_scores": self.spread,
            "groups_by_expected_score": self.finer,
            "audit": [each.as_dict() for each in self.audits],
        }


@dataclass(slots=True)
class Written:
    """What was written: files, what each judge gave and all together, if there are several; the kappa of their labels;
    the strongest disagreements with labels, and whether judges prefer their kin; and, of candidates, what became of the
    prompts."""

    judges: list[OfScorer]
    together: OfScorer | None
    every: Everything
    files: list[OutputFile] = field(default_factory=list)
    report: dict[str, str | int] | None = None
    kappa: float | None = None
    strongest: Strongest = field(default_factory=Strongest)
    made: Made | None = None
    kin: list[Kin] = field(default_factory=list)

    @property
    def each(self) -> list[OfScorer]:
        """Every judge, then all together."""
        return [*self.judges, *([self.together] if self.together else [])]

    @property
    def last(self) -> OfScorer:
        """The only judge, or all together."""
        return self.each[-1]


def files_of(groups: Groups) -> list[str]:
    """The tables that a run on these groups writes."""
    return [*OF_ANSWERS, *(OF_PAIRS if isinstance(groups, CandidateGroups) else ())]


def write_files(job: ScoreJob, groups: Groups, outcomes: Outcomes, folder: Path) -> Written:
    """Write the tables into `folder`; pairs with labels are audited, candidates become pairs.

    Raises:
        AccountingError: a pair or a prompt is unaccounted for.
    """
    schemas = {name: {**OF_ANSWERS, **OF_PAIRS}[name] for name in files_of(groups)}
    with ExitStack() as stack:
        sinks = {name: stack.enter_context(Sink(folder / name, schema, ROWS)) for name, schema in schemas.items()}
        every = collect(outcomes, sinks["verdicts.parquet"], sinks["answers.parquet"])
        bench = Bench.of([scorer.model for scorer in outcomes.scorers], every.values(), job.together)
        written = _figures(every, bench)
        if isinstance(groups, CandidateGroups):
            how = Choosing(job.choice, job.margin, job.seed)
            missing = {place: reason for judge in every.judges for place, reason in judge.missing.items()}
            places = Sinks(*(sinks[name] for name in ("pairs.parquet", "dropped.parquet", "scores.parquet")))
            written.made = write_pairs(groups, bench, missing, how, places)
        else:
            written.strongest = write_labels(groups, bench, outcomes, sinks["scores.parquet"])
    written.files = [look_back(folder, name) for name in schemas]
    if written.made is not None:
        _check(written.made, len(groups), written.files)
    else:
        _audit(written, pq.read_table(folder / "scores.parquet", columns=AUDITED), len(groups))
    return written


def _figures(every: Everything, bench: Bench) -> Written:
    judges = [OfScorer(judge.name, judge) for judge in every.judges]
    together = OfScorer(name_of(bench.rule), None) if bench.together is not None else None
    written = Written(judges, together, every)
    for of, (_, values) in zip(written.each, bench.each, strict=True):
        known = values.scores[~np.isnan(values.scores)]
        if len(known):
            of.mean, of.spread = round(float(known.mean()), 6), round(float(known.std()), 6)
        of.finer = int(np.count_nonzero(values.finer))
    return written


def _check(made: Made, prompts: int, files: list[OutputFile]) -> None:
    rows = {file.path: file.rows for file in files}
    found = (made.prompts + made.without.total(), rows["pairs.parquet"], rows["dropped.parquet"])
    if found != (prompts, made.pairs, made.without.total()):
        said = f"{prompts:,} prompts; with and without a pair, pairs and dropped rows: {found}"
        raise AccountingError("judge-prefs", said)


def _audit(written: Written, scores: pa.Table, pairs: int) -> None:
    """Audit each judge, and see that no pair was lost."""
    of = {judge.name: scores.filter(pc.equal(scores["judge"], judge.name)) for judge in written.each}
    for judge in written.each:
        judge.audits = audit(of[judge.name])
        labels = of[judge.name]["label"].to_pylist()
        judge.no_label = _reasons(judge.collected, labels)
        if len(labels) != pairs or judge.audits[-1].judged + judge.no_label.total() != pairs:
            found = f"{pairs:,} pairs, {judge.audits[-1].judged:,} with a label, {judge.no_label.total():,} without"
            raise AccountingError(f"judge-prefs: {judge.name}", found)
    if written.together:
        written.kappa = kappa([of[judge.name]["label"].to_pylist() for judge in written.judges])


def _reasons(collected: Collected | None, labels: Sequence[str | None]) -> Counter[str]:
    """The pairs without a label, by the reason of the first answer that has no score."""
    without = [number for number, label in enumerate(labels) if label is None]
    if collected is None:
        return Counter(["judge_without_verdict"] * len(without)) if without else Counter()
    missing = collected.missing
    return Counter(missing.get(2 * number) or missing.get(2 * number + 1) or "" for number in without)
