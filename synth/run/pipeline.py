"""A run from prompts to pairs: read, ask, pair, write."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import orjson

from sources.command.errors import NoPairsError, OutputError
from sources.files.folder import scratch_folder
from sources.files.write_parquet import OutputFile
from sources.pairs.ledger import Account
from synth.asking.ask_all import AskResult, OnStart, ask_all
from synth.asking.meter import Progress
from synth.job.answer_checks import AnswerLimits
from synth.job.job import Job
from synth.job.prompts import Prompts
from synth.journal.journal import NAME, Journal
from synth.pairing.candidates import Writers, answered
from synth.pairing.pair import Rule
from synth.pairing.write import MANIFEST, SCHEMAS, put_in_place, write_files
from synth.run.manifest import render_manifest


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
    check_out(job)
    with scratch_folder(job.out) as scratch:
        prompts = job.read_prompts(scratch)
        journal = Journal(job.out / NAME)
        try:
            if job.retry_refused:
                journal.forget_refusals()
            if job.forget_batches:
                journal.batches.forget()
            asked = asyncio.run(ask_all(job, prompts, journal, progress=progress, on_start=on_start))
            if asked is None:
                raise KeyboardInterrupt
            groups = answered(prompts, asked.writers, journal, asked.reason)
            account, files, tokens = write_files(groups, prompts, _rule(job, asked.writers), scratch)
            if not account.pairs_made:
                why = f" ({asked.not_asked})" if asked.not_asked else ""
                found = f"no prompt has answers on both sides{why}"
                raise NoPairsError(job.out, found, hint="No file was written.")
            manifest = render_manifest(job, prompts, asked.writers, account, (files, tokens))
            (scratch / MANIFEST).write_text(manifest, encoding="utf-8")
            put_in_place(scratch, job.out)
            return Result(prompts, asked, account, files, journal.remarks)
        finally:
            journal.close()


def check_out(job: Job) -> None:
    """Check that the output folder is new, empty, or written by an earlier run.

    Raises:
        OutputError: another program wrote a file there that this run would replace.
    """
    ours = (job.out / NAME).exists() or _is_ours(job.out / MANIFEST)
    for name in (*SCHEMAS, MANIFEST):
        if not ours and (job.out / name).exists():
            raise OutputError(
                job.out / name, "is there, and no run of synth-prefs wrote it", hint="Give another --out."
            )


def _is_ours(manifest: Path) -> bool:
    """Whether it is the manifest of a run of synth-prefs, and not that of a build, say."""
    try:
        return "writers" in orjson.loads(manifest.read_bytes())
    except (OSError, TypeError, orjson.JSONDecodeError):
        return False


def _rule(job: Job, writers: Writers) -> Rule:
    template = writers.rejected.template
    limits = AnswerLimits(max_similarity=job.recipe.max_similarity, marks=template.marks if template else ())
    return Rule(job.recipe.pairing, job.recipe.checks, limits)
