"""Whether almost all of the first answers are empty, so that a run stops before it pays for more of them."""

from collections import Counter
from collections.abc import Iterable
from itertools import islice

from synth.asking.context import AskError
from synth.asking.pending import AT_ONCE
from synth.asking.work import Find, Way
from synth.job.answer import Answer, read_answer
from synth.job.completion import Completion, Outcome

FIRST, MOST_EMPTY = 50, 45
SHOWN, SHOWN_CHARS = 3, 80
GO_ON = "--allow-empty goes on."


class FirstAnswers:
    """Takes answers until there are FIRST; `error` is set where MOST_EMPTY of them are empty. `where` is the model and
    its server, `max_tokens` the most of an answer."""

    def __init__(self, where: str, max_tokens: int) -> None:
        self._where, self._max_tokens = where, max_tokens
        self._seen = 0
        self._empty: list[Answer] = []
        self._ends = Counter[str]()
        self.error: AskError | None = None

    def add(self, outcomes: Iterable[Outcome | None]) -> None:
        """Some more; a request that was refused or given up is no answer."""
        for said in outcomes:
            if self._seen >= FIRST or not isinstance(said, Completion):
                continue
            self._seen += 1
            answer = read_answer(said)
            if answer.is_empty:
                self._empty.append(answer)
                self._ends[f"{answer.reason or 'no text'}, finish reason {said.finish_reason}"] += 1
            if self._seen == FIRST and len(self._empty) >= MOST_EMPTY:
                self.error = self._stopped()

    def _stopped(self) -> AskError:
        ends = "; ".join(f"{count} {end[:SHOWN_CHARS]}" for end, count in self._ends.most_common(SHOWN))
        found = f"{len(self._empty)} of the first {self._seen} answers are empty ({ends})"
        return AskError(self._where, found, expected="answers with a text", hint=f"{self._what_to_do()} {GO_ON}")

    def _what_to_do(self) -> str:
        """What helps against the most frequent cause."""
        cause = self._ends.most_common(1)[0][0].partition(",")[0]
        if cause in ("thinking_cut", "only_reasoning"):
            most = f"max_tokens (now {self._max_tokens:,})"
            return f"Thinking counts too: raise {most}, limit it (thinking_token_budget), or turn it off."
        if cause in ("refusal", "content_filter"):
            return "The model declines: take another model, or other prompts."
        if cause in ("tool_calls", "content_parts"):
            return "The model gives no plain text: look at how the server is started (its tool parser, its modalities)."
        return "Is it the right model, template and stop string?"


def known_first(way: Way, find: Find) -> list[Outcome]:
    """What the journal has of the first requests of a way, so that a second run sees what the first one saw."""
    first = [request.key for request in islice(way.requests(), AT_ONCE)]
    found = find(first)
    return [found[key] for key in first if key in found]
