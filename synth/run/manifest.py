"""manifest.json: what determined the pairs, their counts and files; the same however often the run was interrupted."""

import json
from importlib.metadata import version

from sources.files.write_parquet import OutputFile
from sources.pairs.ledger import Account
from synth.job.job import Job
from synth.job.prompts import Prompts
from synth.pairing.candidates import Writers
from synth.pairing.write import Tokens

FORMAT = 1
PACKAGES = ("numpy", "pyarrow", "langdetect", "xxhash", "orjson")


def render_manifest(
    job: Job, prompts: Prompts, writers: Writers, account: Account, made: tuple[list[OutputFile], Tokens]
) -> str:
    """The manifest as JSON, without times, paths or addresses."""
    files, tokens = made
    manifest = {
        "format": FORMAT,
        "lang": job.lang,
        "made_with": {"build-prefs": version("build-prefs"), **{name: version(name) for name in PACKAGES}},
        "recipe": job.recipe.model_dump(mode="json", exclude={"rejected": {"templates"}, "chosen": {"templates"}}),
        "flags": {"limit": job.limit, "seed": job.seed, "num_rejected": job.answers},
        "prompts": {
            "source": prompts.source.name,
            "license": prompts.source.license,
            "file": prompts.name,
            "sha256": prompts.sha256,
            "pinned_sha256": prompts.pinned or None,
            "rows": prompts.rows_read,
        },
        "writers": [
            {
                "side": writer.side,
                "model": writer.model,
                "api": writer.api,
                "template": writer.template and writer.template.model_dump(mode="json"),
                "sampling": writer.sampling,
                "answers": writer.answers,
                "tokens": tokens[writer.side],
            }
            for writer in writers.each()
        ],
        "account": account.as_dict(),
        "outputs": [file.as_dict() for file in files],
    }
    return json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
