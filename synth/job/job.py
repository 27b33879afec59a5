"""The options of one run of synth-prefs, checked."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from sources.command.errors import UsageError
from sources.fetch.fetcher import Fetcher
from sources.pairs.languages import Lang
from synth.job.asking import AskSettings
from synth.job.completion import Api, Side, Writer
from synth.job.model import Model
from synth.job.prompts import Prompts, alpaca_prompts, own_prompts, read_prompts
from synth.job.recipe import SynthRecipe, Writing
from synth.job.rejected_from import RejectedFrom
from synth.job.template import load_template


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The options of one run: it makes pairs of the answers of `rejected` and of `chosen` or those of the prompts, or
    collects the answers of `candidates`. `answers` are those of each candidate, or of rejected, to each prompt."""

    lang: Lang
    out: Path
    recipe: SynthRecipe
    fetcher: Fetcher | None
    rejected: Model | None = None
    chosen: Model | None = None
    candidates: tuple[Model, ...] = ()
    on_policy: bool = False
    rejected_from: RejectedFrom = field(default_factory=RejectedFrom)
    prompts_file: Path | None = None
    licence: str = "unknown"
    limit: int | None = None
    seed: int = 0
    answers: int = 1
    settings: AskSettings = field(default_factory=AskSettings)

    @property
    def models(self) -> list[Model]:
        """The models that are asked: chosen if there is one, then rejected; or the candidates."""
        return [model for model in (self.chosen, self.rejected, *self.candidates) if model is not None]

    def writing(self, side: Side) -> Writing:
        """The recipe's settings for one side; rejected at the temperature that makes it worse, if one does."""
        said: Writing = getattr(self.recipe, side)
        if side == "rejected" and self.rejected_from.temperature is not None:
            return said.model_copy(
                update={"sampling": {**said.sampling, "temperature": self.rejected_from.temperature}}
            )
        return said

    def writers(self, model: Model) -> list[Writer]:
        """The writers of one side, one for each interface that the recipe allows.

        Raises:
            UsageError: a template is wrong, or several answers would all be the same.
        """
        said = self.writing(model.side).api
        apis: tuple[Api, ...] = ("chat", "completions") if said == "auto" else (said,)
        return [self.writer(model, api) for api in apis]

    def writer(self, model: Model, api: Api) -> Writer:
        """The writer of one side by an interface.

        Raises:
            UsageError: its template is wrong, or several answers would all be the same.
        """
        writing, flag = self.writing(model.side), f"recipe: {model.side}.templates.{self.lang}"
        answers = 1 if model.side == "chosen" else self.answers
        if answers > 1 and writing.sampling.get("temperature") == 0:
            flag = "--answers" if self.candidates else "--num-rejected"
            raise UsageError(flag, "temperature 0 gives the same answer each time", hint="Raise it.")
        named = {str(lang): name for lang, name in writing.templates.items()}.get(self.lang, self.lang)
        template = load_template(flag, named) if api == "completions" else None
        return Writer(
            side=model.side,
            model=model.name,
            api=api,
            template=template,
            sampling=writing.sent,
            seed=self.seed,
            send_seed=writing.send_seed,
            answers=answers,
            asks_half=model.side == "rejected" and self.rejected_from.way == "truncated",
        )

    def read_prompts(self, folder: Path) -> Prompts:
        """The prompts, fetched if need be, with a file of their own in `folder`.

        Raises:
            FetchError: they cannot be had.
            ReadError: they cannot be read.
        """
        if self.prompts_file is not None:
            found = own_prompts(self.lang, self.prompts_file, self.licence)
        else:
            assert self.fetcher is not None
            found = alpaca_prompts(self.lang, self.fetcher)
        found = replace(found, source=replace(found.source, signal=self.rejected_from.signal))
        writes_chosen = self.chosen is not None or bool(self.candidates)
        return read_prompts(found, folder / "prompts.arrow", limit=self.limit, writes_chosen=writes_chosen)
