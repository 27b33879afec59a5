"""Puts what came of each request into the journal. Refusals are held back until the server has answered once."""

from synth.job.completion import Completion, CompletionRequest, Outcome, Refusal
from synth.journal.journal import Entry
from synth.journal.writer import JournalWriter

MAX_EARLY_REFUSALS = 20
"""If the first 20 requests are all refused, the settings are wrong, not the prompts: none of them is recorded."""


class Recorder:
    """Records the outcomes of one side. `has_answered`: the server gave an answer, in this run or an earlier one."""

    def __init__(self, writer: JournalWriter, *, has_answered: bool) -> None:
        self._writer, self._has_answered = writer, has_answered
        self._held_back: list[tuple[CompletionRequest, Refusal]] = []

    async def record(self, request: CompletionRequest, outcome: Outcome) -> bool:
        """Return when the outcome is on the disk, or held back; False if the server has refused everything so far.

        Raises:
            OutputError: the journal cannot be written.
        """
        if isinstance(outcome, Completion):
            self._has_answered = True
            await self.record_held_back()
        elif not self._has_answered:
            self._held_back.append((request, outcome))
            return len(self._held_back) < MAX_EARLY_REFUSALS
        await self._write(request, outcome)
        return True

    async def record_held_back(self) -> None:
        """Record the refusals that were held back."""
        held_back, self._held_back = self._held_back, []
        for request, refusal in held_back:
            await self._write(request, refusal)

    async def _write(self, request: CompletionRequest, outcome: Outcome) -> None:
        await self._writer.append(Entry(request.key, request.side, request.body["model"], outcome))
