"""A run from answers to scores, and to labels of pairs or to pairs: read, ask, write."""

from contextlib import closing
from dataclasses import dataclass

from sources.command.errors import NoPairsError
from sources.files.folder import scratch_folder
from synth.asking.ask_all import AskResult, OnStart, ask_all
from synth.asking.meter import Progress
from synth.journal.journal import NAME, Journal
from synth.journal.out_folder import MANIFEST, check_out, put_in_place
from synth.judging.behind import look_behind
from synth.judging.families import lines_of
from synth.judging.report import NAME as REPORT
from synth.judging.report import Facts, Figures
from synth.judging.write import write_report
from synth.ranking.collect import Outcomes
from synth.ranking.job import ScoreJob
from synth.ranking.manifest import render_manifest
from synth.ranking.write import OF_ANSWERS, OF_PAIRS, Written, files_of, write_files
from synth.scoring.domains import Domains
from synth.scoring.groups import Groups, PairGroups
from synth.scoring.questions import Pointwise, Rewarding, Scorer

ANY = [*OF_ANSWERS, *OF_PAIRS, REPORT]
"""Every file that a run of judge-prefs may write."""


@dataclass(frozen=True, slots=True)
class Scoring:
    """A finished run."""

    groups: Groups
    domains: Domains
    scorers: list[Scorer]
    asked: AskResult
    written: Written
    remarks: list[str]


def run_scoring(job: ScoreJob, *, progress: Progress = "lines", on_start: OnStart | None = None) -> Scoring:
    """The finished run: every score that the journal does not hold is asked for, then all are written.

    `on_start` is given a function that ends the asking early, from any thread, as Ctrl-C does.

    Raises:
        PrefsError: says where, what and what to do. What was answered is in the journal; the files of an earlier run
            are as they were.
        KeyboardInterrupt: the same holds.
    """
    check_out(job.out, ANY, mark="judges", command="judge-prefs")
    with scratch_folder(job.out) as scratch:
        groups = job.read(scratch)
        domains = job.load_domains(groups)
        with closing(Journal(job.out / NAME)) as journal:
            asked = ask_all(job.work(groups, domains), journal, progress=progress, on_start=on_start)
            scorers: list[Scorer] = [way for way in asked.ways.values() if isinstance(way, (Pointwise, Rewarding))]
            written = write_files(job, groups, Outcomes(scorers, domains, journal.find, asked.reason), scratch)
            if not sum(judge.collected.tokens["scored"] for judge in written.judges if judge.collected):
                why = f" ({asked.not_asked})" if asked.not_asked else ""
                raise NoPairsError(job.out, f"no answer has a score{why}", hint="No file was written.")
            files = files_of(groups)
            if isinstance(groups, PairGroups):
                behind = look_behind([each.name for each in written.each], job.input, groups.lang, scratch)
                written.kin = [kin for kin, _ in behind if kin is not None]
                written.report = write_report(_facts(groups, domains, written), scratch)
                files.append(REPORT)
            (scratch / MANIFEST).write_text(render_manifest(job, groups, domains, scorers, written), encoding="utf-8")
            put_in_place(scratch, job.out, files, others=ANY)
            return Scoring(groups, domains, scorers, asked, written, journal.remarks)


def _facts(groups: PairGroups, domains: Domains, written: Written) -> Facts:
    return Facts(
        judges=[Figures(each.name, each.audits, dict(sorted(each.no_label.items()))) for each in written.each],
        kappa=written.kappa,
        rubric=", ".join(sorted({rubric.name for rubric in domains.rubrics.values()})) or "none",
        pairs=groups.pairs,
        disagreements=written.strongest.found,
        findings=lines_of(written.kin),
        orders=False,
    )
