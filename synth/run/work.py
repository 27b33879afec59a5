"""What a run of synth-prefs asks: each prompt, of the models that write the sides."""

from collections.abc import Iterator
from dataclasses import dataclass

from synth.asking.work import Find, Work
from synth.job.completion import Api, CompletionRequest, Writer
from synth.job.job import Job
from synth.job.prompts import Prompts


@dataclass(frozen=True, slots=True)
class Written:
    """The answers of one writer to all prompts."""

    prompts: Prompts
    writer: Writer

    @property
    def api(self) -> Api:
        return self.writer.api

    @property
    def shown(self) -> str:
        return "chat" if self.api == "chat" else "completions, with the instruction template"

    def __len__(self) -> int:
        return len(self.prompts) * self.writer.answers

    def requests(self) -> Iterator[CompletionRequest]:
        """Every request; equal prompts give equal requests."""
        for prompt in self.prompts:
            for answer in range(self.writer.answers):
                yield self.writer.request(prompt, answer)

    def again(self, _find: Find, /) -> Iterator[CompletionRequest]:
        """None: an answer is taken as it is."""
        return iter(())


def work_of(job: Job, prompts: Prompts) -> Work:
    """What the job asks about these prompts.

    Raises:
        UsageError: a template is wrong, or several answers would all be the same.
    """
    return Work(
        command="synth-prefs",
        unit="answers",
        ways={model: [Written(prompts, writer) for writer in job.writers(model)] for model in job.models},
        settings=job.settings,
        vllm=job.recipe.vllm,
    )
