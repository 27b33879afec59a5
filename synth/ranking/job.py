"""The options of one run of judge-prefs that scores answers, checked; and what it asks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from sources.pairs.languages import Lang
from synth.asking.work import Way, Work
from synth.job.asking import AskSettings
from synth.job.model import Model
from synth.judging.pairs import read_pairs
from synth.scoring.candidate_file import read_candidates
from synth.scoring.candidates import holds_candidates
from synth.scoring.domains import Domains, load_domains
from synth.scoring.groups import Groups, PairGroups
from synth.scoring.questions import REWARD_WAYS, Pointwise, Rewarding
from synth.scoring.recipe import Choice, Combining, JudgeRecipe


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreJob:
    """The options of one run. `judges` are models with a rubric and reward models; `together` says how several are
    combined. `rubric` or `domain` is for all rows, if given; `choice` and `margin` are for candidates."""

    input: Path
    lang: Lang | None
    out: Path
    judges: tuple[Model, ...]
    recipe: JudgeRecipe
    together: Combining
    choice: Choice
    margin: float
    rubric: str | None = None
    domain: str | None = None
    domain_column: str | None = None
    sample: int | None = None
    seed: int = 0
    settings: AskSettings = field(default_factory=AskSettings)

    @property
    def has_rubrics(self) -> bool:
        """Whether a rubric is asked by: not where all judges are reward models."""
        return any(judge.side == "judge" for judge in self.judges)

    def read(self, folder: Path) -> Groups:
        """What is scored, with a file of its own in `folder`.

        Raises:
            PrefsError: there is nothing, or it cannot be read.
        """
        column = self.domain_column or self.recipe.domain_column
        if holds_candidates(self.input):
            return read_candidates(self.input, folder / "groups.arrow", self.lang, self.sample, column)
        pairs = read_pairs(self.input, folder / "pairs.arrow", lang=self.lang, sample=self.sample, domain_column=column)
        return PairGroups(pairs)

    def load_domains(self, groups: Groups) -> Domains:
        """The rubrics for these groups.

        Raises:
            UsageError: one is wrong, or a domain has none.
        """
        if not self.has_rubrics:
            return Domains({}, {}, "")
        domains = load_domains(self.recipe, groups.lang, rubric=self.rubric, domain=self.domain)
        domains.check(sorted(groups.kinds(), key=str))
        return domains

    def work(self, groups: Groups, domains: Domains) -> Work:
        """What is asked about these answers."""
        return Work(
            command="judge-prefs",
            unit="scores",
            ways={judge: self._ways(judge, groups, domains) for judge in self.judges},
            settings=self.settings,
        )

    def _ways(self, judge: Model, groups: Groups, domains: Domains) -> Sequence[Way]:
        if judge.side == "reward":
            return [Rewarding(groups, judge.name, api, raw) for api, raw in REWARD_WAYS]
        scales = [rubric.scale.is_prefix_free for rubric in domains.rubrics.values()]
        settings = {rubric.logprobs for rubric in domains.rubrics.values()}
        finer = (True, False) if any(scales) and "auto" in settings else ("on" in settings,)
        structured = {rubric.structured for rubric in domains.rubrics.values()}
        held = (True, False) if "auto" in structured else ("on" in structured,)
        return [Pointwise(groups, domains, judge.name, *by) for by in product(held, finer)]
