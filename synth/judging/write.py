"""The files of a run of judge-prefs: verdicts, scores and the manifest."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sources.command.errors import AccountingError
from sources.files.write_parquet import OutputFile, Sink, look_back
from synth.asking.work import Find
from synth.job.completion import Completion
from synth.judging.audit import Audit, audit
from synth.judging.cycles import Cycles
from synth.judging.disagreements import Strongest
from synth.judging.families import Kin, lines_of
from synth.judging.job import JudgeJob
from synth.judging.pairs import Pairs
from synth.judging.questions import Judging
from synth.judging.report import NAME, Facts, render_report
from synth.judging.rubric import Rubric
from synth.judging.spoken import Unreadable
from synth.judging.together import Rule, kappa, name_of, scores_together
from synth.judging.verdicts import SCORES, VERDICTS, Judged, Why, judged, score_table, verdict_table

FORMAT = 1
ROWS = 4096
"""Of a row group: few, so that little is in memory."""

SCHEMAS = {"verdicts.parquet": VERDICTS, "scores.parquet": SCORES}
FILES = [*SCHEMAS, NAME]
OF_SCORES = ("answers.parquet", "pairs.parquet", "dropped.parquet")
"""Further files that a run writes which scores answers; one in both orders removes them."""

PACKAGES = ("numpy", "pyarrow", "orjson")
AUDITED = ["source", "judge", "label", "chosen_first", "rejected_first", "chosen_chars", "rejected_chars"]


@dataclass(slots=True)
class OfJudge:
    """What one judge gave, or several together: the audit, answers and tokens, and by reason the pairs without a label
    and the questions without a verdict."""

    name: str
    audits: list[Audit] = field(default_factory=list)
    tokens: Counter[str] = field(default_factory=Counter)
    no_label: Counter[str] = field(default_factory=Counter)
    no_verdict: Counter[str] = field(default_factory=Counter)

    def count(self, group: list[Judged]) -> None:
        """Some more pairs."""
        for one in group:
            for each in one.asked:
                if isinstance(each.verdict, Unreadable):
                    self.no_verdict[each.verdict.reason] += 1
                if isinstance(each.outcome, Completion):
                    self.tokens["answers"] += 1
                    self.tokens["prompt_tokens"] += each.outcome.prompt_tokens or 0
                    self.tokens["completion_tokens"] += each.outcome.completion_tokens or 0
            if one.label is None:
                last = {each.first: each.verdict for each in one.asked}
                self.no_label[next(said.reason for said in last.values() if isinstance(said, Unreadable))] += 1

    def figures(self) -> dict[str, object]:
        """The figures for JSON."""
        return {
            "tokens": dict(sorted(self.tokens.items())),
            "pairs_without_label": dict(sorted(self.no_label.items())),
            "questions_without_verdict": dict(sorted(self.no_verdict.items())),
            "audit": [each.as_dict() for each in self.audits],
        }


@dataclass(slots=True)
class Written:
    """What was written: the files, the report, what each judge gave and, where there are several, all together; their
    kappa; the strongest disagreements; whether they prefer their kin, and the circles in their preferences."""

    judges: list[OfJudge]
    together: OfJudge | None = None
    kappa: float | None = None
    files: list[OutputFile] = field(default_factory=list)
    report: dict[str, str | int] = field(default_factory=dict)
    strongest: Strongest = field(default_factory=Strongest)
    kin: list[Kin] = field(default_factory=list)
    cycles: list[Cycles] = field(default_factory=list)

    @property
    def findings(self) -> list[str]:
        """What was found of the judges beside their figures, in words; nothing of what no pair could show."""
        return [*lines_of(self.kin), *(each.line for each in self.cycles if each.of)]

    @property
    def each(self) -> list[OfJudge]:
        """Every judge, then all together."""
        return [*self.judges, *([self.together] if self.together else [])]

    @property
    def last(self) -> OfJudge:
        """The only judge, or all together."""
        return self.each[-1]


def write_files(ways: Sequence[Judging], rule: Rule, find: Find, why: Why, folder: Path) -> Written:
    """Write both files into `folder`, and audit them; `ways` is how each judge was asked.

    Raises:
        AccountingError: a pair is unaccounted for.
    """
    written = Written([OfJudge(way.model) for way in ways], OfJudge(name_of(rule)) if len(ways) > 1 else None)
    with ExitStack() as stack:
        sinks = {name: stack.enter_context(Sink(folder / name, schema, ROWS)) for name, schema in SCHEMAS.items()}
        for groups in zip(*(judged(way, find, why) for way in ways), strict=True):
            scores = [score_table(group, way.model) for group, way in zip(groups, ways, strict=True)]
            if written.together:
                scores.append(scores_together(scores, rule))
            for judge, way, group in zip(written.judges, ways, groups, strict=True):
                sinks["verdicts.parquet"].write(verdict_table(group, way.model))
                judge.count(group)
            for table in scores:
                sinks["scores.parquet"].write(table)
            written.strongest.add(scores[-1]["label"].to_pylist(), groups)
    written.files = [look_back(folder, name) for name in SCHEMAS]
    _audit(written, pq.read_table(folder / "scores.parquet", columns=AUDITED), len(ways[0].pairs))
    return written


def _audit(written: Written, scores: pa.Table, pairs: int) -> None:
    """Audit each judge, and see that no pair was lost."""
    of = {judge.name: scores.filter(pc.equal(scores["judge"], judge.name)) for judge in written.each}
    for judge in written.each:
        judge.audits = audit(of[judge.name])
        if judge is written.together:
            judge.no_label.update(["judge_without_verdict"] * (pairs - judge.audits[-1].judged))
        labelled, without = judge.audits[-1].judged, judge.no_label.total()
        if labelled + without != pairs or len(of[judge.name]) != pairs:
            found = f"{pairs:,} pairs, {labelled:,} with a label, {without:,} without"
            raise AccountingError(f"judge-prefs: {judge.name}", found)
    if written.together:
        written.kappa = kappa([of[judge.name]["label"].to_pylist() for judge in written.judges])


def write_report(facts: Facts, folder: Path) -> dict[str, str | int]:
    """Write report.html into `folder`; returns what the manifest says of it."""
    html = render_report(facts).encode()
    (folder / NAME).write_bytes(html)
    return {"path": NAME, "bytes": len(html), "sha256": hashlib.sha256(html).hexdigest()}


def render_manifest(job: JudgeJob, ways: Sequence[Judging], rubric: Rubric, written: Written) -> str:
    """The manifest as JSON, without times, paths or addresses; the same however often the run was interrupted."""
    pairs: Pairs = ways[0].pairs
    manifest: dict[str, object] = {
        "format": FORMAT,
        "lang": pairs.lang,
        "made_with": {"build-prefs": version("build-prefs"), **{name: version(name) for name in PACKAGES}},
        "judged": {
            "files": [{"file": name, "sha256": sha256} for name, sha256 in pairs.files],
            "sample": job.sample,
            "pairs": len(pairs),
            "pairs_by_source": dict(sorted(pairs.of_source.items())),
            "left_out": [
                {"source": source, "reason": reason, "pairs": count}
                for (source, reason), count in sorted(pairs.left_out.items())
            ],
        },
        "rubric": rubric.model_dump(mode="json"),
        "scale": "the share of two orders that an answer won: 0, 0.5 or 1",
        "judges": [
            {"model": judge.name, "kind": "pairwise", "structured_output": way.structured, **judge.figures()}
            for judge, way in zip(written.judges, ways, strict=True)
        ],
        "outputs": [*(file.as_dict() for file in written.files), written.report],
    }
    manifest["kin"] = [each.as_dict() for each in written.kin]
    manifest["cycles"] = [each.as_dict() for each in written.cycles]
    manifest["findings"] = written.findings
    if written.together:
        manifest["together"] = {"rule": job.rule, "kappa": written.kappa, **written.together.figures()}
    return json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
