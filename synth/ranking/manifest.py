"""manifest.json of a run that scores answers: what determined the scores, their scale, counts and files."""

import json
from collections.abc import Sequence
from importlib.metadata import version

from synth.judging.families import lines_of
from synth.ranking.combine import SCALES
from synth.ranking.job import ScoreJob
from synth.ranking.write import Written
from synth.scoring.domains import Domains
from synth.scoring.groups import Groups
from synth.scoring.questions import Scorer

FORMAT = 1
PACKAGES = ("numpy", "pyarrow", "orjson")


def render_manifest(
    job: ScoreJob, groups: Groups, domains: Domains, scorers: Sequence[Scorer], written: Written
) -> str:
    """The manifest as JSON, without times, paths or addresses; the same however often the run was interrupted."""
    manifest: dict[str, object] = {
        "format": FORMAT,
        "lang": groups.lang,
        "made_with": {"build-prefs": version("build-prefs"), **{name: version(name) for name in PACKAGES}},
        "judged": {
            "files": [{"file": name, "sha256": sha256} for name, sha256 in groups.files],
            "sample": job.sample,
            "pairs" if written.made is None else "prompts": len(groups),
            "answers": written.every.answers.total(),
            "answers_by_domain": {name or "none": count for name, count in sorted(written.every.answers.items())},
            "pairs_by_source" if written.made is None else "prompts_by_source": dict(sorted(groups.of_source.items())),
            "left_out": [
                {"source": source, "reason": reason, "rows": count}
                for (source, reason), count in sorted(groups.left_out.items())
            ],
        },
        "recipe": job.recipe.model_dump(mode="json"),
        "rubrics": {name: rubric.model_dump(mode="json") for name, rubric in sorted(domains.rubrics.items())},
        "scale": scale_of(job, domains, scorers),
        "judges": [
            {"model": judge.name, **scorer.figures(), **judge.figures()}
            for judge, scorer in zip(written.judges, scorers, strict=True)
        ],
        "outputs": [*(file.as_dict() for file in written.files), *([written.report] if written.report else [])],
    }
    if written.together:
        manifest["together"] = {"rule": job.together, "kappa": written.kappa, **written.together.figures()}
    if written.made is None:
        manifest["kin"] = [each.as_dict() for each in written.kin]
        manifest["findings"] = lines_of(written.kin)
    if written.made:
        manifest["pairs_made"] = {
            "choice": job.choice,
            "margin": job.margin,
            "seed": job.seed,
            "pairs": written.made.pairs,
            "prompts_with_a_pair": written.made.prompts,
            "prompts_without": dict(sorted(written.made.without.items())),
        }
    return json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"


def scale_of(job: ScoreJob, domains: Domains, scorers: Sequence[Scorer]) -> str:
    """What the scores of the only judge, or of all together, mean."""
    if len(scorers) > 1:
        return SCALES[job.together]
    if job.judges[0].side == "reward":
        return f"the raw number of the reward model {scorers[0].model}"
    scales = sorted({(rubric.scale.low, rubric.scale.high) for rubric in domains.rubrics.values()})
    said = " or ".join(f"{low} to {high}" for low, high in scales)
    return f"the mean over the aspects of a rubric, from {said}; by log-probabilities where the judge gave them"
