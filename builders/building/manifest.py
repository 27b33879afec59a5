"""manifest.json: everything that determined a build and everything that came of it, the same for the same build."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Protocol

from builders.inputs.inputs import Inputs, Request
from builders.measures.giveaways import Giveaways
from builders.measures.overlap import Overlap
from sources.checks.tested import not_tested
from sources.pairs.languages import Lang
from sources.pairs.ledger import Account, total

PACKAGES = ("numpy", "pyarrow", "langdetect", "rensa", "xxhash", "orjson", "matplotlib", "rapidfuzz")
"""What the bytes of a build depend on beside this package."""

FORMAT = 1


class Output(Protocol):
    """A finished file."""

    def as_dict(self) -> dict[str, str | int]:
        """Its path, size and hash."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one language."""

    lang: Lang
    accounts: list[Account]
    giveaways: list[Giveaways]
    overlaps: list[Overlap]
    outputs: Sequence[Output]


def render_manifest(outcome: Outcome, inputs: Inputs, request: Request) -> str:
    """The manifest of one language as JSON. It holds no clock, no path of this machine and no number of workers."""
    manifest = {
        "format": FORMAT,
        "lang": outcome.lang,
        "built_with": {"build-prefs": version("build-prefs"), **{name: version(name) for name in PACKAGES}},
        "built_together_with": sorted(set(request.langs) - {outcome.lang}),
        "recipe": request.recipe.model_dump(mode="json"),
        "flags": {
            "only": sorted(request.only),
            "without": sorted(request.without),
            "limit": request.max_rows,
            "commercial_ok": request.commercial_ok,
            **({"judged": request.judged.as_dict()} if request.judged else {}),
        },
        "inputs": [
            {
                "source": chosen.source.name,
                "file": file.name,
                "revision": file.revision or None,
                "sha256": file.sha256,
                "pinned_sha256": file.pinned or None,
            }
            for chosen, found in zip(inputs.selection.sources, inputs.files, strict=True)
            if chosen.source.lang == outcome.lang
            for file in found
        ],
        "left_out": [{"source": name, "why": why} for name, why in inputs.selection.left_out],
        "benchmarks": [
            {
                "name": status.name,
                "questions": status.questions,
                "files": list(status.files),
                "not_checked": status.missing,
            }
            for status in inputs.benchmarks
        ],
        **({"not_tested": lines} if (lines := not_tested(outcome.lang)) else {}),
        "sources": [account.as_dict() for account in outcome.accounts],
        "total": total(outcome.accounts, outcome.lang).as_dict(),
        "giveaways": [each.as_dict() for each in outcome.giveaways],
        "overlaps": [each.as_dict() for each in outcome.overlaps],
        **({"judge_audit": request.judged.audit.as_dict()} if request.judged else {}),
        "outputs": [output.as_dict() for output in outcome.outputs],
    }
    return json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
