"""manifest.json: what determined the pairs, their counts and files; the same however often the run was interrupted."""

import json
from collections.abc import Sequence
from importlib.metadata import version

from sources.files.write_parquet import OutputFile
from sources.pairs.ledger import Account
from synth.job.completion import Writer
from synth.job.job import Job
from synth.job.prompts import Prompts
from synth.job.recipe import SIDES
from synth.pairing.candidates import Writers
from synth.pairing.offers import Offer
from synth.pairing.write import Tokens

FORMAT = 1
PACKAGES = ("numpy", "pyarrow", "langdetect", "xxhash", "orjson")


def render_manifest(
    job: Job, prompts: Prompts, writers: Writers, account: Account, made: tuple[list[OutputFile], Tokens]
) -> str:
    """The manifest as JSON, without times, paths or addresses."""
    files, tokens = made
    manifest = {
        **_made_of(job, prompts),
        "flags": {
            "limit": job.limit,
            "seed": job.seed,
            "num_rejected": job.answers,
            "rejected_from": job.rejected_from.as_dict(),
        },
        "writers": [{**_writer(writer), "tokens": tokens[writer.side]} for writer in writers.each()],
        "account": account.as_dict(),
        "outputs": [file.as_dict() for file in files],
    }
    return json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"


def render_candidates_manifest(
    job: Job, prompts: Prompts, offers: Sequence[Offer], account: Account, files: list[OutputFile]
) -> str:
    """The manifest of a run that makes no pairs."""
    manifest = {
        **_made_of(job, prompts),
        "flags": {"limit": job.limit, "seed": job.seed, "answers": job.answers, "on_policy": job.on_policy},
        "candidates": [
            {
                **_writer(offer.writer),
                "tokens": dict(sorted(offer.tokens.items())),
                "without_answer": dict(sorted(offer.lost.items())),
            }
            for offer in offers
        ],
        "account": account.as_dict(),
        "outputs": [file.as_dict() for file in files],
    }
    return json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"


def _made_of(job: Job, prompts: Prompts) -> dict[str, object]:
    """What determined a run: versions, recipe and prompts."""
    templates = {side: {"templates"} for side in SIDES}
    return {
        "format": FORMAT,
        "lang": job.lang,
        "made_with": {"build-prefs": version("build-prefs"), **{name: version(name) for name in PACKAGES}},
        "recipe": job.recipe.model_dump(mode="json", exclude=templates),
        "prompts": {
            "source": prompts.source.name,
            "license": prompts.source.license,
            "file": prompts.name,
            "sha256": prompts.sha256,
            "pinned_sha256": prompts.pinned or None,
            "rows": prompts.rows_read,
        },
    }


def _writer(writer: Writer) -> dict[str, object]:
    return {
        "side": writer.side,
        "model": writer.model,
        "api": writer.api,
        "template": writer.template and writer.template.model_dump(mode="json"),
        "sampling": writer.sampling,
        "answers": writer.answers,
    }
