"""A run from prompts to candidates: read, ask every model, write; a judge makes pairs of them later."""

from contextlib import closing
from dataclasses import dataclass

from sources.command.errors import NoPairsError
from sources.files.folder import scratch_folder
from sources.files.write_parquet import OutputFile
from sources.pairs.ledger import Account
from synth.asking.ask_all import AskResult, OnStart, ask_all
from synth.asking.meter import Progress
from synth.job.job import Job
from synth.job.prompts import Prompts
from synth.journal.journal import NAME, Journal
from synth.journal.out_folder import MANIFEST, check_out, put_in_place
from synth.pairing.candidates import offered
from synth.pairing.offers import SCHEMAS, Offer, write_offers
from synth.run.manifest import render_candidates_manifest
from synth.run.work import work_of


@dataclass(frozen=True, slots=True)
class Collected:
    """A finished run."""

    prompts: Prompts
    asked: AskResult
    account: Account
    files: list[OutputFile]
    offers: list[Offer]
    remarks: list[str]


def collect(job: Job, *, progress: Progress = "lines", on_start: OnStart | None = None) -> Collected:
    """The finished run: every answer that the journal does not hold is asked for, then all are written.

    `on_start` is given a function that ends the asking early, from any thread, as Ctrl-C does.

    Raises:
        PrefsError: says where, what and what to do. What was answered is in the journal; the files of an earlier run
            are as they were.
        KeyboardInterrupt: the same holds.
    """
    check_out(job.out, list(SCHEMAS), mark="candidates", command="synth-prefs --candidate-model")
    with scratch_folder(job.out) as scratch:
        prompts = job.read_prompts(scratch)
        with closing(Journal(job.out / NAME)) as journal:
            asked = ask_all(work_of(job, prompts), journal, progress=progress, on_start=on_start)
            writers = [job.writer(model, way.api) for model, way in asked.ways.items()]
            groups = offered(prompts, writers, journal, asked.reason)
            account, files, offers = write_offers(groups, prompts, writers, scratch)
            if not account.rows_used:
                why = f" ({asked.not_asked})" if asked.not_asked else ""
                raise NoPairsError(job.out, f"no prompt has an answer{why}", hint="No file was written.")
            manifest = render_candidates_manifest(job, prompts, offers, account, files)
            (scratch / MANIFEST).write_text(manifest, encoding="utf-8")
            put_in_place(scratch, job.out, list(SCHEMAS))
            return Collected(prompts, asked, account, files, offers, journal.remarks)
