"""A run from pairs to verdicts and their audit: read, ask, write."""

from contextlib import closing
from dataclasses import dataclass

from sources.command.errors import NoPairsError
from sources.files.folder import scratch_folder
from synth.asking.ask_all import AskResult, OnStart, ask_all
from synth.asking.meter import Progress
from synth.journal.journal import NAME, Journal
from synth.journal.out_folder import MANIFEST, check_out, put_in_place
from synth.judging.behind import look_behind
from synth.judging.job import JudgeJob
from synth.judging.pairs import Pairs
from synth.judging.questions import Judging
from synth.judging.report import Facts, Figures
from synth.judging.rubric import Rubric
from synth.judging.write import FILES, OF_SCORES, Written, render_manifest, write_files, write_report


@dataclass(frozen=True, slots=True)
class Judgement:
    """A finished run."""

    pairs: Pairs
    rubric: Rubric
    asked: AskResult
    written: Written
    remarks: list[str]


def run_judging(job: JudgeJob, *, progress: Progress = "lines", on_start: OnStart | None = None) -> Judgement:
    """The finished run: every verdict that the journal does not hold is asked for, then all are written and audited.

    `on_start` is given a function that ends the asking early, from any thread, as Ctrl-C does.

    Raises:
        PrefsError: says where, what and what to do. What was answered is in the journal; the files of an earlier run
            are as they were.
        KeyboardInterrupt: the same holds.
    """
    check_out(job.out, FILES, mark="judges", command="judge-prefs")
    with scratch_folder(job.out) as scratch:
        pairs = job.read_pairs(scratch)
        rubric = job.load_rubric(pairs)
        with closing(Journal(job.out / NAME)) as journal:
            asked = ask_all(job.work(pairs, rubric), journal, progress=progress, on_start=on_start)
            ways = [way for way in asked.ways.values() if isinstance(way, Judging)]
            written = write_files(ways, job.rule, journal.find, asked.reason, scratch)
            if not sum(judge.tokens["answers"] for judge in written.judges):
                why = f" ({asked.not_asked})" if asked.not_asked else ""
                raise NoPairsError(job.out, f"no pair has a verdict{why}", hint="No file was written.")
            behind = look_behind([each.name for each in written.each], job.pairs, pairs.lang, scratch)
            written.kin = [kin for kin, _ in behind if kin is not None]
            written.cycles = [cycles for _, cycles in behind]
            written.report = write_report(_facts(pairs, rubric, written), scratch)
            (scratch / MANIFEST).write_text(render_manifest(job, ways, rubric, written), encoding="utf-8")
            put_in_place(scratch, job.out, FILES, others=OF_SCORES)
            return Judgement(pairs, rubric, asked, written, journal.remarks)


def _facts(pairs: Pairs, rubric: Rubric, written: Written) -> Facts:
    return Facts(
        judges=[Figures(each.name, each.audits, dict(sorted(each.no_label.items()))) for each in written.each],
        kappa=written.kappa,
        rubric=rubric.name,
        pairs=pairs,
        disagreements=written.strongest.found,
        findings=written.findings,
    )
