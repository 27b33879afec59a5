"""What a model's answers cost, in dollars for a million tokens."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from sources.command.errors import UsageError
from sources.command.settings import Settings, load_settings
from synth.job.completion import Completion, CompletionRequest, Outcome

PRICES = Path(__file__).parent
TOKENS_PER_UNIT = 1_000_000
OVERHEAD_TOKENS = 64
"""What a template of the server may add, at most, to a prompt and to each of its messages."""

Dollars = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]


class Price(Settings):
    """Dollars for a million tokens; `batch` is the share of it that the Batch API costs."""

    input: Dollars
    output: Dollars
    batch: Annotated[float, Field(gt=0.0, le=1.0)] = 0.5

    def of(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Dollars for so many tokens."""
        return (prompt_tokens * self.input + completion_tokens * self.output) / TOKENS_PER_UNIT

    def in_batches(self) -> "Price":
        """The price of the Batch API."""
        return Price(input=self.batch * self.input, output=self.batch * self.output)

    def most(self, request: CompletionRequest) -> float:
        """Dollars that the answer to a request cannot exceed: no tokenizer makes more tokens than there are bytes."""
        overhead = OVERHEAD_TOKENS * max(1, len(request.body.get("messages", ())))
        return self.of(request.prompt_bytes + overhead, request.max_tokens)

    def paid(self, request: CompletionRequest, outcome: Outcome) -> float:
        """Dollars that an outcome cost: nothing for a refusal, the worst case where the server did not count."""
        if not isinstance(outcome, Completion):
            return 0.0
        if outcome.prompt_tokens is None or outcome.completion_tokens is None:
            return self.most(request)
        return self.of(outcome.prompt_tokens, outcome.completion_tokens)


FREE = Price(input=0.0, output=0.0)


class PriceList(Settings):
    """A file of prices: by model, in dollars for a million tokens."""

    as_of: str
    models: dict[str, Price]


def load_prices(name_or_file: str) -> PriceList:
    """The prices of that file, by default those of synth/job/prices.yaml.

    Raises:
        UsageError: there is none, or it is wrong.
    """
    return load_settings(PriceList, "--prices", name_or_file, PRICES)


def find_price(prices: PriceList, model: str, *, is_own: bool, limited: bool) -> Price | None:
    """The price of a model; nothing where it is one's own server and not listed.

    Raises:
        UsageError: there is a limit to keep, and the price is not known.
    """
    if model in prices.models:
        return prices.models[model]
    if is_own:
        return FREE
    if limited:
        raise UsageError(
            "--max-spend",
            f"the price of {model} is not known",
            expected=f"a price for it ({', '.join(sorted(prices.models))} have one)",
            hint="Copy synth/job/prices.yaml, add the price, and give the copy with --prices.",
        )
    return None
