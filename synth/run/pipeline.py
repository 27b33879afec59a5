"""A run from prompts to pairs: read, ask, pair, write."""

from contextlib import closing
from dataclasses import dataclass

from sources.command.errors import NoPairsError
from sources.files.folder import scratch_folder
from sources.files.write_parquet import OutputFile
from sources.pairs.ledger import Account
from synth.asking.ask_all import AskResult, OnStart, ask_all
from synth.asking.meter import Progress
from synth.job.answer_checks import AnswerLimits
from synth.job.job import Job
from synth.job.prompts import Prompts
from synth.journal.journal import NAME, Journal
from synth.journal.out_folder import MANIFEST, check_out, put_in_place
from synth.pairing.candidates import Writers, answered
from synth.pairing.pair import Rule
from synth.pairing.write import SCHEMAS, write_files
from synth.run.manifest import render_manifest
from synth.run.work import work_of


@dataclass(frozen=True, slots=True)
class Result:
    """A finished run."""

    prompts: Prompts
    asked: AskResult
    account: Account
    files: list[OutputFile]
    remarks: list[str]


def run_job(job: Job, *, progress: Progress = "lines", on_start: OnStart | None = None) -> Result:
    """The finished run: every answer that the journal does not hold is asked for, then all pairs are written.

    `on_start` is given a function that ends the asking early, from any thread, as Ctrl-C does.

    Raises:
        PrefsError: says where, what and what to do. What was answered is in the journal; the files of an earlier run
            are as they were.
        KeyboardInterrupt: the same holds.
    """
    check_out(job.out, list(SCHEMAS), mark="writers", command="synth-prefs")
    with scratch_folder(job.out) as scratch:
        prompts = job.read_prompts(scratch)
        with closing(Journal(job.out / NAME)) as journal:
            asked = ask_all(work_of(job, prompts), journal, progress=progress, on_start=on_start)
            writers = _writers(job, asked)
            groups = answered(prompts, writers, journal, asked.reason)
            account, files, tokens = write_files(groups, prompts, _rule(job, writers), scratch)
            if not account.pairs_made:
                why = f" ({asked.not_asked})" if asked.not_asked else ""
                found = f"no prompt has answers on both sides{why}"
                raise NoPairsError(job.out, found, hint="No file was written.")
            manifest = render_manifest(job, prompts, writers, account, (files, tokens))
            (scratch / MANIFEST).write_text(manifest, encoding="utf-8")
            put_in_place(scratch, job.out, list(SCHEMAS))
            return Result(prompts, asked, account, files, journal.remarks)


def _writers(job: Job, asked: AskResult) -> Writers:
    """Who wrote each side, by the interface that was found."""
    found = {model.side: job.writer(model, way.api) for model, way in asked.ways.items()}
    return Writers(found["rejected"], found.get("chosen"), off_topic=job.rejected_from.way == "off-topic")


def _rule(job: Job, writers: Writers) -> Rule:
    template = writers.rejected.template
    limits = AnswerLimits(max_similarity=job.recipe.max_similarity, marks=template.marks if template else ())
    return Rule(job.recipe.pairing, job.recipe.checks, limits, job.recipe.reasoning, job.rejected_from)
