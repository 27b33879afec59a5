"""The options of one run of judge-prefs, checked; and what it asks."""

from dataclasses import dataclass, field
from pathlib import Path

from sources.pairs.languages import Lang, asked_in
from synth.asking.work import Work
from synth.job.asking import AskSettings
from synth.job.model import Model
from synth.judging.pairs import Pairs, read_pairs
from synth.judging.questions import Judging
from synth.judging.rubric import Rubric, load_rubric
from synth.judging.together import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeJob:
    """The options of one run. `rule` says what several judges say together; `rubric` is a name or a file; None: that of
    the pairs' language, or the English one where there is none."""

    pairs: Path
    lang: Lang | None
    out: Path
    judges: tuple[Model, ...]
    rule: Rule = "majority"
    rubric: str | None = None
    sample: int | None = None
    settings: AskSettings = field(default_factory=AskSettings)

    def read_pairs(self, folder: Path) -> Pairs:
        """The pairs, with a file of their own in `folder`.

        Raises:
            PrefsError: there are none, or they cannot be read.
        """
        return read_pairs(self.pairs, folder / "pairs.arrow", lang=self.lang, sample=self.sample)

    def load_rubric(self, pairs: Pairs) -> Rubric:
        """The rubric for these pairs.

        Raises:
            UsageError: it is wrong.
        """
        return load_rubric(self.rubric or asked_in(pairs.lang))

    def work(self, pairs: Pairs, rubric: Rubric) -> Work:
        """What is asked about these pairs: by structured output, or not, or as the server can."""
        structured = {"auto": (True, False), "on": (True,), "off": (False,)}[rubric.structured]
        return Work(
            command="judge-prefs",
            unit="verdicts",
            ways={judge: [Judging(pairs, rubric, judge.name, by) for by in structured] for judge in self.judges},
            settings=self.settings,
        )
