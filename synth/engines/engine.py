"""What an engine is."""

from typing import Protocol

from synth.job.completion import Completion, CompletionRequest


class Engine(Protocol):
    """Answers one request at a time, many at once."""

    async def complete(self, request: CompletionRequest) -> Completion:
        """The answer.

        Raises:
            RequestError: there is none; says whether to try again.
        """

    async def close(self) -> None:
        """Let go of connections and processes."""
