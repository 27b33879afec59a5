"""A model that is asked: for answers that become one side of pairs, or for verdicts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from synth.job.completion import Side
from synth.job.endpoint import Endpoint, make_endpoint
from synth.job.price import Price, PriceList, find_price


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model that is asked for one thing: what it is called, where it is served (None: in this process, from
    `checkpoint`), what it costs (None: unknown), and whether it is asked through the Batch API."""

    side: Side
    name: str
    endpoint: Endpoint | None
    checkpoint: str = ""
    price: Price | None = None
    batch: bool = False

    @property
    def where(self) -> str:
        """Where the model is served, for messages; without secrets."""
        return "vLLM in this process" if self.endpoint is None else self.endpoint.shown

    @property
    def settings(self) -> str:
        """What begins the name of one of its settings in messages."""
        return settings_of(self.side)


def settings_of(side: Side) -> str:
    """Where people set how a model is asked, as the beginning of a setting's name."""
    return {"judge": "rubric: ", "reward": "reward model: "}.get(side, f"recipe: {side}.")


def served_model(  # noqa: PLR0913 - the options about one model
    side: Side,
    name: str,
    url: str | None,
    key_file: Path | None,
    environment: Mapping[str, str],
    *,
    prices: PriceList,
    limited: bool,
    batch: bool = False,
) -> Model:
    """The model of that name at a server. `limited`: there is a spending limit, so its price must be known.

    Raises:
        UsageError: the URL is wrong, the key is missing or would be sent in the clear, or the price is not known.
    """
    endpoint = make_endpoint(side, url, key_file, environment)
    price = find_price(prices, name, is_own=endpoint.is_private, limited=limited)
    if price is not None and batch:
        price = price.in_batches()
    return Model(side=side, name=name, endpoint=endpoint, price=price, batch=batch)
