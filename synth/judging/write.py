"""The files of a run of judge-prefs: verdicts, scores and the manifest."""

import hashlib
import json
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sources.command.errors import AccountingError
from sources.files.write_parquet import OutputFile, Sink, look_back
from synth.asking.work import Find
from synth.job.completion import Completion
from synth.judging.audit import Audit, audit
from synth.judging.disagreements import Strongest
from synth.judging.job import JudgeJob
from synth.judging.pairs import Pairs
from synth.judging.questions import Judging
from synth.judging.report import NAME, Facts, render_report
from synth.judging.rubric import Rubric
from synth.judging.verdict import Unreadable
from synth.judging.verdicts import SCORES, VERDICTS, Judged, Why, judged, score_table, verdict_table

FORMAT = 1
ROWS = 4096
"""Of a row group: few, so that little is in memory."""

SCHEMAS = {"verdicts.parquet": VERDICTS, "scores.parquet": SCORES}
FILES = [*SCHEMAS, NAME]
PACKAGES = ("numpy", "pyarrow", "orjson")
AUDITED = ["source", "label", "chosen_first", "rejected_first", "chosen_chars", "rejected_chars"]


@dataclass(slots=True)
class Written:
    """What was written: the files, the report, the audit, the strongest disagreements, answers and tokens, and by
    reason the pairs without a label and the questions without a verdict."""

    files: list[OutputFile] = field(default_factory=list)
    report: dict[str, str | int] = field(default_factory=dict)
    audits: list[Audit] = field(default_factory=list)
    strongest: Strongest = field(default_factory=Strongest)
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


def write_files(judging: Judging, find: Find, why: Why, folder: Path) -> Written:
    """Write both files into `folder`, and audit them.

    Raises:
        AccountingError: a pair is unaccounted for.
    """
    written = Written()
    with ExitStack() as stack:
        sinks = {name: stack.enter_context(Sink(folder / name, schema, ROWS)) for name, schema in SCHEMAS.items()}
        for group in judged(judging, find, why):
            sinks["verdicts.parquet"].write(verdict_table(group, judging.model))
            sinks["scores.parquet"].write(score_table(group, judging.model))
            written.strongest.add(group)
            written.count(group)
    written.files = [look_back(folder, name) for name in SCHEMAS]
    written.audits = audit(_read_scores(folder))
    labelled = written.audits[-1].judged
    if labelled + written.no_label.total() != len(judging.pairs):
        found = f"{len(judging.pairs):,} pairs, {labelled:,} with a label, {written.no_label.total():,} without"
        raise AccountingError("judge-prefs", found)
    return written


def _read_scores(folder: Path) -> pa.Table:
    return pq.read_table(folder / "scores.parquet", columns=AUDITED)


def write_report(facts: Facts, folder: Path) -> dict[str, str | int]:
    """Write report.html into `folder`; returns what the manifest says of it."""
    html = render_report(facts).encode()
    (folder / NAME).write_bytes(html)
    return {"path": NAME, "bytes": len(html), "sha256": hashlib.sha256(html).hexdigest()}


def render_manifest(job: JudgeJob, judging: Judging, rubric: Rubric, written: Written) -> str:
    """The manifest as JSON, without times, paths or addresses; the same however often the run was interrupted."""
    pairs: Pairs = judging.pairs
    manifest = {
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
        "judges": [
            {
                "model": judging.model,
                "kind": "pairwise",
                "scale": "the share of two orders that an answer won: 0, 0.5 or 1",
                "structured_output": judging.structured,
                "rubric": rubric.model_dump(mode="json"),
                "tokens": dict(sorted(written.tokens.items())),
                "pairs_without_label": dict(sorted(written.no_label.items())),
                "questions_without_verdict": dict(sorted(written.no_verdict.items())),
                "audit": [each.as_dict() for each in written.audits],
            }
        ],
        "outputs": [*(file.as_dict() for file in written.files), written.report],
    }
    return json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
